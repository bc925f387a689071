"""Signed tokens: each file has `sign` and `verify` of one compact JWS."""
