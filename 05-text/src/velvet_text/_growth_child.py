"""The child in which a dangerous pattern runs: reads a job as JSON, writes a line for each answer.

It ends itself at its budget by `faulthandler`, whose thread needs no lock of the interpreter and
so works while `re` holds it.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from velvet_text.engines import engine

ENOUGH_S = 0.02  # a point is measured again until this much time is spent, and the least counts
ROUNDS = 5


def sizes_for(*, exponential: bool) -> list[int]:
    """Return pumps that show the shape within a second or two: few for exponential growth."""
    return list(range(10, 31, 2)) if exponential else [250 * 2**k for k in range(7)]


def answers(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one match, or the time of one search at each size until the budget is near."""
    try:
        compiled = engine(job["engine"]).compile(job["pattern"])
    except (ValueError, ImportError) as error:
        yield {"refused": str(error)}
        return
    if "text" in job:
        found = compiled.search(job["text"])
        span = None if found is None else [found.start, found.end]
        yield {"span": span, "groups": [] if found is None else found.groups}
        return
    for n in job["sizes"]:
        text = job["prefix"] + job["pump"] * n + job["suffix"]
        spent = []
        for _ in range(ROUNDS):
            began = time.process_time()
            compiled.search(text)
            spent.append(time.process_time() - began)
            if sum(spent) > ENOUGH_S:
                break
        yield {"n": n, "s": min(spent)}


def main() -> None:
    """Answer the job on standard input."""
    job = json.loads(sys.stdin.buffer.read())
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)  # what the watchdog would tell about the stack
    faulthandler.dump_traceback_later(float(job["budget_s"]), exit=True)
    for line in answers(job):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
