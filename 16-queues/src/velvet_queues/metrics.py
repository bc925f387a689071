"""What to watch, in Prometheus' text format: depth, oldest age, waits, runs, outcomes.

Depth alone pages at the wrong time: a thousand tasks may be gone in a second, and ten may have
waited for an hour. The age of the oldest ready task shows both, so that is the alert.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from velvet_queues.envelope import Envelope
from velvet_queues.leasequeue import LeaseQueue, Stats

BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)
HELP = {
    "velvet_queue_depth": ("gauge", "Tasks that are not done."),
    "velvet_queue_oldest_age_seconds": ("gauge", "Age of the oldest task that could run now."),
    "velvet_queue_inflight": ("gauge", "Tasks under a lease."),
    "velvet_queue_dead": ("gauge", "Tasks that are not tried again."),
    "velvet_queue_wait_seconds": ("histogram", "From enqueue to start."),
    "velvet_queue_run_seconds": ("histogram", "From start to end."),
    "velvet_queue_tasks_total": ("counter", "Ended attempts by outcome."),
}
_LINE = re.compile(r'^([a-z_]+)(?:\{([a-z]+)="((?:[^"\\]|\\.)*)"\})? (\S+)$')


@dataclass
class Metrics:
    """Counts of one process; thread-safe. `tell` fits `Worker(tell=...)`."""

    outcomes: Counter[str] = field(default_factory=Counter)
    waits: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    runs: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    sums: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def tell(self, outcome: str, envelope: Envelope, seconds: float, *, now: float = 0.0) -> None:
        """Count one ended attempt; `now` is when it ended, if the wait is to be counted."""
        wait = max(0.0, now - seconds - max(envelope.enqueued_at, envelope.not_before))
        with self._lock:
            self.outcomes[outcome] += 1
            self._observe("run", self.runs, seconds)
            if now:
                self._observe("wait", self.waits, wait)

    def _observe(self, name: str, counts: list[int], seconds: float) -> None:
        place = next((at for at, limit in enumerate(BUCKETS) if seconds <= limit), len(BUCKETS))
        counts[place] += 1
        self.sums[name] += seconds  # type: ignore[assignment]  # a Counter of floats

    def render(self, stats: Stats) -> str:
        """Return everything in Prometheus' text format 0.0.4."""
        gauges = (stats.depth, stats.oldest_age_s, stats.leased, stats.dead)
        lines: list[str] = []
        with self._lock:
            for (name, (kind, words)), gauge in zip(HELP.items(), (*gauges, 0, 0, 0), strict=True):
                lines += [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
                if kind == "gauge":
                    lines.append(f"{name} {gauge:g}")
                elif kind == "counter":
                    counted = sorted(self.outcomes.items())
                    lines += [f'{name}{{outcome="{one}"}} {count}' for one, count in counted]
                else:
                    short = "wait" if "wait" in name else "run"
                    lines += self._histogram(name, self.waits if short == "wait" else self.runs)
                    lines.append(f"{name}_sum {self.sums[short]:g}")
        return "\n".join(lines) + "\n"

    @staticmethod
    def _histogram(name: str, counts: list[int]) -> list[str]:
        lines, total = [], 0
        for limit, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{limit}"}} {total}')
        return [*lines, f"{name}_count {total}"]


def parse(text: str) -> dict[str, dict[str, float]]:
    """Read the text format as far as we write it: name -> label value ("" for none) -> number.

    >>> parse('velvet_queue_depth 3')
    {'velvet_queue_depth': {'': 3.0}}

    Raises:
        ValueError: a line that is neither a comment nor a sample.
    """
    found: dict[str, dict[str, float]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = _LINE.match(line)
            if match is None:
                raise ValueError(f"not a line of the text format: {line!r}")
            found.setdefault(match[1], {})[match[3] or ""] = float(match[4])
    return found


def alerts(samples: Mapping[str, Mapping[str, float]], *, age_s: float = 30.0) -> list[str]:
    """Return a sentence for each alert of `configs/alerts.yml` that is due, without its `for`."""
    if not age_s >= 0:
        raise ValueError(f"age_s must be at least 0 seconds, not {age_s!r}")
    oldest = samples.get("velvet_queue_oldest_age_seconds", {}).get("", 0.0)
    dead = samples.get("velvet_queue_dead", {}).get("", 0.0)
    found = []
    if oldest > age_s:
        found.append(f"the oldest task waits for {oldest:.0f} s, over {age_s:.0f} s")
    if dead:
        found.append(f"{dead:.0f} dead task{'s' if dead > 1 else ''} to look at")
    return found


class Endpoint:
    """`/metrics` on 127.0.0.1 for a queue, in a thread; use it as a context manager.

    Attributes:
        port: where it listens; the argument 0 chooses a free one.
    """

    def __init__(self, queue: LeaseQueue, metrics: Metrics, port: int = 0) -> None:
        render: Callable[[], str] = lambda: metrics.render(queue.stats())  # noqa: E731

        class Handler(BaseHTTPRequestHandler):
            """Answers `/metrics` and nothing else."""

            def do_GET(self) -> None:
                body = render().encode() if self.path == "/metrics" else b""
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Write no log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Endpoint:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
