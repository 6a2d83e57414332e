"""試算: formulas side by side before one is chosen."""
