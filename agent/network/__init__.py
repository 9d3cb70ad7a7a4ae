"""Who is at the other end of a connection: name cache, resolver, provider hosts."""
