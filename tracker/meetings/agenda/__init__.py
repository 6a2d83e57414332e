"""議題: what the heads talk about, who proposed it, in which order and for how long (product.md 5)."""
