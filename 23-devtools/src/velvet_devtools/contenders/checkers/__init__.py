"""Linters and type checkers, one a file; see `velvet_devtools.contenders.load`."""
