"""Keeping, watching and restoring an installation: what its operator needs."""
