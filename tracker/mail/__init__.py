"""Letters: a row in the outbox first, then a mail; their words, their sending, their return."""
