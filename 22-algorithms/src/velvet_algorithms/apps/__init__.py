"""Real applications of the structures in this package, one file each."""
