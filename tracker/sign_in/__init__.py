"""Setting up, signing in and out, passwords and the second factor; stands on posts and accounts."""
