"""Mail that comes back: notices that a letter did not arrive, and answers; only the mailbox asks for it."""
