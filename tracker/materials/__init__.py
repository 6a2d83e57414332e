"""資料: the papers of a meeting, numbered, bound and read (product.md 5, ux/spec.md 7.7)."""
