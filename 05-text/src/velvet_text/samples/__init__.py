"""Data that the lesson is tried on: labelled texts and patterns, generators, test vectors."""
