"""Article 5: every fiscal year the heads meet."""
