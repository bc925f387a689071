"""Basic examples: five lengths, equality, and an error that explains itself."""

# ruff: noqa: RUF001 - letters that look alike are the subject

from __future__ import annotations

import sys

from velvet.examples import example, main
from velvet_text import decode, units
from velvet_text.inspect_text import safe_log
from velvet_text.normalize import LEVELS, same, stable_key_report

TEXTS = (
    "cafe", "café", "cafe\u0301", "日本語", "ﬁn", "🤦🏼‍♂️", "👨‍👩‍👧‍👦", "🇨🇭", "Å", "नमस्ते", "e" + "\u0301" * 5, "\ud83e",
)  # fmt: skip


@example("five_lengths")
def five_lengths() -> None:
    """Twelve texts and how long they are for a database, an editor, Python, a reader, a terminal."""
    print(f"{'text':24}{'utf8':>6}{'utf16':>6}{'points':>7}{'graphemes':>10}{'columns':>8}")
    for text in TEXTS:
        found = units.lengths(text)
        # A lone surrogate cannot be printed, so it is shown escaped.
        print(
            f"{units.pad(safe_log(text), 24)}{found.utf8:6}{found.utf16:6}{found.code_points:7}"
            f"{found.graphemes:10}{found.columns:8}"
        )
    print(f"\nten columns of a title: {units.truncate('日本語のテキスト', 10, 'columns')}")
    print(f"six bytes of it:       {units.truncate('日本語のテキスト', 6, 'utf8')}")
    print("why: a limit is a number and a unit; cut by the unit, and at a grapheme,")
    print("     or the last character is half of one.")


PAIRS = (
    ("é", "e\u0301"), ("Å", "\u212b"), ("Straße", "STRASSE"), ("ﬁle", "file"), ("ｶﾞ", "ガ"),
    ("Zoë", "zoe"), ("ann", "an\u200bn"), ("paypal", "pаypal"),
)  # fmt: skip


@example("equal_but_not_equal")
def equal_but_not_equal() -> None:
    """Eight pairs that look the same, and the level at which a program agrees."""
    print(f"{'':30}" + "".join(f"{level:>10}" for level in LEVELS))
    for a, b in PAIRS:
        cells = ["yes" if same(a, b, level) else "." for level in LEVELS]
        print(f"{ascii(a) + ' ' + ascii(b):30}" + "".join(f"{cell:>10}" for cell in cells))

    names = ["Ann", "ann", "än\u200bn", "bob"]
    print(f"\naccounts: {', '.join(map(ascii, names))}")
    for level, groups in stable_key_report(names).items():
        for group in groups:
            print(f"  {level}: {' and '.join(map(ascii, group))} are one")
    print("why: store what was typed, compare by a key of the level you mean. The last")
    print("     pair is Cyrillic: no normalisation makes it Latin, so look for scripts.")


@example("explain_the_error")
def explain_the_error() -> None:
    """Three decoding errors with a caret under the byte, a cause and a way out."""
    cases = (
        ("Où".encode("cp1252") + b" est-ce?", "utf-8"),
        ("a price: 5 €".encode()[:-1], "utf-8"),
        ("name,town".encode("utf-16"), "utf-8"),
    )
    for data, encoding in cases:
        try:
            data.decode(encoding)
        except UnicodeDecodeError as error:
            print(decode.explain(error), end="\n\n")
    found = decode.decode_bytes(cases[0][0], declared="cp1252")
    print(f"declared as cp1252: {found.text} ({found.how})")
    print("why: the exception holds the bytes and the place; most causes can be told")
    print("     from three bytes. Declare an encoding before you guess one.")


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()
