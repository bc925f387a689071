"""The kit of `slug_wrap`."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit


def _width(text: str) -> int:
    return len([char for char in text if unicodedata.combining(char) == 0])


def _check(m: Any, x: Any) -> None:
    text, columns = x
    made = m.slug(text)
    assert re.fullmatch("([a-z0-9]+(-[a-z0-9]+)*)?", made), made
    assert m.slug(made) == made
    short = m.shorten(text, columns)
    assert text.startswith(short)
    assert _width(short) <= columns
    rest = text[len(short) :]
    assert not rest or not unicodedata.combining(rest[0])
    lines = m.wrap(text, columns)
    assert " ".join(lines).split() == text.split()
    assert all(_width(line) <= columns or " " not in line for line in lines)


def _oracle(x: Any) -> Any:
    text, columns = x
    words, lines = text.split(), list[str]()
    while words:
        n = max(
            [1, *(i for i in range(1, len(words) + 1) if _width(" ".join(words[:i])) <= columns)]
        )
        lines.append(" ".join(words[:n]))
        words = words[n:]
    return lines


def _relate(m: Any, x: Any) -> None:
    text, columns = x
    assert m.slug(text.upper()) == m.slug(text.upper().lower())
    assert m.slug(unicodedata.normalize("NFD", text)) == m.slug(unicodedata.normalize("NFC", text))
    assert m.wrap(" ".join(m.wrap(text, columns)), columns) == m.wrap(text, columns)


_text = st.text(st.sampled_from("ab zé\u0301Zß-1\u00fc "), max_size=12)
KIT = Kit(
    happy=(
        'slug("Hello World") == "hello-world"',
        'wrap("one two three", 8) == ["one two", "three"]',
        'shorten("hello", 3) == "hel"',
    ),
    edges=(
        'slug("") == ""',
        'slug("  --a--  ") == "a"',
        'slug("Caf\\u00e9") == "cafe"',
        'wrap("", 5) == []',
        'wrap("ab cd", 4) == ["ab", "cd"]',
        'wrap("ab cd", 5) == ["ab cd"]',
        'wrap("ab cd", 6) == ["ab cd"]',
        'wrap("abcdef", 3) == ["abcdef"]',
        'shorten("ab", 0) == ""',
        'shorten("ab", 2) == "ab"',
    ),
    snapshot=('slug("An Old Title, 2nd Edition")', 'wrap("the quick brown fox jumps", 11)'),
    seeds=("Caf\u00e9 au lait", "e\u0301 x", "A-b"),
    target=lambda m, x: (m.slug(x), m.wrap(x, 5)),
    invariant=lambda m, x: _check(m, (x, 5)),
    inputs=st.tuples(_text, st.integers(1, 8)),
    exercise=lambda m, x: m.wrap(*x),
    check=_check,
    oracle=_oracle,
    relate=_relate,
)
