"""The hub and its partners, and their closed days."""
