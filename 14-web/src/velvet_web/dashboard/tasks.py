"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from velvet_web.comparisons.attacks import attack, load_attacks
from velvet_web.comparisons.client import Client, in_process
from velvet_web.comparisons.conformance import CHECKS, run
from velvet_web.comparisons.measuring import TARGETS, cost, first_id, home_of, judge
from velvet_web.contenders import build, load, names
from velvet_web.loadgen import stream
from velvet_web.loadplan import LoadPlan, Result, Shot
from velvet_web.servers import ServerFailed, serve, servers
from velvet_web.settings import Settings

PLACES, HOLD = 10, 0.05
CAPACITY = PLACES / HOLD
EVERY = 0.5
SECONDS = 12.0  # of each measured run
POLICIES: dict[str, dict[str, Any]] = {
    "no limit": {},
    "queue of 10": {"max_inflight": PLACES, "max_queue": 10, "max_wait": 10.0},
    "deadline of 100 ms": {"max_inflight": PLACES, "max_queue": 1000, "max_wait": 0.1},
}


def overload(load: int = 70, surge: int = 3, retries: int = 3) -> Iterator[dict[str, Any]]:
    """Send the same surge to a real server under each policy, and tell what comes in time."""
    if load * surge > 400:
        raise ValueError(f"{load} % times {surge} is over 400 % of capacity; lower one of them.")
    yield {"type": "plan", "total": int(len(POLICIES) * SECONDS / EVERY)}
    for policy, limits in POLICIES.items():
        settings = replace(Settings(dsn="unused"), **limits)
        with serve("lab", "uvicorn", settings) as server:
            plan = LoadPlan(
                server.url,
                (Shot("/work"),),
                rate=load / 100 * CAPACITY,
                seconds=SECONDS,
                connections=400,
                timeout=0.25,
                retries=retries,
                surge=(3.0, 5.0, float(surge)),
                every=EVERY,
            )
            for event in stream(plan):
                if "result" not in event:
                    yield {"type": "window", "policy": policy, **event}
                    continue
                result = Result.from_json(event["result"])
                lag = result.lag.percentile(99) / 1e3
                yield {"type": "generator", "policy": policy, "lag_ms": lag, "valid": result.valid}


def race(workload: str = "list_50", requests: int = 600) -> Iterator[dict[str, Any]]:
    """Judge each front end, then measure what a request costs its server."""
    yield {"type": "plan", "total": len(names())}
    for name in reversed(names()):  # the first to start comes first
        try:
            with serve(name, home_of(name)) as server:
                judge(server)
                shot = TARGETS[workload]
                if workload == "read_one":
                    shot = Shot(f"/tasks/{first_id(server)}")
                outcome = cost(server, shot, requests)
                cpu_us = (outcome.seconds or 0) * 1e6
                found = {"start": server.start_seconds, **outcome.metrics}
        except (ServerFailed, ValueError) as error:
            yield {"type": "absent", "name": name, "reason": str(error)[:200]}
            continue
        yield {"type": "lap", "name": name, "cpu_us": cpu_us, **found}


def matrix(judged: str = "attacks on servers") -> Iterator[dict[str, Any]]:
    """Tell the outcome of every attack on every server, or of every check of every front end."""
    if judged == "attacks on servers":
        here = [name for name, spec in servers().items() if not spec.missing]
        yield {"type": "plan", "total": len(here) * len(load_attacks())}
        for name in here:
            app = "starlette" if servers()[name].interface == "asgi" else "flask"
            with serve(app, name) as server:
                for one, found, safe in attack(server):
                    cell = {"row": one.name, "column": name, "found": found, "good": safe}
                    yield {"type": "cell", **cell, "why": one.why}
        return
    yield {"type": "plan", "total": len(names()) * len(CHECKS)}
    for name in names():
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            app = build(name, Settings(dsn=str(Path(folder) / "board.db")))
            transport = in_process(app, load(name).INTERFACE)
            for verdict in run(Client(transport)):
                cell = {"row": verdict.name, "column": name, "good": verdict.passed}
                shown = "●" if verdict.passed else "✕"
                why = verdict.detail or verdict.evidence
                yield {"type": "cell", **cell, "found": shown, "why": why}
            transport.close()
