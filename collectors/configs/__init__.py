"""The collector of configuration files, and its watch."""
