"""Articles 1-3, the annex and its amendments, and the reader of agreement texts."""
