"""Run the contract's checks against a front end, in this process or behind a socket.

A front end may be measured only after it passes: an answer that is wrong is often fast. Each check
starts with an empty board.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from velvet_web.comparisons import (  # noqa: F401 - they register their checks
    http_checks,
    task_checks,
)
from velvet_web.comparisons.checking import CHECKS, Verdict
from velvet_web.comparisons.client import Client

__all__ = ["CHECKS", "Verdict", "failures", "run"]


def run(api: Client, names: Sequence[str] = ()) -> Iterator[Verdict]:
    """Run the checks one after another and yield a verdict for each."""
    for name in names or tuple(CHECKS):
        try:
            api.request("DELETE", "/tasks")
            CHECKS[name](api)
        except Exception as error:  # noqa: BLE001 - whatever a front end does is its verdict
            yield Verdict(name, False, f"{type(error).__name__}: {error}", api.curl())
        else:
            yield Verdict(name, True, "", api.curl())


def failures(api: Client) -> list[Verdict]:
    """Return the checks that do not pass."""
    return [verdict for verdict in run(api) if not verdict.passed]
