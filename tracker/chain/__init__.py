"""How the record hangs together, and how a copy of it is checked; pure, and one file to hand out."""
