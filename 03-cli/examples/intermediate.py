"""Intermediate examples: settings, colour, progress and completion, each with its reason."""

from __future__ import annotations

from velvet.examples import main

if __name__ == "__main__":
    main()
