"""An order service as it is on the first day, and the commits that make it fast, as diffs."""
