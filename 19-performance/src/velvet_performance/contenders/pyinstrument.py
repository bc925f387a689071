"""pyinstrument: samples of the wall clock, taken inside the process at a call; one thread only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from velvet_performance.contenders import Watch, missing
from velvet_performance.profiles import Profile, from_stacks
from velvet_performance.stacks import Stacks, dump_collapsed, parse_collapsed

KIND, MEASURES, PACKAGE, SCALE = "sampling", "wall", "pyinstrument", 1.0
VARIANTS, MAJORS = ("",), (5,)
INTERVAL_S, FILE = 0.001, "run.collapsed"


def available() -> str:
    """Look for the distribution."""
    return missing(PACKAGE)


def record(call: Callable[[], Any], watch: Watch) -> Any:
    """Watch a call, and write its stacks in seconds."""
    from pyinstrument import Profiler

    profiler = Profiler(interval=INTERVAL_S, async_mode="enabled")
    profiler.start()
    try:
        return call()
    finally:
        session = profiler.stop()
        weights: dict[tuple[str, ...], float] = {}
        _collect(session.root_frame(), (), weights)
        text = f"# {session.sample_count} samples\n{dump_collapsed(Stacks(weights))}"
        (watch.folder / FILE).write_text(text, encoding="utf-8")


def _collect(frame: Any, above: tuple[str, ...], into: dict[tuple[str, ...], float]) -> None:
    """Turn the tree of a session into stacks; own time stands in frames named in brackets."""
    if frame is None:
        return
    synthetic = str(frame.function).startswith("[")
    path = above if synthetic else (*above, str(frame.function))
    inner = sum(child.time for child in frame.children)
    if frame.time > inner and path:
        into[path] = into.get(path, 0.0) + frame.time - inner
    for child in frame.children:
        _collect(child, path, into)


def read(watch: Watch) -> Profile:
    """Return the profile of the file that `record` wrote."""
    text = (watch.folder / FILE).read_text(encoding="utf-8")
    samples = int(text.split()[1])
    return from_stacks(
        parse_collapsed(text).under("profiled_region"), unit="seconds", samples=samples
    )
