"""Serving: engines, micro-batches, an HTTP service, a load from outside, and rolling out."""
