"""What is measured on: a registry with models in it, a writer to kill, a file not to load."""
