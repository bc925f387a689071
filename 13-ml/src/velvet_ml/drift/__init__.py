"""Drift: in windows, in streams, and whether an alarm comes in time or for nothing."""
