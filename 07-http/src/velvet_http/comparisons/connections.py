"""Many requests over few connections, large bodies in little memory, many addresses."""

from __future__ import annotations

import asyncio
import importlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from velvet.bench import Metric, Outcome, Suite, mode, ratio, value
from velvet_http.comparisons._server import served

GETS, WAIT_MS = 100, 50
LARGE_MIB = 200
UPLOAD_MIB = 64
_MEMORY: dict[str, Any] = {"kind": "run", "unit": "MB", "rounds": {"quick": 1, "default": 2}}
ADDRESSES = {"quick": 1000, "default": 2000, "full": 5000}
RATE = 1000.0


def _multiplex(connections: int, *, http2: bool) -> Iterator[Any]:
    import httpx2  # noqa: F401 - its import is not measured

    from velvet_http.client import Settings
    from velvet_http.comparisons.bare import httpx_many

    def work(server: Any) -> Callable[[], Outcome]:
        kind = "h2" if http2 else "https"
        context = Settings(ca_file=server.ca_file, http2=http2).context()

        def measure() -> Outcome:
            url = f"{server.urls[kind]}/slow?ms={WAIT_MS}"
            began, cpu = time.perf_counter(), time.process_time()
            many = httpx_many("httpx2", connections=connections, http2=http2, verify=context)
            total = asyncio.run(many(url, GETS, 50))
            took, used = time.perf_counter() - began, time.process_time() - cpu
            figures = {"per_request": took / GETS * 1e3, "cpu_us": used / GETS * 1e6}
            figures["connections"] = float(server.counters(kind)["connects"])
            return Outcome(figures, seconds=took, result=total)

        return measure

    return served(work, tls=True)


def _body(library: str, *, stream: bool) -> Iterator[Any]:
    """Fetch a large body whole or in pieces; the growth is beyond the peak of a small request."""
    from velvet.bench.memory import peak_mb

    module = importlib.import_module(library)

    def work(server: Any) -> Callable[[], Outcome]:
        def measure() -> Outcome:
            fetch = _FETCH[library]
            asyncio.run(fetch(module, server.urls["http"] + "/bytes/1", stream))
            floor, began = peak_mb(), time.perf_counter()
            size = asyncio.run(fetch(module, f"{server.urls['http']}/bytes/{LARGE_MIB}", stream))
            return Outcome(
                {"grown": peak_mb() - floor}, seconds=time.perf_counter() - began, result=size
            )

        return measure

    return served(work)


def _upload(*, stream: bool) -> Iterator[Any]:
    """Send a file with requests, by its own `files=` or as our form; growth is beyond a small one."""
    import requests

    from velvet.bench.memory import peak_mb
    from velvet_http import contenders, multipart
    from velvet_http.model import Timeouts

    def send(url: str, path: Path, mib: int) -> int:
        with path.open("r+b") as file:
            file.truncate(mib * 2**20)
            if not stream:
                answer = requests.post(url, files={"file": file}, timeout=60).json()
        if stream:
            with contenders.connect("requests") as client:
                form = multipart.form_request(url, [multipart.Part("file", path)])
                answer = client.request(form, timeouts=Timeouts(read=60)).json()
        return int(answer["parts"][0]["size"])

    def work(server: Any) -> Callable[[], Outcome]:
        def measure() -> Outcome:
            url = server.urls["http"] + "/upload"
            with tempfile.TemporaryDirectory(prefix="velvet-http-") as folder:
                path = Path(folder) / "file"
                path.touch()
                send(url, path, 1)
                floor, began = peak_mb(), time.perf_counter()
                size = send(url, path, UPLOAD_MIB)
            figures = {"grown": peak_mb() - floor}
            return Outcome(figures, seconds=time.perf_counter() - began, result=size)

        return measure

    return served(work)


async def _requests(requests: Any, url: str, stream: bool) -> int:
    with requests.get(url, stream=stream, timeout=60) as response:
        if stream:
            return sum(len(piece) for piece in response.iter_content(65_536))
        return len(response.content)


async def _httpx(httpx: Any, url: str, stream: bool) -> int:
    async with httpx.AsyncClient(timeout=60) as client:
        if not stream:
            return len((await client.get(url)).content)
        async with client.stream("GET", url) as response:
            return sum([len(piece) async for piece in response.aiter_bytes()])


async def _aiohttp(aiohttp: Any, url: str, stream: bool) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        if not stream:
            return len(await response.read())
        return sum([len(piece) async for piece in response.content.iter_any()])


_FETCH: dict[str, Callable[[Any, str, bool], Any]] = {
    "requests": _requests, "httpx2": _httpx, "aiohttp": _aiohttp,
}  # fmt: skip


def _fan_out(way: str) -> Iterator[Any]:
    from velvet.bench.memory import peak_mb
    from velvet_http import contenders, fanout
    from velvet_http.client import Settings

    count = ADDRESSES[mode()]

    async def ours(urls: list[str]) -> int:
        async with (
            contenders.connect_async("aiohttp", Settings(pool=50)) as client,
            fanout.fetch_all(client, urls, concurrency=50, rate=RATE) as results,
        ):
            return sum([1 async for result in results])

    async def theirs(urls: list[str]) -> int:
        import aiohttp

        gate = asyncio.Semaphore(50 if way == "semaphore" else len(urls))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def one(url: str) -> int:
                async with gate:
                    try:
                        async with session.get(url) as response:
                            await response.read()
                    except aiohttp.ClientError:
                        pass
                return 1

            return sum(await asyncio.gather(*map(one, urls)))

    def work(server: Any) -> Callable[[], Outcome]:
        def measure() -> Outcome:
            base = server.urls["http"]
            broken = f"{base}/fault/truncated%20length"
            urls = [broken if n % 50 == 0 else f"{base}/json?n={n}" for n in range(count)]
            floor, began = peak_mb(), time.perf_counter()
            done = asyncio.run((ours if way == "fetch_all" else theirs)(urls))
            took = time.perf_counter() - began
            figures = {
                "sockets": float(server.counters()["max_open"]),
                "rate": done / took,
                "grown": peak_mb() - floor,
            }
            return Outcome(figures, seconds=took, result=done)

        return measure

    return served(work)


def _add_multiplex(suite: Suite) -> None:
    rows = suite.comparison(
        "multiplex",
        title=f"{GETS} requests of {WAIT_MS} ms, 50 in flight, over few connections (httpx2)",
        kind="run",
        unit="s",
        metrics={
            "per_request": Metric("ms"),
            "connections": Metric("sockets"),
            "cpu_us": Metric("us"),
        },
        rounds={"quick": 1, "default": 7},
    )
    ways = {"HTTP/1.1 x 1": (1, False), "HTTP/1.1 x 6": (6, False), "HTTP/1.1 x 50": (50, False)}
    for name, (connections, http2) in {**ways, "HTTP/2 x 1": (1, True)}.items():
        rows.add(
            name,
            lambda connections=connections, http2=http2: _multiplex(connections, http2=http2),
            baseline=http2,
            tier="default" if connections == 6 else "quick",
        )
    rows.same_result()
    suite.claim(
        "HTTP/2 over one connection is at least 5 times as fast as HTTP/1.1 over one",
        ratio("multiplex", "HTTP/1.1 x 1", "HTTP/2 x 1", "per_request") >= 5,
        needs="calm",  # the waits overlap only while the processor keeps up
    )
    suite.claim(
        "HTTP/2 needs one connection for 50 requests in flight, HTTP/1.1 at least forty",
        (value("multiplex", "HTTP/2 x 1", "connections") <= 1)
        & (value("multiplex", "HTTP/1.1 x 50", "connections") >= 40),
    )


def _add_streaming(suite: Suite) -> None:
    rows = suite.comparison(
        "streaming",
        title=f"A body of {LARGE_MIB} MiB whole and in pieces: growth of peak memory",
        metrics={"grown": Metric("MB")},
        **_MEMORY,
    )
    for library in _FETCH:
        for stream in (False, True):
            rows.add(
                f"{library}, {'in pieces' if stream else 'whole'}",
                lambda library=library, stream=stream: _body(library, stream=stream),
                baseline=library == "requests" and not stream,
                tier="quick" if library == "requests" else "default",
            )
    suite.claim(
        "requests holds at least 150 MB for a body of 200 MiB, and at most 40 MB when it streams",
        (value("streaming", "requests, whole", "grown") >= 150)
        & (value("streaming", "requests, in pieces", "grown") <= 40),
    )


def _add_upload(suite: Suite) -> None:
    rows = suite.comparison(
        "upload",
        title=f"A form with a file of {UPLOAD_MIB} MiB, sent by requests: growth of peak memory",
        metrics={"grown": Metric("MB")},
        **_MEMORY,
    )
    rows.add("files=", lambda: _upload(stream=False), baseline=True)
    rows.add("our form, in pieces", lambda: _upload(stream=True))
    rows.same_result()
    suite.claim(
        f"requests' files= holds at least 60 MB for a file of {UPLOAD_MIB} MiB, our form at most 20 MB",
        (value("upload", "files=", "grown") >= 60)
        & (value("upload", "our form, in pieces", "grown") <= 20),
    )


def _add_fan_out(suite: Suite) -> None:
    rows = suite.comparison(
        "fan_out",
        title="Thousands of addresses, two in a hundred broken, 1,000 a second asked for",
        kind="run",
        unit="sockets",
        metrics={
            "sockets": Metric("sockets"),
            "rate": Metric("req/s", "lower"),
            "grown": Metric("MB"),
        },
        rounds={"quick": 1, "default": 2},
    )
    for way in ("fetch_all", "semaphore", "gather"):
        tier = "default" if way == "semaphore" else "quick"
        rows.add(way, lambda way=way: _fan_out(way), baseline=way == "fetch_all", tier=tier)
    rows.same_result()
    suite.claim(
        "fetch_all never has more sockets open than its concurrency, gather opens hundreds",
        (value("fan_out", "fetch_all", "sockets") <= 50)
        & (value("fan_out", "gather", "sockets") >= 200),
    )
    suite.claim(
        "fetch_all stays within 5 % above its rate",
        value("fan_out", "fetch_all", "rate") <= RATE * 1.05,
    )


def add_to(suite: Suite) -> None:
    """Declare the comparisons of this file and their claims."""
    for declare in (_add_multiplex, _add_streaming, _add_upload, _add_fan_out):
        declare(suite)
