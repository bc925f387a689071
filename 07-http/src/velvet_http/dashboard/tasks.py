"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TELLING = ("ok", "truncated gzip", "early hints", "drip", "truncated length")  # first in the atlas
FLIGHTS = (1, 5, 20, 50, 100)


def atlas(way: str = "bare libraries") -> Iterator[dict[str, Any]]:
    """Run every fault against every client, bare or under our surface."""
    from velvet_http import contenders
    from velvet_http.comparisons.bare import available
    from velvet_http.dashboard.atlas import run_atlas
    from velvet_http.faults import FAULTS

    bare = way == "bare libraries"
    ours = contenders.available()
    clients = [name for name in available() if bare or name in ours]
    faults = [*TELLING, *(name for name in FAULTS if name not in (*TELLING, "goaway"))]
    yield {"type": "plan", "total": len(clients) * len(faults)}
    for cell in run_atlas(clients, faults, bare=(bare,)):
        yield {
            "type": "cell", "client": cell.client, "fault": cell.fault, "kind": cell.kind,
            "text": cell.text, "seconds": round(cell.seconds, 2),
        }  # fmt: skip


def race(requests: int = 200) -> Iterator[dict[str, Any]]:
    """Measure the CPU time of a request with more and more in flight."""
    from velvet_http.comparisons.bare import repeat
    from velvet_http.comparisons.server_process import ServerProcess

    names = ("aiohttp", "httpx2", "httpx")
    yield {"type": "plan", "total": len(names) * len(FLIGHTS)}
    with ServerProcess() as server:
        url = server.urls["http"] + "/json"
        for flight in FLIGHTS:
            for name in names:
                if flight == FLIGHTS[0]:  # imports and the TLS context cost no request
                    asyncio.run(repeat(name)(url, 5))
                before = time.process_time()
                count = max(requests, 2 * flight) // flight * flight
                asyncio.run(repeat(name)(url, count, flight))
                spent = (time.process_time() - before) / count * 1e6
                yield {"type": "point", "client": name, "in_flight": flight, "us": round(spent, 1)}


def calls(service: str = "fails now and then", hedge: bool = False) -> Iterator[dict[str, Any]]:
    """Make twelve calls to a service that misbehaves, and tell every attempt of each."""
    from anyio.from_thread import start_blocking_portal

    from velvet_http.contenders import connect_async
    from velvet_http.faults import FaultServer, fault
    from velvet_http.faults.routes import after, respond
    from velvet_http.guard import HedgePolicy
    from velvet_http.model import Request
    from velvet_http.policy import Backoff, NoBudget, RetryPolicy
    from velvet_http.resilient import AsyncResilientClient

    rng = random.Random(5)
    good = after(0.02, respond(200, {"fine": True}))
    if service == "slow now and then":
        script = [after(0.4, good) if rng.random() < 0.3 else good for _ in range(40)]
    else:
        bad = [fault("status 503"), fault("close"), fault("truncated length")]
        script = [rng.choice(bad) if rng.random() < 0.45 else good for _ in range(60)]

    policy = HedgePolicy(0.9, max_extra=1.0) if hedge else None
    if policy is not None:
        for _ in range(30):
            policy.observe(0.03)
    with (
        FaultServer() as server,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(connect_async("aiohttp")) as plain,
    ):
        request = Request("GET", server.script("/flaky", script))
        retries = RetryPolicy(backoff=Backoff(base=0.05), budget=NoBudget())
        client = AsyncResilientClient(plain, retries, hedge=policy, rng=random.Random(1))
        for number in range(1, 13):
            for one in portal.call(client.request, request).attempts:
                yield {
                    "type": "attempt", "call": number, "began": round(one.began, 4),
                    "ended": round(one.ended, 4), "outcome": one.outcome, "hedge": one.hedge,
                }  # fmt: skip


def resume(cut_kb: int = 22) -> Iterator[dict[str, Any]]:
    """Download 120 KB over a connection that breaks, and tell which bytes came when."""
    from velvet_http.contenders import connect
    from velvet_http.faults import FaultServer
    from velvet_http.transfer import download

    parts: list[tuple[int, int]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        FaultServer() as server,
        connect("urllib3") as client,
    ):
        url = server.url(f"/range/120000?cut={cut_kb * 1000}")
        download(client, url, Path(folder) / "file", on_part=lambda *part: parts.append(part))
        for number, ((start, stop), entry) in enumerate(zip(parts, server.journal, strict=True), 1):
            yield {
                "type": "part", "request": number, "start": start, "stop": stop,
                "range": entry.headers.get("range") or "all of it",
            }  # fmt: skip
