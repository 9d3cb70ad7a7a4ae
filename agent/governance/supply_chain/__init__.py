"""Where servers come from: registry, known packages, look-alike names, trust."""
