"""Configurations that the tests start, load or lint; each setting says what it is for."""
