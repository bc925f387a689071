"""The page of module 11."""
