"""How data is kept: SQLite and PostgreSQL alike, and the files of the home."""
