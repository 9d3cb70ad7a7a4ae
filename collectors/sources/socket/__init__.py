"""The socket table."""
