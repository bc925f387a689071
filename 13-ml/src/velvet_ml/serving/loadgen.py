"""A load as a program: reads one line of JSON, sends requests, prints what it saw.

Connections are kept, and each sends its next request when the last is answered. A connection that
breaks before an answer is opened again and the same id is sent again: the caller knows nothing of
what became of it. `python -m velvet_ml.serving.loadgen`; the standard library only.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from typing import Any

HOST = "127.0.0.1"
MAX_TRIES, PAUSE_S, PATIENCE_S = 200, 0.05, 120.0
_BROKEN = (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError, IndexError)


class _Connection:
    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> int:
        """Send one request; returns the status of its answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port)
        reader, writer = self._streams
        head = (
            f"POST /predict HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(answer.split("content-length:")[1].split("\r\n")[0])
        await reader.readexactly(length)
        return int(answer.split()[1])

    async def close(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            with suppress(OSError):
                await streams[1].wait_closed()


class _Tally:
    def __init__(self, requests: int) -> None:
        self.next, self.requests = 0, requests
        self.latencies: list[float] = []
        self.acknowledged: list[str] = []
        self.retries = self.shed = self.failed = 0

    def answered(self, id: str, status: int, seconds: float) -> None:
        """Count an answer; after a tenth of them, say so."""
        self.latencies.append(seconds)
        if status == 200:
            self.acknowledged.append(id)
        elif status == 503:
            self.shed += 1
        else:
            self.failed += 1
        if len(self.latencies) == max(1, self.requests // 10):
            print("running", flush=True)  # noqa: T201 - the one who started it waits for this line


async def _caller(about: dict[str, Any], tally: _Tally) -> None:
    connection = _Connection(about["port"])
    while tally.next < tally.requests:
        number, tally.next = tally.next, tally.next + 1
        id = f"r-{number}"
        row = about["rows"][number % len(about["rows"])]
        body = json.dumps({"id": id, "features": row}).encode()
        start = time.perf_counter()
        for _ in range(MAX_TRIES):
            try:
                status = await asyncio.wait_for(connection.post(body), PATIENCE_S)
            except _BROKEN:
                tally.retries += 1
                await connection.close()
                await asyncio.sleep(PAUSE_S)
                continue
            tally.answered(id, status, time.perf_counter() - start)
            break
        else:
            tally.failed += 1
    await connection.close()


async def run(about: dict[str, Any]) -> dict[str, Any]:
    """Send all requests and return what was seen."""
    tally, begun = _Tally(about["requests"]), time.monotonic()
    callers = (_caller(about, tally) for _ in range(about["concurrency"]))
    await asyncio.gather(*callers)
    seconds = time.monotonic() - begun
    ranked = sorted(tally.latencies)
    return {
        "rate": len(ranked) / seconds,
        "p50_ms": ranked[len(ranked) // 2] * 1e3 if ranked else 0.0,
        "p99_ms": ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))] * 1e3 if ranked else 0.0,
        "acknowledged": tally.acknowledged,
        "retries": tally.retries,
        "shed": tally.shed,
        "failed": tally.failed,
    }


if __name__ == "__main__":
    told = asyncio.run(run(json.loads(sys.stdin.readline())))
    print(json.dumps(told))  # noqa: T201 - the result is its output
