"""One HTTP client for all targets: token, abort, failures."""
