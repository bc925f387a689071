"""What a framework costs per request: the floor, three workloads over a store, start and size."""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Metric, Outcome, Suite, ratio, value
from velvet.bench.model import Tier
from velvet_web.comparisons.client import Client, in_process
from velvet_web.comparisons.conformance import CHECKS, failures
from velvet_web.comparisons.measuring import (
    LATENCY,
    TARGETS,
    cost,
    first_id,
    home_of,
    needs_of,
    on_server,
    scaled,
)
from velvet_web.contenders import build, load, names
from velvet_web.loadplan import Shot
from velvet_web.servers import Running
from velvet_web.settings import Settings

FLOOR = ("bare_asgi", "starlette", "litestar", "fastapi", "bare_wsgi", "flask", "django")
ROUNDS = {"quick": 1, "default": 3, "full": 7}


def _bare(app: str) -> Iterator[Callable[[], Outcome]]:
    """Measure the tiny answer without our middleware: the framework and nothing else."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(dsn=str(Path(folder) / "board.db"), stack="none")
        work = partial(cost, shot=TARGETS["tiny"], requests=scaled(1500, 4000))
        yield from on_server(app, home_of(app), work, settings)


def _workload(app: str, workload: str) -> Iterator[Callable[[], Outcome]]:
    def work(server: Running) -> Outcome:
        shot = TARGETS[workload]
        if workload == "read_one":
            shot = Shot(f"/tasks/{first_id(server)}")
        return cost(server, shot, scaled(500, 1500))

    yield from on_server(app, home_of(app), work)


def _django(app: str, target: str) -> Iterator[Callable[[], Outcome]]:
    server = home_of("django" if app == "django" else "django_asgi")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(dsn=str(Path(folder) / "board.db"), stack="none")
        work = partial(cost, shot=Shot(target), requests=scaled(600, 2000))
        yield from on_server(app, server, work, settings)


def _start(app: str) -> Iterator[Callable[[], Outcome]]:
    def work(server: Running) -> Outcome:
        packages = _packages(app)
        sizes = {"rss": server.rss_bytes() / 2**20, "packages": float(len(packages))}
        return Outcome(sizes, seconds=server.start_seconds)

    yield from on_server(app, home_of(app), work)


def _packages(app: str) -> set[str]:
    """Return a framework and all distributions that it requires, without extras."""
    found: set[str] = set()
    left = [app]
    while left:
        name = left.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        found.add(name)
        needed = (line for line in requires if "extra ==" not in line)
        left += [line.split(";")[0].split("[")[0].rstrip(" ()<>=!~.,0123456789") for line in needed]
    return found


def _judged(app: str) -> Callable[[], dict[str, float]]:
    def passed() -> dict[str, float]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            built = build(app, Settings(dsn=str(Path(folder) / "board.db")))
            transport = in_process(built, load(app).INTERFACE)
            broken = failures(Client(transport))
            transport.close()
        source = Path(str(load(app).__file__)).read_text(encoding="utf-8").splitlines()
        code = sum(bool(line.strip()) for line in source)
        return {"passed": float(len(CHECKS) - len(broken)), "lines": float(code)}

    return passed


def add_to(suite: Suite) -> None:
    """Declare the comparisons of frameworks."""
    judged = suite.comparison(
        "conformance",
        title=f"Checks of the contract passed, of {len(CHECKS)}, and lines of the front end",
        kind="value",
        unit="checks",
        metrics={"passed": Metric("checks", "higher"), "lines": Metric("lines")},
    )
    floor = suite.comparison(
        "framework_floor",
        title="CPU per tiny JSON answer, without middleware (closed loop of 4 users)",
        kind="run",
        unit="us",
        metrics=LATENCY,
        rounds=ROUNDS,
    )
    work = suite.comparison(
        "workloads",
        title="CPU per request over SQLite, with the whole middleware (closed loop of 4 users)",
        kind="run",
        unit="us",
        sizes={"workload": ["read_one", "list_50", "create"]},
        quick=lambda workload: workload == "list_50",
        metrics=LATENCY,
        rounds={**ROUNDS, "default": 2},
    )
    start = suite.comparison(
        "startup_and_size",
        title="From the command to the first answer, memory, packages",
        kind="run",
        unit="s",
        metrics={"rss": Metric("MB"), "packages": Metric("packages")},
        rounds={**ROUNDS, "default": 2},
        tier="default",
    )
    for app in FLOOR:
        own = (app,) if app in names() else ()
        needs = (*own, *needs_of(home_of(app)))
        base: dict[str, Any] = {"baseline": app == "starlette", "needs": needs}
        floor_tier: Tier = "quick" if own else "default"
        floor.add(app, partial(_bare, app), tier=floor_tier, **base)
        if own:
            judged.add(app, partial(_judged, app), needs=own)
            quick: Tier = "quick" if app in ("starlette", "fastapi") else "default"
            work.add(app, partial(_workload, app), tier=quick, **base)
            start.add(app, partial(_start, app), **base)
            suite.claim(
                f"{app} passes every check of the contract",
                value("conformance", app, "passed").equals(len(CHECKS)),
            )
    tax = suite.comparison(
        "django_asgi_tax",
        title="CPU per tiny answer of Django behind WSGI and ASGI (closed loop of 4 users)",
        kind="run",
        unit="us",
        metrics=LATENCY,
        rounds=ROUNDS,
        tier="default",
    )
    for name, app, target, server in (
        ("wsgi", "django", "/healthz", "flask"),
        ("asgi_sync_view", "django_asgi", "/healthz", "starlette"),
        ("asgi_async_view", "django_asgi", "/healthz-async", "starlette"),
    ):
        needs = ("django", *needs_of(home_of(server)))
        tax.add(name, partial(_django, app, target), baseline=name == "wsgi", needs=needs)

    suite.claim(
        "FastAPI's models cost CPU over plain Starlette",
        ratio("framework_floor", "fastapi", "starlette") >= 1.3,
    )
    suite.claim(
        "Django behind WSGI is not much dearer than Flask",
        ratio("framework_floor", "django", "flask") <= 1.5,
    )
    suite.claim(
        "with fifty rows from a store FastAPI costs at most 1.7 times Starlette",
        ratio("workloads", "fastapi", "starlette", workload="list_50") <= 1.7,
    )
    suite.claim(
        "the same synchronous Django view costs more behind ASGI",
        ratio("django_asgi_tax", "asgi_sync_view", "wsgi") >= 1.5,
        tier="default",
    )
