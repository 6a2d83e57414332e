"""Questions of interpretation (Article 6): asked, talked over, and settled by both sides."""
