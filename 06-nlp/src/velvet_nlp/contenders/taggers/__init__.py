"""The taggers, one a file, with the same function `make`."""
