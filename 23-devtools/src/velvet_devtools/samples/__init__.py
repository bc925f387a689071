"""What the module measures on: defects with their twins, heisenbugs, settings, a bad repository."""
