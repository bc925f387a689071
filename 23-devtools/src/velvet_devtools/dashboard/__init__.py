"""The page of module 23, one file a tab; the time machine comes first."""
