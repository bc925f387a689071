# ruff: noqa: RUF001 - letters that look alike are its subject
"""What is hidden in a text, safe names for files, safe lines for logs."""

from __future__ import annotations

import time

import pytest

from velvet_text.errors import TextError
from velvet_text.inspect_text import inspect, safe_filename, safe_log, skeleton


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("plain text\n", []), ("a\u202eb", ["bidi-control"]), ("a\u200bb", ["zero-width"]),
        ("a\U000e0041", ["tag"]), ("\ud800", ["surrogate"]), ("\ufffe", ["noncharacter"]),
        ("\x07\x9b", ["control", "control"]), ("\ue000", ["private-use"]), ("e\u0301", ["not-nfc"]),
        ("pаypal", ["mixed-script"]), ("раура", ["confusable"]), ("привет", []), ("日本のテスト", []),
        ("scope αβγ", []), ("аα", ["mixed-script"]),
        ("\x1f\x7f\x9f", ["control"] * 3), ("\n\t ~\xa0", []),
        ("\ud800\udfff", ["surrogate", "surrogate"]),
        ("\ud7ff\ue000\uf8ff\uf900", ["not-nfc", "private-use", "private-use"]),
        ("\ufdcf\ufdd0\ufdef\ufdf0\uffff\U0001ffff", ["noncharacter"] * 4),
        ("\U000e0000\U000e007f\U000e0080", ["tag"] * 2),
    ],
)  # fmt: skip
def test_each_kind_is_found(text: str, codes: list[str]) -> None:
    assert [found.code for found in inspect(text)] == codes


def test_a_finding_names_its_place_and_character() -> None:
    (found,) = inspect("if admin\u2066:")

    assert (found.span, found.severity) == ((8, 9), "danger")
    assert "U+2066 LEFT-TO-RIGHT ISOLATE" in found.message


@pytest.mark.parametrize(
    ("c", "script"),
    [
        ("z", "Latin"), ("я", "Cyrillic"), ("ω", "Greek"), ("Ա", "Armenian"), ("Ꭰ", "Cherokee"),
        ("ა", "Georgian"), ("א", "Hebrew"),
    ],
)  # fmt: skip
def test_a_mixture_names_both_alphabets(c: str, script: str) -> None:
    other, letter = ("Greek", "ω") if script != "Greek" else ("Latin", "z")

    (found,) = (one for one in inspect(c + letter) if one.code == "mixed-script")

    assert f"mixes {' and '.join(sorted((script, other)))}" in found.message
    assert not any(one.code == "mixed-script" for one in inspect(f"{c}日"))  # by custom


def test_inspection_takes_every_text(hard_text: str) -> None:
    assert isinstance(inspect(hard_text), list)
    assert safe_log(hard_text).isprintable() or "\u0301" in hard_text
    assert isinstance(skeleton(hard_text), str)


def test_a_run_of_digits_is_looked_at_once() -> None:
    """Half a million digits took minutes while the pattern asked for a letter among them."""
    began = time.process_time()

    assert inspect("1" * 500_000) == []
    assert time.process_time() - began < 20


def test_a_log_line_stays_one_line() -> None:
    assert (
        safe_log("a\r\n\x1b[31m\u2028\ud800\u202eé") == "a\\x0d\\x0a\\x1b[31m\\u2028\\ud800\\u202eé"
    )


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("CON.txt", "_CON.txt"), ("com1", "_com1"), ("a/../b", "a_.._b"), ("a\\b:c", "a_b_c"),
        ("name. .", "name"), ("e\u0301.txt", "é.txt"), ("a\0b", "a_b"), ("console.log", "console.log"),
        ("nul .txt", "_nul .txt"),
    ],
)  # fmt: skip
def test_a_name_becomes_safe_on_windows(name: str, safe: str) -> None:
    assert safe_filename(name) == safe


def test_a_long_name_keeps_its_suffix() -> None:
    name = safe_filename("🤦" * 300 + ".txt")

    assert name.endswith("🤦.txt")
    assert len(name.encode()) <= 255
    assert len(safe_filename("x" * 300).encode()) == 255


def test_posix_takes_more() -> None:
    assert safe_filename("a:b.", "posix") == "a:b."


@pytest.mark.parametrize("name", ["", "...", "..", " ."])
def test_nothing_left_is_refused(name: str) -> None:
    with pytest.raises(TextError, match="no file name"):
        safe_filename(name)
