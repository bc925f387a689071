"""Experiments on the architectures: prices, races, crashes, gaps, changes."""
