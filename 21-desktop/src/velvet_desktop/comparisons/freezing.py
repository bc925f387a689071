"""What freezes a window: the work, where it runs, and how often it reports."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Metric, Outcome, Suite, Timed, ratio, speedup
from velvet_desktop.comparisons.windows import board_of, needed
from velvet_desktop.contenders import FOUR
from velvet_desktop.core import work
from velvet_desktop.core.dispatch import Coalescer, Dispatcher
from velvet_desktop.core.jobs import Mode
from velvet_desktop.display import virtual_display
from velvet_desktop.windows import Window

MODES: tuple[Mode, ...] = ("ui", "thread", "process")
SECONDS = 0.5
KEYS = 10
MS = Metric("ms")


def _gaps(toolkit: str, mode: Mode, kind: str) -> Iterator[Callable[[], Outcome]]:
    needed(toolkit)
    size = work.sized(kind, SECONDS)
    place: Any = nullcontext() if toolkit == "headless" else virtual_display()
    with tempfile.TemporaryDirectory() as folder, place as screen:
        board_of(Path(folder), 100)
        with Window(toolkit, Path(folder), screen.name if screen else "") as window:
            window.wait_for("ready")
            window.ask("work", "work", kind="sleep", mode=mode, size=1)  # the worker is warm

            def run() -> Outcome:
                told = window.ask("work", "work", kind=kind, mode=mode, size=size)
                gaps = sorted(told["gaps"])
                figures = {"p50": statistics.median(gaps), "whole": told["s"] * 1e3}
                return Outcome(figures, seconds=gaps[-1] / 1e3)

            yield run


def _storm(coalesced: bool, updates: int) -> Timed:
    dispatcher, shown = Dispatcher(), [0, 0]

    def show(_: object, value: int) -> None:
        shown[0], shown[1] = value, shown[1] + 1

    storm = Coalescer(dispatcher, show)

    def run() -> int:
        shown[1] = 0
        for number in range(1, updates + 1):
            if coalesced:
                storm.offer(number % KEYS, number)
            else:
                dispatcher.post(partial(show, 0, number))
        dispatcher.run_pending()
        return shown[0]

    return Timed(run, metrics=lambda: {"delivered": shown[1]})


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    freeze = suite.comparison(
        "freeze",
        title="Half a second of work: the longest gap between two beats of the window",
        kind="run",
        unit="ms",
        sizes={"work": list(work.KINDS)},
        quick=lambda work: work in ("loop", "sort"),
        rounds={"quick": 1, "default": 3, "full": 7},
        metrics={"p50": MS, "whole": MS},
    )
    for mode in MODES:
        freeze.add(mode, partial(_mode, mode), baseline=mode == "ui")

    toolkits = suite.comparison(
        "freeze_toolkits",
        title="Half a second of a Python loop in each toolkit: the longest gap",
        kind="run",
        unit="ms",
        sizes={"mode": list(MODES)},
        rounds={"default": 2, "full": 7},
        metrics={"p50": MS, "whole": MS},
        tier="default",
    )
    for name in FOUR:
        toolkits.add(name, partial(_toolkit, name))

    storm = suite.comparison(
        "update_storm",
        title=f"Updates of {KEYS} values between two frames, until all are shown",
        unit="us",
        sizes={"updates": [1_000, 10_000]},
        quick=lambda updates: updates == 1_000,
        metrics={"delivered": Metric("updates")},
    )
    storm.add("a_post_each", partial(_storm, False), baseline=True)
    storm.add("coalesced", partial(_storm, True))
    storm.same_result()

    for kind in ("sort", "regex"):
        suite.claim(
            f"a process cures what a thread does not, {kind}: at least 3x shorter gaps",
            ratio("freeze", "thread", "process", work=kind) >= 3,
            needs="cores>=2",
            tier="quick" if kind == "sort" else "default",
        )
    suite.claim(
        "a Python loop in a thread: gaps at least 3x shorter than on the UI thread",
        speedup("freeze", "thread", "ui", work="loop") >= 3,
    )
    suite.claim(
        "zlib lets go of the lock: gaps at least 3x shorter in a thread than on the UI thread",
        speedup("freeze", "thread", "ui", work="zlib") >= 3,
        needs="cores>=2",
        tier="default",
    )
    suite.claim(
        "coalescing shows at most a hundredth of 10,000 updates",
        ratio("update_storm", "coalesced", "a_post_each", "delivered", updates=10_000) <= 0.01,
        tier="default",
    )


def _mode(mode: Mode, work: str) -> Iterator[Callable[[], Outcome]]:
    return _gaps("headless", mode, work)


def _toolkit(toolkit: str, mode: Mode) -> Iterator[Callable[[], Outcome]]:
    return _gaps(toolkit, mode, "loop")
