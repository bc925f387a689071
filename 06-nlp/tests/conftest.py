"""Fixtures that several tests of this module share; what every module shares is in `velvet.testing`."""
