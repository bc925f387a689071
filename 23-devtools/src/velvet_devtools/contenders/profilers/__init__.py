"""Ways to find out where time or memory goes, one a file."""
