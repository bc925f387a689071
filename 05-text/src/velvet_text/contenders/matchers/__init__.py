"""Keyword matchers: `build` in each."""
