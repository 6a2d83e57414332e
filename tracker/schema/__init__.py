"""The form of the database: brought to the newest, with the triggers that keep rows as they are."""
