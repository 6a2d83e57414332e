"""The record itself: entries that are only added, chained by their hashes."""
