"""Materials that are made of the data of the year (product.md 5)."""
