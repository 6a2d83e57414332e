"""Whether everything works that must: for the operator's terminal and for what watches the server."""
