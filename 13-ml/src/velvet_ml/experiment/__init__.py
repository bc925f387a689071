"""Experiments: how large, who gets what, what they say, and when looking is allowed."""
