"""The record as a whole: whether it holds, and the decisions whose digests it keeps."""
