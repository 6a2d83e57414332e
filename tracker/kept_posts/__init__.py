"""Posts that came without a session, kept until whoever wrote them has signed in again."""
