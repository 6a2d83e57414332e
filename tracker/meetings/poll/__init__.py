"""The date poll of a meeting: opening it, answering it, asking again (product.md 5)."""
