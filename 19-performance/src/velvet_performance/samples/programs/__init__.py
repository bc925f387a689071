"""Eleven slow programs, one a file; `velvet_performance.programs` says what each file defines."""
