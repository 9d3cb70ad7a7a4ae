"""The report as one page that needs nothing else: no network, no other file, and no script for reading it."""
