"""Numerical computing: what an array is, where speed comes from, and which digits to believe."""
