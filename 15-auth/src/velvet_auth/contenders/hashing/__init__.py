"""Password hashes: each file has `Hasher`, and the parameters CHEAP (tests) and STRONG (real)."""
