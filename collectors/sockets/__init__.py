"""The collector of sockets, and the peers it counts."""
