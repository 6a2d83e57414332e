"""Calling a meeting together: invitations to calendars, and who says that they come (product.md 5)."""
