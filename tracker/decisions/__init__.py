"""決定事項: what a meeting decided, who does what of it by when, followed until it is done (product.md 5)."""
