"""What the tabs draw and say about events that are made up, and what the tasks refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_desktop.dashboard import charts, freeze, here, rows, shipping, tasks


def beats(mode: str, *gaps: float) -> dict[str, Any]:
    return {"type": "beats", "mode": mode, "gaps": list(gaps)}


def test_the_freeze_lab_says_whether_a_thread_cures_it() -> None:
    ends = [{"type": "work", "mode": mode, "s": 1.0} for mode in tasks.MODES]
    told = [beats("ui", 10, 900), beats("thread", 10), beats("thread", 880), beats("process", 12)]
    sorting = Seen([*told, *ends], options={"kind": "sort"})

    assert freeze.finding(sorting) == (
        "sort: the window is frozen for **900 ms** on the UI thread. A thread does not cure it: "
        "**880 ms**. In a process the longest gap is **12 ms**."
    )
    gaps = freeze.gaps_of(sorting.of("beats"))
    assert gaps["thread"] == [10, 880]
    assert len(freeze.figure_of(gaps).data) == 3
    assert list(freeze.bars_of(gaps).data[0].x) == [900, 880, 12]
    looping = Seen([beats("ui", 900), beats("thread", 30), beats("process", 12), *ends])
    assert "A thread cures it" in freeze.finding(looping)
    assert freeze.finding(Seen(told)) == ""


def test_toolkits_are_ranked() -> None:
    found = [
        {"type": "toolkit", "toolkit": name, "ms": ms, "rss": rss}
        for name, ms, rss in (("kivy", 900.0, 200.0), ("tk", 200.0, 50.0))
    ]

    assert here.finding(Seen(found)) == (
        "tk paints first, **4.5x** sooner than kivy; tk takes least memory, **50 MB**."
    )
    assert list(here.bars_of(found, "ms", "t", "ms").data[0].y) == ["tk", "kivy"]
    assert here.finding(Seen(found[:1])) == ""


def test_tables_are_compared_at_the_size_that_both_have() -> None:
    told = [
        {"type": "table", "kind": kind, "rows": count, "load": load, "leap": 1.0, "rss": rss}
        for kind, count, load, rss in (
            ("window", 1_000, 5.0, 50.0),
            ("eager", 1_000, 50.0, 52.0),
            ("window", 10_000, 6.0, 50.0),
            ("eager", 10_000, 500.0, 80.0),
        )
    ]

    assert rows.finding(Seen(told)) == (
        "10,000 rows in the widget take **500 ms** and **80 MB**; a window over them **6 ms** and "
        "**50 MB**."
    )
    assert len(rows.figure_of(told, "load", "t").data) == 2
    assert rows.finding(Seen(told[:2])) == ""


@pytest.mark.parametrize(("method", "spike"), [("stride", "lost"), ("lttb", "kept")])
def test_the_chart_says_what_became_of_the_spike(method: str, spike: str) -> None:
    options = {"method": method, "kept": 200, "points": 10_000}

    assert f"the spike is **{spike}**" in charts.finding(Seen(options=options))
    assert len(charts.figure_of(options).data) == 2


def test_a_bundle_is_a_treemap() -> None:
    built = {"type": "built", "mb": 50.0, "files": 900, "build_s": 9.0}
    built |= {"largest": [["libpython.so", 20.0], ["libtk.so", 5.0]]}

    (tree,) = shipping.treemap_of(built).data
    assert list(tree.values) == [20.0, 5.0, 25.0]
    assert shipping.finding(Seen([built])) == (
        "**50 MB** in 900 files; the largest, libpython.so, is **40%** of it."
    )
    assert shipping.finding(Seen([])) == ""


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda: tasks.freeze("dig"), "choose one of loop"),
        (lambda: tasks.freeze(where="there"), "choose all three"),
        (lambda: tasks.rows("gtk"), "choose one of tk"),
        (lambda: tasks.rows(upto=5), "choose one of 1000"),
        (lambda: tasks.bundle("tk", "tar"), "choose one of pyinstaller"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_choices(
    ask: Callable[[], Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        list(ask())


def test_the_freeze_lab_hears_a_window() -> None:
    told = list(tasks.freeze("sleep", "thread"))
    seen = Seen(told)

    assert told[0] == {"type": "plan", "total": 1}
    assert told[-1]["type"] == "work"
    assert sum(freeze.gaps_of(seen.of("beats"))["thread"]) >= 1_000 * tasks.SECONDS * 0.9
