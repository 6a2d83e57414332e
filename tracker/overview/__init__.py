"""Signed-in pages that read across: home, annex and projects."""
