"""What is printed of a case."""
