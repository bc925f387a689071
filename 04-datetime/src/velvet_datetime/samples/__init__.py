"""What the module measures on: cases with their expected values, and texts for parsers."""
