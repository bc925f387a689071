"""C code: a sort and a backtracking pattern do the work, Python hardly appears."""

from __future__ import annotations

import random
import re

HOT = "match_lines"
WHERE = "C"
MEASURE = "cpu"
SIZE = 500
PATTERN = re.compile(r"(x+x+)+y")
STUBS = {
    "match_lines": lambda _lines: 0,
    "sort_rows": lambda rows: rows,
    "count_words": lambda lines: {"x": len(lines)},
}


def build(size: int, seed: int) -> tuple[list[str], list[str]]:
    """Return lines for the pattern, which never match, and rows to sort."""
    draw = random.Random(seed)
    lines = ["x" * draw.choice((13, 14)) + "z" for _ in range(size)]
    rows = ["".join(draw.choices("abcdefgh", k=12)) for _ in range(size * 250)]
    return lines, rows


def match_lines(lines: list[str]) -> int:
    """Count the lines that match, which costs exponential time in the regular expression."""
    return sum(PATTERN.search(line) is not None for line in lines)


def sort_rows(rows: list[str]) -> list[str]:
    """Return the rows in the order of their reversed text."""
    return sorted(rows, key=lambda row: row[::-1])


def count_words(lines: list[str]) -> dict[str, int]:
    """Return how often each letter came."""
    found: dict[str, int] = {}
    for line in lines:
        for letter in line:
            found[letter] = found.get(letter, 0) + 1
    return found


def run(given: tuple[list[str], list[str]]) -> tuple[int, str, dict[str, int]]:
    """Return matches, the first row and the letters."""
    lines, rows = given
    return match_lines(lines), sort_rows(rows)[0], count_words(lines)
