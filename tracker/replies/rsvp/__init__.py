"""Answers to an invitation, as calendars send them."""
