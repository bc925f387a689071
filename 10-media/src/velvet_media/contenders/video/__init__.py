"""The ways to read a film, one a file with the same names."""
