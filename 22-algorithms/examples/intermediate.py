"""Structures at work: completing words, evicting from caches, correcting spelling, planning jobs.

Every example is one function to be read from top to bottom; run one of them with
`python examples/intermediate.py NAME`. Each figure it prints is measured while it runs.
"""

from __future__ import annotations

from velvet.examples import example, main

if __name__ == "__main__":
    main()
