"""Formulas of a case side by side."""
