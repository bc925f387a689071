"""Comparisons, one file a subject, and the checks that a front end passes before it is timed."""
