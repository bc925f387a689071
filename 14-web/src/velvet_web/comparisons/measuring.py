"""What every comparison does with a server: start it, judge it, load it, and read its costs.

Server and generator are processes of their own. The main figure is CPU time of the server's tree
per request, which a busy neighbour disturbs least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from velvet.bench import Absent, Metric, Outcome, mode
from velvet_web.comparisons.client import Client, OverSocket
from velvet_web.comparisons.conformance import failures
from velvet_web.contenders import load, names
from velvet_web.loadgen import measure
from velvet_web.loadplan import LoadPlan, Result, Shot
from velvet_web.servers import FAST_LOOP, Running, ServerFailed, serve, servers, usual_server
from velvet_web.settings import Settings

TASKS = 50
NEW_TASK = '{"title":"a task of the load"}'
TARGETS = {
    "tiny": Shot("/healthz"),
    "read_one": Shot("/tasks/1"),
    "list_50": Shot(f"/tasks?limit={TASKS}"),
    "create": Shot("/tasks", "POST", NEW_TASK),
}
LATENCY: Mapping[str, str | Metric] = {
    "p50": Metric("ms"),
    "p99": Metric("ms"),
    "rate": "req/s",
    "rss": Metric("MB"),
}
POSIX = ("not windows",)
LOOP = () if FAST_LOOP == "asyncio" else (FAST_LOOP,)
PARSERS = {"uvicorn": ("httptools", *LOOP), "uvicorn_h11": ("h11",)}


def needs_of(server: str) -> tuple[str, ...]:
    """Return what a server needs."""
    spec = servers()[server]
    parsers = PARSERS.get(server, ())
    return (spec.package, *parsers, *(POSIX if spec.posix_only else ()))


def scaled(quick: int, default: int) -> int:
    """Return how many requests this tier sends."""
    return quick if mode() == "quick" else default


def judge(server: Running) -> None:
    """Let a front end be timed only when it keeps the whole contract, on a filled board.

    Raises:
        ValueError: a check does not pass.
    """
    transport = OverSocket(server.url)
    client = Client(transport)
    try:
        if broken := failures(client):
            raise ValueError(f"{len(broken)} checks fail: {broken[0].name}: {broken[0].detail}")
        client.request("DELETE", "/tasks")
        for n in range(TASKS):
            client.request("POST", "/tasks", {"title": f"task {n}", "order": n})
    finally:
        transport.close()


def first_id(server: Running) -> int:
    """Return the id of the first task on the board."""
    transport = OverSocket(server.url)
    found: int = Client(transport).request("GET", "/tasks?limit=1").json()[0]["id"]
    transport.close()
    return found


def cost(server: Running, shot: Shot, requests: int, users: int = 4) -> Outcome:
    """Send requests in a closed loop and return CPU seconds per request.

    Raises:
        ValueError: a request did not succeed.
    """
    plan = partial(LoadPlan, server.url, (shot,), users=users, seconds=60)
    measure(plan(requests=max(50, requests // 10)))
    before = server.cpu_seconds()
    result = measure(plan(requests=requests))
    used = server.cpu_seconds() - before
    return Outcome(figures(result, server), seconds=max(used, 0.01) / _clean(result))


def _clean(result: Result) -> int:
    if result.errors or not result.completed:
        raise ValueError(f"not all requests succeeded: {dict(result.outcomes)}")
    return result.completed


def figures(result: Result, server: Running | None = None) -> dict[str, float]:
    """Return the latencies, the rate and the memory that belong to a load."""
    found = {"p50": result.p(50), "p99": result.p(99), "rate": result.throughput}
    return found | ({"rss": server.rss_bytes() / 2**20} if server is not None else {})


def on_server(
    app: str,
    server: str,
    work: Callable[[Running], Outcome],
    settings: Settings | None = None,
    **options: Any,
) -> Iterator[Callable[[], Outcome]]:
    """Set up a server, let `work` measure it, and stop it.

    Raises:
        Absent: the server cannot be started here.
    """
    try:
        with serve(app, server, settings, **options) as running:
            if app in names() and (settings is None or settings.stack == "full"):
                judge(running)
            yield partial(work, running)
    except ServerFailed as error:
        raise Absent(str(error)) from None


def interface_of(app: str) -> str:
    """Return the interface of a contender or of an application of the lab."""
    return str(load(app).INTERFACE) if app in names() else app.rpartition("_")[2]


def home_of(app: str) -> str:
    """Return the server that an application is measured on."""
    return usual_server(interface_of(app))


def valid(result: Result) -> Result:
    """Return a result whose generator kept up.

    Raises:
        ValueError: it did not, so the figures are the generator's own.
    """
    if not result.valid:
        lag = result.lag.percentile(99) / 1e3
        raise ValueError(f"the generator lagged {lag:.1f} ms at p99; the machine is too busy")
    return result
