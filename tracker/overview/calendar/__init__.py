"""The calendar feed: what is to be done and when the heads meet, for other programs."""
