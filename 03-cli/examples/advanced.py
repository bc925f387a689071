"""Advanced examples: where a start goes, how a program ends, what a test can see."""

from __future__ import annotations

from velvet.examples import main

if __name__ == "__main__":
    main()
