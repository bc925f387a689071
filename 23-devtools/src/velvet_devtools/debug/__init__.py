"""Debugging tools: a recorder with its trace, dumps of crashes, a debug adapter's client."""
