"""What a command line starts: launchers, packages, programs."""
