"""OAuth 2.1: an authorization server without I/O, its clients, and its binding to Starlette."""
