"""ビジョン懇談会: its outside members, their terms, and whether enough of them come (product.md 5)."""
