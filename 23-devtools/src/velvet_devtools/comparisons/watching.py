"""What it costs to watch a program: tracers, profilers, log lines, a debugger that attaches."""

from __future__ import annotations

import logging
import logging.handlers
import queue
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from velvet.bench import Absent, Outcome, Suite, Timed, ratio, speedup, value
from velvet_devtools.debug import dap
from velvet_devtools.debug.recorder import BACKENDS, Recorder
from velvet_devtools.profiling import PROFILERS
from velvet_devtools.samples.log_styles import STYLES

TURNS = 300
LOOP = """\
import pathlib, sys, time
pathlib.Path(sys.argv[1]).touch()
n = 0
while True:
    n += 1
    m = n * 2
    time.sleep(0.001)
"""


def recorded(turns: int) -> int:
    """Change three small names beside two containers of two hundred items."""
    table = {n: str(n) for n in range(200)}
    rows = list(range(200))
    total = 0
    for turn in range(turns):
        half = turn // 2
        total += half
    return total + len(table) + len(rows)


def other(turns: int) -> int:
    """Call a small function many times; it is not among those that are recorded."""
    return sum(small(n) for n in range(turns * 100))


def small(n: int) -> int:
    """Return a half."""
    return n // 2


def _traced(name: str, code: str) -> Callable[[], int]:
    work = recorded if code == "recorded" else other
    if name == "none":
        return lambda: work(TURNS)
    backend, mode = name.split("_")
    if backend not in BACKENDS:
        raise Absent("sys.monitoring came with Python 3.12")

    def call() -> int:
        with Recorder([recorded], backend=backend, mode=mode):  # type: ignore[arg-type]
            return work(TURNS)

    return call


def _calls() -> int:
    return sum(small(n) for n in range(120_000))


def _profiled(name: str) -> Callable[[], Any]:
    if name == "none":
        return _calls
    if name == "pyinstrument":
        import pyinstrument  # noqa: F401 - fails here when it is not installed

    def call() -> int:
        found: list[int] = []
        PROFILERS[name](lambda: found.append(_calls()))
        return found[0]

    return call


def _logged(name: str) -> Iterator[Callable[[], None]]:
    if name in STYLES:
        yield STYLES[name]
        return
    log = logging.getLogger(f"velvet_devtools.bench.{name}")
    log.propagate = False
    log.setLevel(logging.DEBUG)
    with TemporaryDirectory() as folder:
        file = logging.FileHandler(Path(folder) / "log.txt", encoding="utf-8")
        line: queue.SimpleQueue[Any] = queue.SimpleQueue()
        handler: logging.Handler = file
        if name == "queue handler":
            handler = logging.handlers.QueueHandler(line)
        log.addHandler(handler)
        words = {"items": list(range(12)), "name": "ada"}
        yield lambda: log.debug("order %s of %s", words, words["name"])
        log.removeHandler(handler)
        handler.close()
        file.close()


def _attached() -> Iterator[Timed]:
    with TemporaryDirectory() as folder:
        script = Path(folder).resolve() / "loop.py"
        script.write_text(LOOP, encoding="utf-8")

        def call() -> Outcome:
            running = Path(folder) / "running"
            running.unlink(missing_ok=True)
            began = time.perf_counter()
            with dap.target([str(script), str(running)], wait=False) as target:
                while not running.exists():  # the program is in its loop before a debugger comes
                    if target.child.poll() is not None:
                        raise RuntimeError("the program has ended before it was attached to")
                    time.sleep(0.005)
                ready = time.perf_counter()
                with dap.DapSession(target.port) as session:
                    session.attach({script: [dap.Breakpoint(6)]})
                    session.wait_stopped()
                    hit = time.perf_counter()
                    seen = int(session.variables()["n"]) > 0
            return Outcome({"ready": ready - began}, seconds=hit - ready, result=seen)

        yield Timed(call)


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    tracers = suite.comparison(
        "tracer_cost", title="A recorder around code that it records, and around other code",
        unit="us", sizes={"code": ["recorded", "other"]}, rounds={"quick": 4, "default": 10},
    )  # fmt: skip
    names = [
        "none",
        *(
            f"{backend}_{mode}"
            for backend in ("monitoring", "settrace")
            for mode in ("delta", "full")
        ),
    ]
    for name in names:
        tracers.add(name, partial(_traced, name), baseline=name == "none")
    profilers = suite.comparison(
        "profiler_cost", title="120,000 small calls under a profiler", unit="ms",
        rounds={"quick": 3, "default": 8},
    )  # fmt: skip
    for name in ("none", *PROFILERS):
        profilers.add(name, partial(_profiled, name), baseline=name == "none")
    lines = suite.comparison(
        "log_cost", title="One line of a log", unit="ns", rounds={"quick": 6, "default": 15}
    )
    for name in (*STYLES, "file handler", "queue handler"):
        lines.add(name, partial(_logged, name), baseline=name == "disabled lazy")
    attach = suite.comparison(
        "attach", title="From attaching to a running program until it stands at a breakpoint",
        unit="s", kind="run", metrics={"ready": "s"}, rounds={"quick": 2, "default": 5},
    )  # fmt: skip
    attach.add("debugpy", _attached, needs="debugpy")
    attach.check(lambda seen: seen is True)
    tracers.same_result()
    profilers.same_result()

    modern = ["python>=3.12"] if sys.version_info < (3, 12) else []
    if not modern:
        suite.claim(
            "sys.monitoring costs code that is not recorded nearly nothing",
            ratio("tracer_cost", "monitoring_delta", "none", code="other") <= 1.5,
        )
        suite.claim(
            "a delta costs a part of all locals",
            speedup("tracer_cost", "monitoring_delta", "monitoring_full", code="recorded") >= 2,
        )
    suite.claim(
        "sys.settrace asks at every call of code that is not recorded",
        ratio("tracer_cost", "settrace_delta", "none", code="other") >= 1.4,
    )
    suite.claim(
        "a line below the level is several times cheaper when its text is made late",
        speedup("log_cost", "disabled lazy", "disabled f-string") >= 3,
    )
    suite.claim("cProfile pays for every call", ratio("profiler_cost", "cprofile", "none") >= 1.5)
    suite.claim("our sampler costs little", ratio("profiler_cost", "sampler", "none") <= 1.5)
    suite.claim(
        "a breakpoint in a running program is hit within a second of attaching",
        value("attach", "debugpy", "time") <= 1, needs="calm",
    )  # fmt: skip
