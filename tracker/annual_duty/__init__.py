"""The yearly duty of Article 5: how each agreement stands with it, in every fiscal year."""
