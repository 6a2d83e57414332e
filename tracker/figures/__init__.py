"""Base figures (基礎数値): what cost shares are counted by, who says so, and as of which day."""
