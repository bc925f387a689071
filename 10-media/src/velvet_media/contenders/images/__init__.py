"""The image libraries, one a file with the same names."""
