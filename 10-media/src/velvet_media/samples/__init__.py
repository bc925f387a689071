"""Pictures and films of our own, made from a seed, and files that are made to hurt."""
