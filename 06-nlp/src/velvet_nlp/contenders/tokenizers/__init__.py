"""The tokenizers, one a file, with the same function `make`."""
