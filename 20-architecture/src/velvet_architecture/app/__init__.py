"""Use cases: they know the domain and the ports, and no database, broker or container."""
