"""Gathers what the agreement asks of whom by when, as the features tell it; changes nothing."""
