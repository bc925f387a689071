"""First looks: what the built-in does, where it stops being enough, and what that costs.

Every example is one function to be read from top to bottom; run one of them with
`python examples/basic.py NAME`. Each figure it prints is measured while it runs.
"""

from __future__ import annotations

from velvet.examples import example, main

if __name__ == "__main__":
    main()
