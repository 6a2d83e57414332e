"""The second factor at signing in: a code of an authenticator app, or a recovery code."""
