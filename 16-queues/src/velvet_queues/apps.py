"""What workers import: `velvet_queues.apps:celery_app`, made from the place in the environment.

The programs of the libraries name a module and an attribute. The attributes are made on demand
(PEP 562), so that this module imports no library but the one that is asked for. Run as a program
it is the worker of the `LeaseQueue`.
"""

from __future__ import annotations

import signal
import sys
from functools import lru_cache
from typing import Any

from velvet_queues.contenders import NAMES, Place, load
from velvet_queues.ledger import Ledger
from velvet_queues.workloads import perform_text


@lru_cache(maxsize=1)
def _app(contender: str) -> Any:
    return load(contender).app(Place.here())


def __getattr__(name: str) -> Any:
    contender, _, suffix = name.rpartition("_")
    if suffix != "app" or contender not in NAMES:
        raise AttributeError(name)
    return _app(contender)


def run_here(text: str) -> None:
    """Run an encoded task in a process that knows its place only from the environment (RQ)."""
    with Ledger(Place.here().folder) as ledger:
        perform_text(text, ledger)


def main() -> int:
    """Run the LeaseQueue's worker until SIGTERM or Ctrl-C, then finish what runs."""
    worker = _app("lease")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()
    worker.queue.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
