"""The sub-commands of `velvet`, one file each, imported only when called."""
