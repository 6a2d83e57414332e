"""Posts and the people who hold them."""
