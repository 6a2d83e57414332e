"""Posts, the people who hold them, and signing in."""
