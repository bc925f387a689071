"""`python -m velvet_databases.explorer JOB`: what the page's buttons start, as JSON lines.

A page must not measure: its own redraws would be in the figures, and a server that hangs would
hang the page. So every job is a child with a budget, whose lines the page reads while it runs.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from typing import IO, Any

from velvet.services import ServiceUnavailable
from velvet_databases.explorer.telling import WORK_SECONDS, Budget, Tell

Job = Callable[[Tell, Budget, argparse.Namespace], None]


def _layers(tell: Tell, budget: Budget, options: argparse.Namespace) -> None:
    from velvet_databases.explorer.layers_job import layers

    layers(tell, budget, rows=options.rows, use_postgres=options.postgres)


def _pages(tell: Tell, budget: Budget, options: argparse.Namespace) -> None:
    from velvet_databases.explorer.distance_job import pages

    pages(
        tell,
        budget,
        parents=options.parents,
        children=options.children,
        rtt_ms=options.rtt_ms,
        use_postgres=options.postgres,
        orm=options.orm,
    )


def _pool(tell: Tell, budget: Budget, options: argparse.Namespace) -> None:
    from velvet_databases.explorer.pools_job import pools

    pools(
        tell,
        budget,
        threads=options.threads,
        wait_ms=options.wait_ms,
        compute_ms=options.compute_ms,
    )


def _plays(tell: Tell, budget: Budget, options: argparse.Namespace) -> None:
    from velvet_databases.explorer.plays_job import plays

    plays(tell, budget, anomaly=options.anomaly, use_postgres=options.postgres)


def _plans(tell: Tell, budget: Budget, options: argparse.Namespace) -> None:
    from velvet_databases.explorer.plans_job import plans

    plans(tell, budget, rows=options.rows)


def _changes(tell: Tell, budget: Budget, options: argparse.Namespace) -> None:
    from velvet_databases.explorer.changes_job import changes

    changes(tell, budget, rows=options.rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m velvet_databases.explorer",
        description="Measure one thing that the explorer shows; writes one JSON object a line.",
    )
    parser.add_argument("--seconds", type=float, default=WORK_SECONDS, help="to work at most")
    jobs = parser.add_subparsers(required=True, metavar="JOB")

    def job(name: str, run: Job, what: str, *, choice: bool = False) -> argparse.ArgumentParser:
        made = jobs.add_parser(name, help=what, description=what)
        made.set_defaults(run=run, job=name)
        if choice:
            made.add_argument("--postgres", action="store_true", help="instead of SQLite")
        return made

    layers = job("layers", _layers, "the same operations through every store", choice=True)
    layers.add_argument("--rows", type=int, default=2_000, help="orders in the list")
    pages = job("pages", _pages, "a page of orders with lines, by strategy", choice=True)
    pages.add_argument("--parents", type=int, nargs="+", default=[100])
    pages.add_argument("--children", type=int, nargs="+", default=[10])
    pages.add_argument("--rtt-ms", type=float, default=0.0, help="distance to the server")
    pages.add_argument("--orm", default="", help="only this mapper")
    pool = job("pool", _pool, "pools of several sizes under one load")
    pool.add_argument("--threads", type=int, default=32)
    pool.add_argument("--wait-ms", type=float, default=2.0)
    pool.add_argument("--compute-ms", type=float, default=0.5)
    plays = job("plays", _plays, "anomalies at every isolation level", choice=True)
    plays.add_argument("--anomaly", default="", help="only this one")
    plans = job("plans", _plans, "a query's plan under each index")
    plans.add_argument("--rows", type=int, default=50_000)
    changes = job("changes", _changes, "changes of a table under a writer")
    changes.add_argument("--rows", type=int, default=100_000)
    return parser


def main(argv: Sequence[str] | None = None, *, sink: IO[str] | None = None) -> int:
    """Run one job and tell what it finds; the last line has the type `done`.

    Args:
        argv: the command line, without the program.
        sink: where the lines go; standard output by default.

    Returns:
        The exit status: 0, also where there is no server, which is told in a line `refused`.
    """
    options = _parser().parse_args(argv)
    out = sys.stdout if sink is None else sink

    def tell(event: dict[str, Any]) -> None:
        out.write(json.dumps(event, default=str) + "\n")
        out.flush()

    shown = {name: value for name, value in vars(options).items() if name not in ("run", "job")}
    tell(
        {
            "type": "begin",
            "job": options.job,
            "options": shown,
            "python": platform.python_version(),
        }
    )
    budget = Budget(options.seconds)
    try:
        options.run(tell, budget, options)
    except ServiceUnavailable as error:
        tell({"type": "refused", "text": str(error)})
    tell({"type": "done", "seconds": round(budget.used, 2), "cut": budget.cut})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
