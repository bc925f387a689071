"""The application without a window: nothing in this folder knows a toolkit."""
