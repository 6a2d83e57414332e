"""The special-grant ledger (特別交付税): what each municipality claims, and what an audit would ask."""
