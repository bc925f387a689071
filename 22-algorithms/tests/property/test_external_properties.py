"""An external sort gives what `sorted` gives, whatever the lines, the limits and the passes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms import external
from velvet_algorithms.external import Spill, external_sort

LINES = st.lists(st.text(st.characters(exclude_characters="\n"), max_size=5), max_size=60)


@settings(max_examples=60, deadline=None)
@given(LINES, st.integers(1, 70))
def test_lines_come_in_the_order_of_sorted(lines: list[str], limit: int) -> None:
    assert list(external_sort(lines, max_lines=limit)) == sorted(lines)


@settings(max_examples=30, deadline=None)
@given(LINES, st.integers(1, 2000))
def test_a_limit_in_bytes_gives_the_same(lines: list[str], limit: int) -> None:
    assert list(external_sort(lines, max_bytes=limit)) == sorted(lines)


@settings(max_examples=30, deadline=None)
@given(LINES, st.integers(1, 9))
def test_lines_with_one_key_keep_their_order(lines: list[str], limit: int) -> None:
    assert list(external_sort(lines, max_lines=limit, key=len)) == sorted(lines, key=len)


def test_many_runs_are_merged_in_several_passes_and_stay_stable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(external, "FAN_IN", 3)
    lines = [f"{number * 7 % 10}-{number:03}" for number in range(100)]
    spill = Spill()

    found = list(external_sort(lines, max_lines=4, key=lambda line: line[0], spill=spill))

    assert found == sorted(lines, key=lambda line: line[0])
    # 25 runs of 4 lines: 8 merges of 3 runs, of those 2 merges of 3 again; 3 passes at most.
    assert spill == Spill(runs=25, merges=10, passes=3)


def test_what_fits_into_memory_never_touches_the_disk() -> None:
    spill = Spill()

    assert list(external_sort(["b", "a"], max_lines=2, spill=spill)) == ["a", "b"]

    assert spill == Spill()
