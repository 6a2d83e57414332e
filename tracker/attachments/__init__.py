"""Files that belong to a subject: judged, kept under their hash, shown to whoever may see the subject."""
