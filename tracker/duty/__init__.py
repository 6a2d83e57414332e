"""What a duty is: its one shape, the table of kinds, the days of its letters; pure."""
