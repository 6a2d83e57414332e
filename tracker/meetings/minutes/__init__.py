"""議事録: what was said and decided, circulated, confirmed by every municipality, then locked (product.md 5)."""
