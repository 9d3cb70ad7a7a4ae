"""The process table and its events."""
