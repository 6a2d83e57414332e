"""Cases: drafted, talked over, sent, and answered by both sides."""
