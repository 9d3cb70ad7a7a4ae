"""Discovery plug-ins: each turns the scopes of one source into records."""
