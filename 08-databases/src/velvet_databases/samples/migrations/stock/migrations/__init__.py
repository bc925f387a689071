"""The five changes, in order."""
