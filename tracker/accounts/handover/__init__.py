"""The April confirmation, a post handed over, the memo for its next holder."""
