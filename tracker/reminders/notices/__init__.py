"""通知: what will be sent, what was sent, and what the office does with it."""
