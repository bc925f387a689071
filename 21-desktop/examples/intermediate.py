"""Intermediate examples: freezes measured, a million rows, themes audited, a chart thinned out."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from velvet.examples import example, main
from velvet_desktop.core import chart, theme, work
from velvet_desktop.core.rows import RowWindow
from velvet_desktop.windows import Window


@example("freeze_meter")
def freeze_meter() -> None:
    """Measure the longest gap between two beats of a window, by kind of work and where it runs."""
    longest: dict[tuple[str, str], float] = {}
    with tempfile.TemporaryDirectory() as folder, Window("headless", Path(folder)) as window:
        window.wait_for("ready")
        for kind in ("loop", "sort"):
            size = work.sized(kind, 0.15)
            for mode in ("ui", "thread", "process"):
                told = window.ask("work", "work", kind=kind, mode=mode, size=size)
                longest[kind, mode] = max(told["gaps"])
    worst = max(longest.values())
    print("longest gap between two beats of 10 ms")
    for (kind, mode), gap in longest.items():
        print(f"{kind:6}{mode:9}{gap:7.0f} ms  {'#' * max(1, round(gap / worst * 40))}")
    print("why: `sorted` is one call into C; a thread cannot let go of the lock inside it")


@example("million_rows")
def million_rows() -> None:
    """Scroll through up to a million rows with a window that never keeps more than 4,096."""
    print(f"{'rows':>9}{'open ms':>10}{'leap p95 ms':>13}{'kept':>7}{'fetches':>9}")
    for count in (1_000, 100_000, 1_000_000):
        begun = time.perf_counter()
        rows: RowWindow[str] = RowWindow(
            lambda start, stop: [f"task {row}" for row in range(start, stop)], count
        )
        first = rows.rows(0, 16)
        opened = (time.perf_counter() - begun) * 1e3
        assert first[0] == "task 0"
        leaps = []
        for number in range(200):
            at = number * 7_919 * 131 % (count - 16)
            begun = time.perf_counter()
            page = rows.rows(at, at + 16)
            leaps.append((time.perf_counter() - begun) * 1e3)
            assert page[0] == f"task {at}"
        p95 = sorted(leaps)[190]
        print(f"{count:>9,}{opened:>10.2f}{p95:>13.2f}{len(rows):>7,}{rows.fetched:>9}")
    print("why: the cost is that of the rows on the screen, not of those that there are")


@example("theme_audit")
def theme_audit() -> None:
    """Check every pair of colours of three themes against WCAG, then break one and see it found."""
    for one in theme.THEMES.values():
        text = theme.contrast(one.text, one.surface)
        muted = theme.contrast(one.muted, one.raised)
        found = theme.audit(one)
        print(f"{one.name:14} text {text:5.1f}:1  muted {muted:4.1f}:1  violations {len(found)}")
    light = theme.THEMES["light"]
    pale = theme.Theme(
        "pale",
        *(light.surface, light.raised, light.text, "#a9a3b1", light.accent),
        *(light.on_accent, light.danger, light.line),
    )
    for sentence in theme.audit(pale):
        print(f"  {sentence}")
    print(f"as a Qt style sheet: {len(theme.to_qss(light).splitlines())} lines")
    print(f"as Kivy takes it: {tuple(round(part, 2) for part in theme.rgba(light.accent))}")
    print("why: tokens are checked once, and handed to each toolkit in its own form")


@example("live_chart")
def live_chart() -> None:
    """Thin 200,000 points out to 400 in three ways and look for the one spike among them."""
    x, y, place = chart.spiky(200_000)
    print(f"{'method':8}{'points':>8}{'ms':>8}{'area error':>12}  spike")
    for name, method in chart.METHODS.items():
        begun = time.perf_counter()
        kept = method(x, y, 400)
        spent = (time.perf_counter() - begun) * 1e3
        spike = "kept" if y[place] in kept[1] else "lost"
        print(f"{name:8}{len(kept[0]):>8}{spent:>8.1f}{chart.error(x, y, kept):>12.1%}  {spike}")
    ring = chart.RingBuffer(1_000)
    for value in y[:5_000]:
        ring.append(float(value))
    same = bool(np.array_equal(ring.values(), y[4_000:5_000]))
    print(f"the ring holds the newest {len(ring):,} of 5,000 in order: {same}")
    print("why: every k-th point misses what is between; triangles keep what is seen")


if __name__ == "__main__":
    main()
