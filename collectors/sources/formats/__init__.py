"""Documents of every format, read within limits."""
