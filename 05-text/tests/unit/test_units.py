"""Lengths, cutting and slices; samples of UAX 29; what three engines disagree about."""

from __future__ import annotations

import tracemalloc

import pytest

from velvet_text import units
from velvet_text.errors import TextError

FAMILY = "👨‍👩‍👧‍👦"


def test_a_family_has_five_lengths() -> None:
    assert units.lengths(FAMILY) == units.Lengths(25, 11, 7, 1, 2)


# UAX 29, tables 1a to 1c: each list is a text cut into extended grapheme clusters.
UAX_29 = [
    ["g̈"], ["각"], ["\u1100\u1161\u11a8"], ["ก"], ["நி"], ["e\u0301\u0301", "x"], ["\r\n"], ["\n", "\r"],
    ["a", "\u200b", "b"], ["🇨🇭", "🇫🇷"], ["🇨🇭", "🇫"], [FAMILY, "!"], ["👍🏽"], ["\u0600a"], ["1️⃣"],
    ["a\u200d", "👩"], ["\u200d"], ["\x00", "\u0301"],
]  # fmt: skip


@pytest.mark.parametrize("clusters", UAX_29, ids=ascii)
@pytest.mark.parametrize("engine", list(units.GRAPHEME_ENGINES))
def test_samples_of_uax_29(clusters: list[str], engine: units.Engine) -> None:
    assert units.graphemes("".join(clusters), engine) == clusters


@pytest.mark.parametrize(
    ("text", "limit", "unit", "cut"),
    [
        ("café", 4, "graphemes", "café"), ("cafés", 4, "graphemes", "caf…"), ("日本語", 4, "columns", "日…"),
        ("日本語", 6, "utf8", "日…"), ("🤦🤦", 3, "utf16", "🤦…"), (FAMILY + "x", 1, "graphemes", "…"),
        ("abc", 0, "graphemes", ""), ("日本語", 2, "utf8", ""), ("e\u0301a", 2, "code_points", "…"),
    ],
)  # fmt: skip
def test_cutting_counts_the_ellipsis(text: str, limit: int, unit: units.Unit, cut: str) -> None:
    assert units.truncate(text, limit, unit) == cut


@pytest.mark.parametrize(("start", "end"), [(0, 2), (2, 3), (-1, 1), (0, 9), (3, 1)])
def test_a_cut_pair_or_an_offset_outside_is_refused(start: int, end: int) -> None:
    with pytest.raises(TextError):
        units.slice_utf16("a🤦b", start, end)


def test_every_offset_cuts_between_characters_or_is_refused() -> None:
    text = "🤦b🤦🤦\uffffc"
    starts = {0: 0, 2: 1, 3: 2, 5: 3, 7: 4, 8: 5, 9: 6}  # UTF-16 offset -> code point

    for start in range(10):
        for end in range(start, 10):
            if start in starts and end in starts:
                assert units.slice_utf16(text, start, end) == text[starts[start] : starts[end]]
            else:
                with pytest.raises(TextError, match="inside a surrogate pair"):
                    units.slice_utf16(text, start, end)


def test_counting_and_cutting_keep_no_list_of_graphemes() -> None:
    text = "日" * 100_000
    tracemalloc.start()

    assert units.lengths(text).columns == 200_000
    assert len(units.truncate(text, 90_000)) == 90_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2 << 20


def test_padding_counts_columns() -> None:
    assert units.pad("日本", 6) == "日本  "
    assert units.pad("日本", 3) == "日本"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(TextError, match="engine"):
        units.graphemes("x", "icu")  # type: ignore[arg-type]
    with pytest.raises(TextError, match="unit"):
        units.truncate("x", 1, "letters")  # type: ignore[arg-type]
    with pytest.raises(TextError, match="negative"):
        units.truncate("x", -1)


def test_every_function_takes_every_text(hard_text: str) -> None:
    found = units.lengths(hard_text)

    assert found.code_points == len(hard_text)
    assert units.measure(units.truncate(hard_text, 100, "utf8"), "utf8") <= 100
    assert units.slice_utf16(hard_text, 0, found.utf16) == hard_text
