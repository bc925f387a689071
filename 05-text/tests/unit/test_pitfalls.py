"""The catalogue: every entry is run wrong and right on this Python."""

from __future__ import annotations

import pytest

from velvet_text.pitfalls import AREAS, CATALOGUE, Pitfall, search


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_the_wrong_way_is_wrong_and_the_right_way_is_right(entry: Pitfall) -> None:
    assert entry.is_shown, (entry.run(), entry.want)


def test_the_catalogue_covers_its_areas() -> None:
    assert len(CATALOGUE) == len({entry.id for entry in CATALOGUE}) >= 48
    assert {entry.area for entry in CATALOGUE} == set(AREAS)


def test_entries_are_found_by_words_and_area() -> None:
    assert [entry.id for entry in search("SHARP")] == ["sharp-s"]
    assert {entry.area for entry in search("", area="case")} == {"case"}
    assert search("no such words") == []


def test_an_error_is_an_answer() -> None:
    entry = Pitfall("x", "case", "t", "1/0", "1", "1", "", "")

    assert entry.run() == ("ZeroDivisionError", "1")
