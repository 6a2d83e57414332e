"""The pure reader of agreement texts."""
