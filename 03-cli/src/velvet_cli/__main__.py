"""Start one front end: ``python -m velvet_cli click list``; ``raw-click`` is the bare framework."""

from __future__ import annotations

import sys

from velvet_cli.program import start

if __name__ == "__main__":
    start(sys.argv[1] if len(sys.argv) > 1 else "argparse", sys.argv[2:])
