"""Duties and steps become notices, and notices one letter a day per person."""
