"""The searchers, one a file, with the same function `make`."""
