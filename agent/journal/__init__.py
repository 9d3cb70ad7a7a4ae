"""The log of everything that happened: append-only, numbered, hash-chained."""
