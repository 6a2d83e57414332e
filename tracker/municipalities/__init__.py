"""The hub and its partners, their base figures and their closed days."""
