"""The devices that blur, one a file with the same names."""
