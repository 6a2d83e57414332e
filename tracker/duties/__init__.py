"""What the agreement asks of whom by when, derived from facts; changes nothing."""
