"""What is answered where nothing was carried out: plain pages, and posts given back."""
