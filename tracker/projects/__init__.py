"""Joint projects: what carries out the annex, and how it is coming along."""
