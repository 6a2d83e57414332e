"""An amount divided among municipalities, exact to the yen: no case, no database (product.md 6)."""
