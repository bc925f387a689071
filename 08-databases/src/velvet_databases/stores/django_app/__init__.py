"""The Django application whose unmanaged models are the shop's tables."""
