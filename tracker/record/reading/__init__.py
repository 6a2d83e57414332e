"""監査記録 as its readers see it: who may read what of it, and its values in words."""
