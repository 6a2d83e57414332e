"""Posts and accounts, as the admin keeps them."""
