"""Repair: what is broken is repaired, and what is innocent is left alone."""

from __future__ import annotations

import pytest

from velvet_text import mojibake
from velvet_text.errors import TextError
from velvet_text.samples.mojibake import INNOCENT, broken


def test_at_most_two_percent_of_the_innocent_are_damaged() -> None:
    damaged = [text for text in INNOCENT if mojibake.repair(text).text != text]

    assert len(INNOCENT) >= 60
    assert len(damaged) <= 0.02 * len(INNOCENT), damaged


def test_more_is_repaired_than_by_the_naive_way_which_does_harm() -> None:
    pairs = broken()
    ours = sum(mojibake.repair(text).text == good for text, good in pairs)
    naive = sum(mojibake.repair_naive(text) == good for text, good in pairs)

    assert len(pairs) >= 60
    assert ours >= 0.8 * len(pairs)
    assert naive < ours
    assert sum(mojibake.repair_naive(text) != text for text in INNOCENT) >= 0.05 * len(INNOCENT)


def test_layers_are_undone_one_at_a_time_and_the_plan_can_be_replayed() -> None:
    text = "“naïve”"
    for _ in range(3):
        text = text.encode().decode("cp1252") if text.isascii() else _misread(text)

    done = mojibake.repair(text)

    assert (done.text, len(done.steps)) == ("“naïve”", 3)
    assert mojibake.apply_plan(text, done.steps) == done.text
    assert mojibake.plan(text).count("->") == 5
    assert mojibake.repair(text, max_rounds=1).text != done.text
    assert mojibake.plan("plain") == "nothing to do"


def _misread(text: str) -> str:
    return "".join(mojibake._sloppy_byte(byte, "cp1252") for byte in text.encode())


def test_the_holes_of_a_code_page_stand_for_controls() -> None:
    assert mojibake.encode_sloppy("a\x81é", "cp1252") == b"a\x81\xe9"
    with pytest.raises(UnicodeEncodeError):
        mojibake.encode_sloppy("日", "cp1252")
    with pytest.raises(UnicodeEncodeError):
        mojibake.encode_sloppy("\x80", "cp1252")  # no hole: the euro sign has this byte


def test_every_repairer_takes_every_text(hard_text: str) -> None:
    for call in (mojibake.repair_naive, mojibake.repair_ftfy, mojibake.plan):
        assert isinstance(call(hard_text), str)
    assert mojibake.repair(hard_text).text == hard_text


def test_four_layers_are_undone_and_no_more() -> None:
    layers = ["naïve café"]
    for _ in range(5):
        layers.append(_misread(layers[-1]))

    assert mojibake.repair(layers[4]).text == layers[0]
    assert mojibake.repair(layers[5]).text == layers[1]
    assert mojibake.repair(layers[5], max_rounds=5).confidence == 1


def test_a_round_is_needed() -> None:
    with pytest.raises(TextError, match="max_rounds"):
        mojibake.repair("Ã©", max_rounds=0)
