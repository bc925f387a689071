"""Formatters and import sorters, one a file; see `velvet_devtools.contenders.load`."""
