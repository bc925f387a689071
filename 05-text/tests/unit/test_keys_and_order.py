# ruff: noqa: RUF001 - letters that look alike are its subject
"""Comparison keys (UAX 15, Unicode 3.13) and collation (UTS 10)."""

from __future__ import annotations

import pytest

from velvet_text import collate, normalize
from velvet_text.errors import TextError
from velvet_text.normalize import LEVELS, canonical_key, same


# UAX 15, figures 3 to 6; Unicode 3.13 for case; the level at which two texts become equal.
@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        ("a", "a", "exact"), ("\u212b", "\u00c5", "canonical"), ("\u2126", "\u03a9", "canonical"),
        ("\u1e9b\u0323", "\u017f\u0323\u0307", "canonical"), ("\uac00", "\u1100\u1161", "canonical"),
        ("q\u0307\u0323", "q\u0323\u0307", "canonical"), ("É", "e\u0301", "caseless"),
        ("ß", "SS", "caseless"), ("Σ", "ς", "caseless"), ("İ", "i\u0307", "caseless"),
        ("\u0345", "ι", "caseless"), ("ﬁ", "fi", "caseless"), ("½", "1\u20442", "compat"),
        ("２", "2", "compat"), ("²", "2", "compat"), ("ſ", "s", "caseless"), ("㎏", "KG", "compat"),
        ("é", "E", "search"), ("a\u200bb", "AB", "search"), ("\u00ad", "", "search"),
    ],
)  # fmt: skip
def test_the_level_at_which_two_texts_become_equal(a: str, b: str, level: normalize.Level) -> None:
    equal = [each for each in LEVELS if same(a, b, each)]

    assert equal == list(LEVELS[LEVELS.index(level) :])


def test_a_dotless_i_stays_another_letter() -> None:
    assert not same("ı", "i", "compat")


def test_names_that_collide_are_reported_for_each_level() -> None:
    report = normalize.stable_key_report(["Ann", "ann", "än\u200bn", "bob", "bob"])

    assert report == {
        "canonical": [],
        "caseless": [["Ann", "ann"]],
        "compat": [["Ann", "ann"]],
        "search": [["Ann", "ann", "än\u200bn"]],
    }
    with pytest.raises(TextError, match="level"):
        canonical_key("x", "fuzzy")  # type: ignore[arg-type]


def test_every_key_takes_every_text(hard_text: str) -> None:
    for level in LEVELS:
        assert isinstance(canonical_key(hard_text, level), str)
    for name in collate.sort_report([hard_text, "a"]):
        collate.collator(name)(hard_text)


# UTS 10, section 1: accents count only where letters are equal, case only where accents are.
@pytest.mark.parametrize(
    "ordered",
    [
        ["cote", "coté", "côte", "côté"], ["role", "Role", "rôle", "roles", "rule"],
        ["a", "A", "á", "b", "é", "f", "z"], ["of course", "off", "often"], ["Ab", "ÀB", "ac"],
    ],
)  # fmt: skip
def test_pyuca_orders_the_examples_of_uts_10(ordered: list[str]) -> None:
    assert sorted(set(ordered), key=collate.collator("pyuca")) == ordered


def test_code_points_put_accents_behind_z() -> None:
    words = ["zoo", "école", "Zebra", "apple"]
    report = collate.sort_report(words)

    assert report["code_point"] == ["Zebra", "apple", "zoo", "école"]
    assert report["pyuca"] == ["apple", "école", "Zebra", "zoo"]
    assert collate.order_errors(words, "code_point") > collate.order_errors(words, "strip_marks")
    with pytest.raises(TextError, match="collator"):
        collate.collator("alphabet")


def test_icu_tailors_an_order_to_a_language() -> None:
    pytest.importorskip("icu", reason="PyICU has no wheels: apt install python3-icu libicu-dev")
    words = ["zebra", "ärlig", "apa"]

    assert sorted(words, key=collate.icu("sv")) == ["apa", "zebra", "ärlig"]
    assert sorted(words, key=collate.icu("de")) == ["apa", "ärlig", "zebra"]
