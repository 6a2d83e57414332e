"""連携事業: entering projects, changing them year by year, and their pages."""
