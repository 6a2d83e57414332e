"""Amounts: whole yen, counts and exact numbers, as people write them and as they are shown; pure."""
