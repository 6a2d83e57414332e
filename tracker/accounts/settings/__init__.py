"""What each person settles for themselves."""
