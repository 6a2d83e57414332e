"""Papers of every room as PDF, Word and Excel: a document of blocks, and the writers of each format."""
