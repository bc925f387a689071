"""What holds for any script of steps: undo, windows over rows, coalescing, thinning, settings."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from velvet_desktop.core import chart
from velvet_desktop.core.dispatch import Coalescer, Dispatcher
from velvet_desktop.core.rows import RowWindow
from velvet_desktop.core.settings import Draft, Settings
from velvet_desktop.core.undo import Command, UndoStack

LIMIT = 6


class UndoMachine(RuleBasedStateMachine):
    """A stack against a list of the states that there were."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.text = ""
        self.stack = UndoStack(LIMIT, clock=lambda: self.now)
        self.past, self.future = [("", 0)], list[tuple[str, int]]()  # each state and its number
        self.made = self.saved = 0

    def _command(self, new: str, key: str = "") -> Command:
        old = self.text
        return Command(
            "edit", lambda: setattr(self, "text", new), lambda: setattr(self, "text", old), key
        )

    def _did(self) -> None:
        self.made += 1
        self.past = [*self.past, (self.text, self.made)][-LIMIT - 1 :]
        self.future = []

    @rule()
    def save(self) -> None:
        self.stack.mark_clean()
        self.saved = self.past[-1][1]

    @rule(letter=st.sampled_from("abc"))
    def push(self, letter: str) -> None:
        self.now += 1
        self.stack.push(self._command(self.text + letter))
        self._did()

    @rule(letters=st.lists(st.sampled_from("xyz"), min_size=1, max_size=3))
    def macro(self, letters: list[str]) -> None:
        self.now += 1
        with self.stack.macro("several"):
            for letter in letters:
                self.stack.push(self._command(self.text + letter))
        self._did()

    @rule(letters=st.lists(st.sampled_from("mn"), min_size=2, max_size=4))
    def typed(self, letters: list[str]) -> None:
        self.now += 1
        for letter in letters:
            self.now += 0.1
            self.stack.push(self._command(self.text + letter, key=f"word {len(letters)}"))
        self._did()

    @rule()
    def undo(self) -> None:
        assert bool(self.stack.undo()) is (len(self.past) > 1)
        if len(self.past) > 1:
            self.future.append(self.past.pop())

    @rule()
    def redo(self) -> None:
        assert bool(self.stack.redo()) is bool(self.future)
        if self.future:
            self.past.append(self.future.pop())

    @invariant()
    def the_text_is_that_of_the_model(self) -> None:
        assert self.text == self.past[-1][0]
        assert self.stack.is_clean is (self.saved == self.past[-1][1])
        assert len(self.stack) == len(self.past) - 1 <= LIMIT
        assert self.stack.can_redo is bool(self.future)


UndoMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestUndo = UndoMachine.TestCase


@given(
    st.integers(1, 500),
    st.integers(1, 20),
    st.lists(st.tuples(st.sampled_from(["row", "answer", "renew"]), st.integers(0, 499))),
)
def test_a_window_shows_the_source_or_nothing_and_keeps_its_bound(
    count: int, page: int, script: list[tuple[str, int]]
) -> None:
    waiting: list[Any] = []
    factor = [1]

    def fetch_of(by: int) -> Any:
        return lambda start, stop: [row * by for row in range(start, stop)]

    rows: RowWindow[int] = RowWindow(
        fetch_of(1), count, submit=lambda *one: waiting.append(one), page=page, max_pages=3
    )
    for step, number in script:
        if step == "row" and number < count:
            assert rows.row(number) in (None, number * factor[0])
        elif step == "answer" and waiting:
            ask, done = waiting.pop(number % len(waiting))
            done(ask())
        elif step == "renew":
            factor[0] += 1
            rows.renew(fetch_of(factor[0]), count)
        assert len(rows) <= page * 3
    rows.row(count - 1)
    while waiting:
        ask, done = waiting.pop()
        done(ask())
    last = rows.row(count - 1)
    while waiting:
        ask, done = waiting.pop()
        done(ask())
    assert last == rows.row(count - 1) == (count - 1) * factor[0]


@given(st.lists(st.one_of(st.tuples(st.sampled_from("abc"), st.integers()), st.none())))
def test_coalescing_never_reorders_a_key_and_never_loses_the_last(script: list[Any]) -> None:
    dispatcher, told = Dispatcher(), list[tuple[Any, Any]]()
    storm = Coalescer(dispatcher, lambda key, value: told.append((key, value)))
    for step in [*script, None]:
        if step is None:
            dispatcher.run_pending()
        else:
            storm.offer(*step)

    offered = [step for step in script if step]
    for key in "abc":
        all_of = [value for one, value in offered if one == key]
        mine = [value for one, value in told if one == key]
        assert mine[-1:] == all_of[-1:]
        remaining = iter(all_of)
        assert all(any(value == other for other in remaining) for value in mine)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=200),
    st.integers(3, 50),
    st.sampled_from(sorted(chart.METHODS)),
)
def test_a_thinned_line_is_a_part_of_the_line_with_both_ends(
    values: list[float], n: int, name: str
) -> None:
    y = np.array(values)
    x = np.arange(len(values), dtype=np.float64)

    kept_x, kept_y = chart.METHODS[name](x, y, n)

    places = kept_x.astype(int)
    assert (np.diff(places) >= 0).all()
    assert (y[places] == kept_y).all()
    assert (places[0], places[-1]) == (0, len(values) - 1)
    assert len(places) <= max(n, 4) + 2 or len(values) <= n


def largest_triangles(x: Any, y: Any, n: int) -> list[int]:
    """Return what the definition keeps, bucket by bucket (Steinarsson 2013, section 4.2)."""
    edges = [*np.linspace(1, len(x) - 1, n - 1).astype(int), len(x)]
    kept = [0]
    for start, stop, end in zip(edges, edges[1:-1], edges[2:], strict=False):
        a, c = kept[-1], (x[stop:end].mean(), y[stop:end].mean())
        base = x[a] - c[0], c[1] - y[a]
        areas = [abs(base[0] * (y[b] - y[a]) - (x[a] - x[b]) * base[1]) for b in range(start, stop)]
        kept.append(int(start + np.argmax(areas)))
    return [*kept, len(x) - 1]


@given(st.integers(3, 30), st.integers(30, 200), st.integers(0, 10**6))
def test_the_largest_triangles_are_kept(n: int, length: int, seed: int) -> None:
    x, y = np.arange(float(length)), np.random.default_rng(seed).normal(0, 1, length)

    assert chart.lttb(x, y, n)[0].astype(int).tolist() == (
        largest_triangles(x, y, n) if n < length else list(range(length))
    )


@given(st.integers(0, 400), st.text(max_size=40))
@settings(deadline=None, max_examples=40)
def test_a_cut_file_is_the_defaults_or_whole_never_an_error(cut: int, draft: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.json"
        whole = Settings("dark", recent=["a.csv"])
        whole.save(path)
        text = path.read_text(encoding="utf-8")
        path.write_text(text[:cut], encoding="utf-8")
        kept = Draft(Path(folder) / "draft.json")
        kept.keep(draft)

        assert Settings.load(path) == (whole if cut >= len(text) else Settings())
        assert kept.recovered() == draft
