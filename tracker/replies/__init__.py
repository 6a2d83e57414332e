"""Answers to letters by plain reply mail and from calendars: what a mail says, never a guess."""
