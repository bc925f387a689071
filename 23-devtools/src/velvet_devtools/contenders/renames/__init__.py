"""Three ways to rename a symbol; see `velvet_devtools.contenders.load`."""
