"""What servers offer: tool definitions as clients, packages and logs keep them."""
