"""Answers to candidate dates, as people type them in a reply mail."""
