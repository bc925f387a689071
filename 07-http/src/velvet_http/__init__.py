"""HTTP clients on a network that misbehaves: seven libraries, one surface, measured policies."""
