"""Characters: which of them a text may hold, how searches compare it, codes that people type; pure."""
