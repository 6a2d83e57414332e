"""覚書案: what the two parties of a pair sign."""
