"""Basic examples: one program four times, and what each step of its evolution mends."""

from __future__ import annotations

from velvet.examples import main

if __name__ == "__main__":
    main()
