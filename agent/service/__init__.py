"""The daemon: session, schedule, health, status; and the one-shot scan."""
