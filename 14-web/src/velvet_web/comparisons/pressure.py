"""Overload, omission, and models of concurrency: what a rate alone does not show."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, ratio, value
from velvet_web.comparisons.measuring import (
    LATENCY,
    POSIX,
    figures,
    needs_of,
    on_server,
    scaled,
    valid,
)
from velvet_web.loadgen import measure
from velvet_web.loadplan import LoadPlan, Shot
from velvet_web.servers import Running, usual_server
from velvet_web.settings import Settings

CAPACITY = 200.0  # the lab's /work: ten places of 50 ms
DEADLINE = 0.25
LIMITS = Settings(dsn="unused", max_inflight=10, max_queue=10, max_wait=0.1)
UNLIMITED = Settings(dsn="unused")
WRK = "a closed loop that adds afterwards what it left out, as Histogram.corrected does"


def _omission(**plan: Any) -> Iterator[Callable[[], Outcome]]:
    def work(server: Running) -> Outcome:
        seconds = float(scaled(3, 6))
        result = measure(LoadPlan(server.url, (Shot("/healthz"),), seconds=seconds, **plan))
        closed = figures(result if not plan.get("rate") else valid(result))
        return Outcome({name: closed[name] for name in ("p50", "p99", "rate")})

    yield from on_server("lab_stalling", "uvicorn", work)


def _wrk() -> Iterator[Callable[[], Outcome]]:
    """Ask `wrk`: a closed loop that adds to its histogram, afterwards, what it left out."""

    def work(server: Running) -> Outcome:
        command = ["wrk", "-t1", "-c4", f"-d{scaled(4, 6)}s", "--latency", f"{server.url}/healthz"]
        text = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout
        return Outcome(read_wrk(text))

    yield from on_server("lab_stalling", "uvicorn", work)


def read_wrk(text: str) -> dict[str, float]:
    """Return p50 and p99 in milliseconds, and the rate, from what `wrk --latency` prints.

    Raises:
        ValueError: one of them is missing, or requests failed.
    """
    times = dict(re.findall(r"^\s+(\d+)%\s+([\d.]+[mun]?s)$", text, re.MULTILINE))
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not {"50", "99"} <= set(times) or rate is None or "Non-2xx" in text:
        raise ValueError(f"wrk printed no clean result: {text[-300:]!r}")
    found = {f"p{name}": _ms(times[name]) for name in ("50", "99")}
    return {**found, "rate": float(rate[1])}


def _ms(text: str) -> float:
    number, unit = text.rstrip("mun s"), text.lstrip("0123456789.")
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def _overload(settings: Settings) -> Iterator[Callable[[], Outcome]]:
    def work(server: Running) -> Outcome:
        plan = LoadPlan(
            server.url,
            (Shot("/work"),),
            rate=2 * CAPACITY,
            seconds=float(scaled(3, 6)),
            deadline=DEADLINE,
            timeout=2.0,
        )
        result = valid(measure(plan))
        refused = result.outcomes["503"] / result.seconds
        share = 100 * result.goodput / CAPACITY
        return Outcome(
            {"goodput": result.goodput, "share": share, "refused": refused, "p99": result.p(99)}
        )

    yield from on_server("lab", "uvicorn", work, settings)


def _model(app: str, server: str, target: str, users: int) -> Iterator[Callable[[], Outcome]]:
    def work(running: Running) -> Outcome:
        seconds = float(scaled(1, 2))
        plan = LoadPlan(running.url, (Shot(target),), users=users, seconds=seconds, timeout=30)
        return Outcome(figures(measure(plan), running))

    yield from on_server(app, server, work)


def _workers(
    app: str, server: str, target: str, workers: int, threads: int, users: int = 32
) -> Iterator[Callable[[], Outcome]]:
    def work(running: Running) -> Outcome:
        plan = partial(LoadPlan, running.url, (Shot(target),), users=users, timeout=30)
        measure(plan(seconds=0.5))
        return Outcome(figures(measure(plan(seconds=2.0)), running))

    yield from on_server(app, server, work, workers=workers, threads=threads)


def add_to(suite: Suite) -> None:
    """Declare the comparisons of pressure."""
    omission = suite.comparison(
        "omission",
        title="A server that stands still for 0.4 s in every 2 s, seen by each kind of client",
        kind="run",
        unit="req/s",
        metrics={"p99": Metric("ms"), "p50": Metric("ms"), "rate": "req/s"},
        rounds={"quick": 1, "default": 2, "full": 7},
    )
    omission.add("closed_4_users", partial(_omission, users=4), baseline=True)
    omission.add("open_100", partial(_omission, rate=100.0))
    omission.add("open_300", partial(_omission, rate=300.0), tier="default")
    omission.add("wrk_4_users", _wrk, needs="program:wrk", tier="default", note=WRK)
    suite.claim(
        "an open loop sees the pause that a closed loop leaves out",
        ratio("omission", "open_100", "closed_4_users", "p99") >= 8,
    )
    overload = suite.comparison(
        "overload",
        title="Twice the capacity; an answer is of use within 250 ms",
        kind="run",
        unit="req/s",
        metrics={
            "goodput": Metric("answers/s", "higher"),
            "share": Metric("% of capacity", "higher"),
            "refused": Metric("refusals/s"),
            "p99": Metric("ms"),
        },
        rounds={"quick": 1, "default": 2, "full": 7},
    )
    overload.add("no_limit", partial(_overload, UNLIMITED), baseline=True)
    overload.add("load_shed", partial(_overload, LIMITS))
    suite.claim(
        "shedding keeps most of the capacity useful",
        value("overload", "load_shed", "share") >= 70,
        needs="calm",  # a generator that lags is an error, not a figure
    )
    suite.claim(
        "without a limit almost nothing comes in time",
        value("overload", "no_limit", "share") <= 20,
    )
    wsgi = usual_server("wsgi")
    models = suite.comparison(
        "concurrency_model",
        title="A handler that waits 50 ms, by how it waits and how many ask",
        kind="run",
        unit="req/s",
        sizes={"users": [1, 32, 128]},
        quick=lambda users: users == 32,
        default=lambda users: users > 1,
        metrics={"rate": "req/s", **{k: v for k, v in LATENCY.items() if k != "rate"}},
        rounds={"quick": 1, "default": 2, "full": 5},
    )
    for name, app, server, target in (
        ("coroutine", "lab", "uvicorn", "/wait"),
        ("thread_pool", "lab", "uvicorn", "/thread"),
        ("blocked_loop", "lab", "uvicorn", "/block"),
        ("sync_4_threads", "lab_wsgi", wsgi, "/wait"),
    ):
        needs = needs_of(server)
        models.add(
            name, partial(_model, app, server, target), baseline=name == "coroutine", needs=needs
        )
    suite.claim(
        "one blocking call makes the whole process serial",
        ratio("concurrency_model", "coroutine", "blocked_loop", "rate", users=32) >= 8,
    )
    workers = suite.comparison(
        "workers",
        title="Processes and threads, with a handler that computes 5 ms or waits 50 ms",
        kind="run",
        unit="req/s",
        sizes={"handler": ["compute", "wait"]},
        metrics={"rate": "req/s", "p99": Metric("ms"), "p50": Metric("ms"), "rss": Metric("MB")},
        rounds={"quick": 1, "default": 1, "full": 5},
        tier="default",
    )

    def add(name: str, app: str, server: str, count: int, threads: int, **more: Any) -> None:
        def setup(handler: str) -> Iterator[Callable[[], Outcome]]:
            target = "/compute?ms=5" if handler == "compute" else "/wait?ms=50"
            return _workers(app, server, target, count, threads)

        workers.add(name, setup, needs=(*needs_of(server), *POSIX), **more)

    for count, threads in ((1, 1), (1, 4), (1, 16), (2, 1), (2, 4)):
        add(
            f"gunicorn_{count}x{threads}",
            "lab_wsgi",
            "gunicorn",
            count,
            threads,
            baseline=(count, threads) == (1, 1),
        )
    for count in (1, 2):
        add(f"uvicorn_{count}", "lab", "uvicorn", count, 1)
    suite.claim(
        "threads do not add CPU: a computing handler gains little from sixteen over four",
        ratio("workers", "gunicorn_1x16", "gunicorn_1x4", "rate", handler="compute") <= 1.5,
        tier="default",
    )
    suite.claim(
        "a second process adds a core",
        ratio("workers", "gunicorn_2x4", "gunicorn_1x4", "rate", handler="compute") >= 1.2,
        needs=("cores>=4", "calm"),
        tier="default",
    )
