"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from velvet_devtools.debug.recorder import Recorder
from velvet_devtools.debug.trace import Trace

ROUNDS = 5


def _record(program: str) -> Trace:
    from velvet_devtools.samples.programs import PROGRAMS

    targets, call = PROGRAMS[program]
    with Recorder(targets) as recorder:
        try:
            call()
        except ZeroDivisionError as error:  # one of the programs ends so, on purpose
            del error
    return recorder.trace


def travel(program: str, against: str) -> Iterator[dict[str, Any]]:
    """Record a program, and where it parts from another run."""
    from velvet_devtools.samples.programs import PROGRAMS

    trace = _record(program)
    rows = trace.as_rows()
    yield {"type": "plan", "total": len(rows) + 1}
    for target in PROGRAMS[program][0]:
        lines, first = inspect.getsourcelines(target)
        name = getattr(target, "__name__", "")
        yield {
            "type": "source",
            "function": name,
            "first": first,
            "lines": [one.rstrip() for one in lines],
        }
    for row in rows:
        yield {"type": "step", **row}
    parted = trace.diff(_record(against)) if against in PROGRAMS and against != program else None
    yield {
        "type": "end",
        "steps": len(rows),
        "parted": parted.step if parted else -1,
        "reason": parted.reason if parted else "",
    }


def defects() -> Iterator[dict[str, Any]]:
    """Run every checker on the corpus, the quick ones first."""
    from velvet_devtools import matrix
    from velvet_devtools.samples.defects import defects as corpus

    slow = ("pylint", "mypy", "pyright", "basedpyright", "flake8")
    choices = sorted(matrix.CHOICES, key=lambda one: one[0] in slow)
    yield {"type": "plan", "total": len(choices)}
    known = [{"stem": d.stem, "kind": d.kind, "source": d.source, "line": d.line} for d in corpus()]
    yield {"type": "corpus", "defects": known}
    for row in matrix.rows(choices):
        yield {
            "type": "row", "name": row.name, "tool": row.tool, "found": sorted(row.found),
            "alarms": sorted(row.false_alarms), "noise": row.noise, "seconds": row.seconds,
            "status": row.status.value, "words": row.words,
        }  # fmt: skip


def _tracers() -> dict[str, Callable[[], Any]]:
    from velvet_devtools.debug.recorder import BACKENDS
    from velvet_devtools.samples import programs

    order = programs.items(1_500)[:1_500]

    def call(backend: str, mode: str, target: Any) -> Callable[[], Any]:
        def run() -> Any:
            with Recorder([target], backend=backend, mode=mode):  # type: ignore[arg-type]
                return programs.add_up(order)

        return run

    found: dict[str, Callable[[], Any]] = {"no recorder": lambda: programs.add_up(order)}
    for backend in BACKENDS:
        found[f"{backend}, another function"] = call(backend, "delta", programs.fibonacci)
        found[f"{backend}, delta"] = call(backend, "delta", programs.add_up)
        found[f"{backend}, all locals"] = call(backend, "full", programs.add_up)
    return found


def _profilers() -> dict[str, Callable[[], Any]]:
    from velvet_devtools.profiling import PROFILERS
    from velvet_devtools.samples import programs

    def work() -> int:
        return programs.fibonacci(19)

    found: dict[str, Callable[[], Any]] = {"no profiler": work}
    for name, profiler in PROFILERS.items():
        found[name] = partial(profiler, work)
    return found


def _logs() -> dict[str, Callable[[], Any]]:
    from velvet_devtools.samples.log_styles import STYLES

    def many(style: Callable[[], None]) -> Callable[[], Any]:
        def run() -> None:
            for _ in range(1_000):
                style()

        return run

    return {name: many(style) for name, style in STYLES.items()}


SUBJECTS: dict[str, Callable[[], dict[str, Callable[[], Any]]]] = {
    "recorders": _tracers,
    "profilers": _profilers,
    "log lines": _logs,
}


def overhead(subject: str) -> Iterator[dict[str, Any]]:
    """Time each way of watching the same work: the least CPU time of a few calls."""
    entries = SUBJECTS[subject]()
    yield {"type": "plan", "total": len(entries)}
    for name, call in entries.items():
        best = float("inf")
        try:
            for _ in range(ROUNDS):
                began = time.thread_time()
                call()
                best = min(best, time.thread_time() - began)
        except ImportError:
            yield {"type": "absent", "name": name}
            continue
        yield {"type": "time", "name": name, "ms": best * 1e3}


def renames(file: str) -> Iterator[dict[str, Any]]:
    """Rename a function of a standard-library module in three ways."""
    from velvet_devtools import codemods
    from velvet_devtools.contenders.renames import RENAMES
    from velvet_devtools.samples import corpus

    source = (corpus.LIBRARY / file).read_text(encoding="utf-8")
    old = next(iter(corpus.functions(source)))
    yield {"type": "plan", "total": len(RENAMES)}
    yield {"type": "source", "text": source, "old": old}
    for way in sorted(RENAMES, reverse=True):
        made = RENAMES[way](source, old, f"new_{old}")
        yield {
            "type": "way", "name": way, "text": made,
            "comments": codemods.comments(made.encode()).total(),
            "of": codemods.comments(source.encode()).total(),
            "wrong": corpus.wrong_edits(source, made, old, f"new_{old}"),
        }  # fmt: skip


def health(part: str) -> Iterator[dict[str, Any]]:
    """Look at a part of this repository: each check as it is done, then the hot spots."""
    from velvet_devtools import health as checks

    root = Path(__file__).resolve().parents[4]
    repository = checks.Repository(root / part if part != "everything" else root)
    yield {"type": "plan", "total": len(checks.CHECKS) + 1}
    for name, weight, check in checks.CHECKS:
        passed, reason = check(repository)
        yield {"type": "check", "name": name, "weight": weight, "passed": passed, "reason": reason}
    for spot in checks.hot_spots(repository, 40):
        yield {
            "type": "spot", "path": spot.path, "changes": spot.changes,
            "complexity": spot.complexity, "done": len(checks.CHECKS) + 1,
        }  # fmt: skip
