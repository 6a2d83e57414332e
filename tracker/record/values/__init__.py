"""The values of an entry in words, as far as its reader may know them."""
