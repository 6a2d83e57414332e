"""Days on which the offices are open, and days that are too far ahead to be meant; pure."""
