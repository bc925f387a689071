"""The child process of the dashboard: `python -m velvet_algorithms.explorer.child`, JSON lines out.

What takes seconds runs here, so that it neither stops the page nor is slowed down by it. Every command
keeps a budget of its own below the page's cap.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import IO, Any

from velvet_algorithms.adversary import ATTACKS
from velvet_algorithms.contenders import contenders, families
from velvet_algorithms.explorer.assault import assault
from velvet_algorithms.explorer.measuring import grow
from velvet_algorithms.explorer.roads import MOST_SIDE, prepare


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m velvet_algorithms.explorer.child")
    commands = parser.add_subparsers(dest="command", required=True)
    growth = commands.add_parser("grow", help="measure contenders of a family at some sizes")
    growth.add_argument("--family", choices=families(), required=True)
    growth.add_argument("--name", action="append", default=[], help="a contender; all by default")
    growth.add_argument("--sizes", type=int, nargs="+", required=True)
    growth.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu where others use the cores"
    )
    roads = commands.add_parser("roads", help="prepare a contraction hierarchy")
    roads.add_argument("--side", type=int, choices=range(2, MOST_SIDE + 1), required=True)
    roads.add_argument("--seed", type=int, default=1)
    attack = commands.add_parser("attack", help="run an attack at some sizes")
    attack.add_argument("--name", choices=tuple(ATTACKS), required=True)
    attack.add_argument("--sizes", type=int, nargs="+", required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None, *, sink: IO[str] | None = None) -> int:
    """Run one command and tell what it finds; the last line has the type `done`.

    Args:
        argv: the command line, without the program.
        sink: where the lines go; standard output by default.

    Returns:
        The exit status: 0.
    """
    options = _options(argv)
    out = sys.stdout if sink is None else sink

    def tell(event: dict[str, Any]) -> None:
        out.write(json.dumps(event) + "\n")
        out.flush()

    if options.command == "grow":
        able = [one.name for one in contenders(options.family) if not one.absent]
        clock = time.process_time if options.clock == "cpu" else time.perf_counter
        grow(options.family, options.name or able, options.sizes, tell, clock=clock)
    elif options.command == "roads":
        prepare(options.side, options.seed, tell)
    else:
        assault(options.name, options.sizes, tell)
    tell({"type": "done"})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
