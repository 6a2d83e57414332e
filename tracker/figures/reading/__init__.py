"""Figures that were copied from a table, or sent as a file: read, shown for checking, never kept as sent."""
