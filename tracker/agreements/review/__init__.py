"""A text that was read is reviewed, doubt by doubt, and registered."""
