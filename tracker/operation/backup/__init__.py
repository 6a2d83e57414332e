"""Backup and restore: the whole installation as one file that either engine reads."""
