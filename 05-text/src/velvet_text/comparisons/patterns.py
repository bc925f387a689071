"""Patterns that need more than linear time, and fixed text that needs no pattern."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Suite, growth, speedup
from velvet_text.engines import ENGINES, engine

NEEDS = {"re": (), "regex": ("regex",), "re2": ("google-re2",)}
BOMBS = {"nested": ("^(a+)+$", "a", "!"), "commas": (r"(,*,)*(,+)[ \t]", ",", "")}
LETTERS = {"&": "+", "<": "(", ">": ")", '"': "'"}
SIGNS = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def _bomb(name: str, pattern: str, n: int) -> Callable[[], Any]:
    expression, pump, suffix = BOMBS[pattern]
    return partial(engine(name).compile(expression).search, pump * n + suffix)


def _trailing(name: str, n: int) -> Callable[[], str]:
    text = "a" + " " * n + "b"
    if name == "rstrip":
        return text.rstrip
    return partial(engine(name).compile(r"\s+$").sub, "", text)


def _restarts(name: str, n: int) -> Callable[[], int]:
    compiled, text = engine(name).compile(".*[^A-Z]|[A-Z]"), "A" * n
    return lambda: len(compiled.findall(text))


def _chained(text: str, signs: dict[str, str]) -> str:
    for sign, safe in signs.items():
        text = text.replace(sign, safe)
    return text


def _escapers(text: str, signs: dict[str, str]) -> dict[str, Callable[[], str]]:
    table, pattern = str.maketrans(signs), re.compile('[&<>"]')
    return {
        "translate": lambda: text.translate(table),
        "chained_replace": lambda: _chained(text, signs),
        "re_sub": lambda: pattern.sub(lambda found: signs[found.group()], text),
        "join_loop": lambda: "".join(signs.get(c, c) for c in text),
    }


def _finders(text: str) -> dict[str, Callable[[], bool]]:
    pattern = re.compile("zzz")
    return {
        "in_operator": lambda: "zzz" in text,
        "find": lambda: text.find("zzz") >= 0,
        "re_literal": lambda: pattern.search(text) is not None,
    }


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    bombs = suite.comparison(
        "redos_growth",
        title="One search on n pumps that end in a failure",
        unit="ms",
        sizes={"pattern": list(BOMBS), "n": [12, 14, 16, 18, 20]},
        quick=lambda n, **_: n in (12, 16, 20),
        rounds={"quick": 5, "default": 10},
    )
    trailing = suite.comparison(
        "trailing_space",
        title=r"Remove \s+$ from a text with n spaces inside",
        unit="us",
        sizes={"n": [500, 1000, 2000, 4000]},
        quick=lambda n: n in (500, 2000),
        rounds={"quick": 5, "default": 10},
    )
    restarts = suite.comparison(
        "find_all_restarts",
        title="Find all of .*[^A-Z]|[A-Z] in n capitals: every match restarts the search",
        unit="ms",
        sizes={"n": [1000, 3000, 6000]},
        quick=lambda n: n != 3000,
        rounds={"quick": 3, "default": 6},
    )
    for name in ENGINES:
        bombs.add(name, partial(_bomb, name), needs=NEEDS[name], baseline=name == "re")
        trailing.add(name, partial(_trailing, name), needs=NEEDS[name], baseline=name == "re")
        restarts.add(name, partial(_restarts, name), needs=NEEDS[name], baseline=name == "re")
    trailing.add("rstrip", partial(_trailing, "rstrip"), note="no pattern at all")
    escaping = suite.comparison(
        "escape_signs",
        title="Replace four signs in half a million characters",
        unit="ms",
        sizes={"into": ["entities", "letters"]},
        rounds={"quick": 5},
    )
    finding = suite.comparison(
        "find_literal", title="Look for a word that is not in two million characters", unit="us"
    )
    for made in ("translate", "chained_replace", "re_sub", "join_loop"):
        escaping.add(made, partial(_escape, made), baseline=made == "re_sub")
    for made in ("in_operator", "find", "re_literal"):
        finding.add(made, partial(_find, made), baseline=made == "in_operator")
    for comparison in (bombs, trailing, restarts, escaping, finding):
        comparison.same_result()

    suite.claim(
        "re doubles its time with every letter: from 12 to 20 it grows like n to the tenth",
        growth("redos_growth", "re", over="n", pattern="nested") >= 6,
    )
    suite.claim(
        "RE2 stays flat on both bombs",
        (growth("redos_growth", "re2", over="n", pattern="nested") <= 1)
        & (growth("redos_growth", "re2", over="n", pattern="commas") <= 1),
    )
    suite.claim(
        r"\s+$ is quadratic in re and regex",
        (growth("trailing_space", "re", over="n") >= 1.6)
        & (growth("trailing_space", "regex", over="n") >= 1.6),
    )
    suite.claim(
        r"rstrip does it a thousand times faster than re",
        speedup("trailing_space", "rstrip", "re", n=2000) >= 1000,
    )
    suite.claim(
        "RE2 is no longer linear when it finds all: each match restarts it",
        growth("find_all_restarts", "re2", over="n") >= 1.1,
    )
    suite.claim(
        "four replacements in a row beat one re.sub",
        speedup("escape_signs", "chained_replace", "re_sub", into="entities") >= 5,
    )
    suite.claim(
        "translate is quick where one letter becomes one letter",
        speedup("escape_signs", "translate", "re_sub", into="letters") >= 10,
    )


def _escape(name: str, into: str) -> Callable[[], str]:
    return _escapers('a <b> & "c" d ' * 35_000, SIGNS if into == "entities" else LETTERS)[name]


def _find(name: str) -> Callable[[], bool]:
    return _finders("the quick brown fox jumps over the lazy dog. " * 45_000)[name]
