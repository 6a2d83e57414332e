"""Answers to a date poll by reply mail, from the mailbox (product.md 5)."""
