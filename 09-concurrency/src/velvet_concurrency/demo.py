"""A traced workload in a process of its own, told as JSON lines while it runs.

`python -m velvet_concurrency.demo --json-lines --model asyncio --tasks 50` is what the explorer
starts, so that the interpreter lock and the memory of the page do not colour what it shows. A
thread writes every 50 ms: spans as they end, samples of the process, progress, and at last one
`done`. Times count from the start of the run (`t0_ns`, `t1_ns`; `t` in seconds). The run ends at
once when its input closes, its output is refused, or it is terminated.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from velvet_concurrency.trace import Resources, Tracer
from velvet_concurrency.workload import MODELS, Stop, Workload, run_workload

_WRITE_EVERY = 0.05
_SAMPLE_EVERY = 2  # writes
_LAG_INTERVAL = 0.01
_PATIENCE = 1.0
_READ_BYTES = 4096


class _Teller:
    """Writes what happened since the last time, from a thread of its own."""

    def __init__(self, workload: Workload, tracer: Tracer, sink: int, *, stop: Stop) -> None:
        self.done = 0
        self._total = workload.tasks
        self._tracer = tracer
        self._sink = sink
        self._stop = stop
        self._resources = Resources(children=workload.model == "processes")
        self._began = tracer.clock()
        self._next = 0
        self._told = -1
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._run, name="teller", daemon=True)

    @property
    def seconds(self) -> float:
        return (self._tracer.clock() - self._began) / 1e9

    def count(self) -> None:
        self.done += 1

    def start(self) -> None:
        self._tell(sample=True)
        self._thread.start()

    def finish(self) -> bool:
        """Write the rest; false when nobody reads."""
        self._finished.set()
        self._thread.join(_PATIENCE)
        return not self._thread.is_alive()

    def _run(self) -> None:
        writes = 0
        while not self._finished.wait(_WRITE_EVERY):
            writes += 1
            self._tell(sample=writes % _SAMPLE_EVERY == 0)
        self._tell(sample=True)

    def _tell(self, *, sample: bool) -> None:
        spans, self._next = self._tracer.since(self._next)
        lines: list[dict[str, Any]] = []
        lag = 0.0
        for span in spans:
            if span.lane == "loop lag":
                lag = max(lag, (span.t1_ns - span.t0_ns) / 1e6)
            told = {"type": "span", **span._asdict()}
            told["t0_ns"] -= self._began
            told["t1_ns"] -= self._began
            lines.append(told)
        if sample:
            seen = self._resources.sample()
            lines.append(
                {
                    "type": "sample",
                    "t": (seen.t_ns - self._began) / 1e9,
                    "rss_mb": round(seen.rss_mb, 3),
                    "cpu_pct": round(seen.cpu_pct, 1),
                    "threads": seen.threads,
                    "loop_lag_ms": round(lag, 3),
                }
            )
        if self.done != self._told:
            self._told = self.done
            lines.append({"type": "progress", "done": self.done, "total": self._total})
        self.write(lines)

    def write(self, lines: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(line) + "\n" for line in lines).encode()
        try:
            while text:
                text = text[os.write(self._sink, text) :]
        except OSError:  # the reader is gone: nobody wants the rest
            self._stop.set()


def _watch(source: int, stop: Stop) -> None:
    while os.read(source, _READ_BYTES):
        pass  # nothing is said over this pipe: only its end counts
    stop.set()


@contextlib.contextmanager
def _terminable(stop: Stop) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C end the run; only the main thread may ask for signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: object) -> None:
        # A handler interrupts the main thread, which may hold the very lock that `set` needs.
        del number, frame
        threading.Thread(target=stop.set, name="stop").start()

    wanted = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, ask) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parse(argv: Sequence[str] | None) -> tuple[Workload, bool]:
    parser = argparse.ArgumentParser(
        prog="python -m velvet_concurrency.demo", description="Run one traced workload."
    )
    parser.add_argument("--json-lines", action="store_true", help="tell everything as it happens")
    parser.add_argument("--model", choices=MODELS, default="asyncio")
    parser.add_argument("--tasks", type=int, default=50)
    parser.add_argument("--latency-ms", type=float, default=50.0, help="mean wait of a task")
    parser.add_argument("--cpu-ms", type=float, default=1.0, help="computing of a task")
    parser.add_argument("--limit", type=int, default=10, help="tasks at a time")
    parser.add_argument("--seed", type=int, default=1)
    options = vars(parser.parse_args(argv))
    tell = bool(options.pop("json_lines"))
    try:
        return Workload(**options), tell
    except ValueError as error:
        parser.error(str(error))


def main(argv: Sequence[str] | None = None, *, source: int = 0, sink: int = 1) -> int:
    """Run the workload that the command line asks for; without `--json-lines` say only `done`.

    Args:
        argv: the command line, without the program.
        source: file descriptor whose end stops a run with `--json-lines`.
        sink: file descriptor of the lines.

    Returns:
        The exit status: 0, also when the run was stopped.
    """
    workload, tell = _parse(argv)
    stop, tracer = Stop(), Tracer()
    teller = _Teller(workload, tracer, sink, stop=stop)
    if tell:
        threading.Thread(target=_watch, args=(source, stop), name="input", daemon=True).start()
        teller.start()
    began = time.perf_counter()
    with _terminable(stop):
        run_workload(workload, tracer, done=teller.count, stop=stop, lag_interval=_LAG_INTERVAL)
    wall = time.perf_counter() - began
    if not tell or teller.finish():
        end = {"type": "done", "wall_s": round(wall, 6), "dropped": tracer.dropped}
        teller.write([{**end, "stopped": stop.is_set(), "workers": workload.workers}])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
