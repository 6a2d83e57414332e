"""What was entered by mistake is struck through: it stays readable, counts nowhere, can be put back."""
