"""Twelve small programs, each the pure reference version that its docstring promises."""
