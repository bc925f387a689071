"""Tables filled three ways, the difference of two files, and words that are nearly right."""

from __future__ import annotations

import difflib
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, ratio, value
from velvet_algorithms.comparisons.rows import SEED, add_rows, claim_speedups
from velvet_algorithms.linediff import LineDiff
from velvet_algorithms.samples.words import make_words
from velvet_algorithms.spell import SpellChecker

WORDS = 28_600
LINES = 5000
EDITS: list[Any] = [20, 100, 250, 1000, "two symbols"]
SYMBOLS = 400  # lines of the text that knows only two


def _add_programs(suite: Suite) -> None:
    sums = suite.comparison(
        "dynamic_programming",
        title="All sums of subsets of n weights of 1 to 1,000",
        unit="ms",
        sizes={"n": [10, 30, 60, 100, 300]},
        default=lambda n: n in (30, 100, 300),
        quick=lambda n: n == 100,
        rounds={"quick": 2, "default": 3},
    )
    add_rows(sums, "subset_sums", baseline="set", most={"set": 100, "list": 100})
    integer = "one big integer is at least 200 times as fast as a set of the sums"
    claim_speedups(suite, sums, {integer: ("big integer", "set", 200)}, n=100)
    packing = suite.comparison(
        "dynamic_programming_knapsack",
        title="The best knapsack of n items, 25 n large, with the items that make it",
        unit="ms",
        sizes={"n": [10, 25, 50, 100, 200]},
        default=lambda n: n in (50, 200),
        tier="default",
        rounds={"default": 8},
    )
    add_rows(packing, "knapsack", baseline="lists", most={"lists": 200})
    rows = "NumPy rows are at least 20 times as fast as lists"
    claim_speedups(suite, packing, {rows: ("numpy", "lists", 20)}, n=200, tier="default")


def _files(edits: int | str) -> tuple[list[str], list[str]]:
    """Two versions of a file; with equal lines as objects of their own, as they are when read."""
    draw = random.Random(SEED)
    if edits == "two symbols":
        one, other = ([draw.choice("ab") for _ in range(SYMBOLS)] for _ in range(2))
        return one, other
    before = [f"line {number} {draw.random()}" for number in range(LINES)]
    after = [f"{line} "[:-1] for line in before]
    for number in range(int(edits)):
        at = draw.randrange(len(after))
        kind = draw.randrange(3)
        after[at : at + (kind != 1)] = [] if kind == 0 else [f"new {number}"]
    return before, after


def _difflib(a: list[str], b: list[str]) -> list[Any]:
    return difflib.SequenceMatcher(None, a, b, False).get_opcodes()


DIFFS: dict[str, Callable[[list[str], list[str]], list[Any]]] = {
    "LineDiff": lambda a, b: LineDiff(a, b).edits,
    "difflib": _difflib,
}


def _diff(name: str, edits: int | str) -> Callable[[], Any]:
    a, b = _files(edits)
    script = DIFFS[name]

    def run() -> list[str]:
        made: list[str] = []
        for kind, a_from, a_to, b_from, b_to in script(a, b):
            made += a[a_from:a_to] if kind == "equal" else b[b_from:b_to]
        return made

    return run


def _length(name: str, edits: int | str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        codes = DIFFS[name](*_files(edits))
        lines = sum(c[2] - c[1] + c[4] - c[3] for c in codes if c[0] != "equal")
        return {"lines": float(lines)}

    return run


def _add_diff(suite: Suite) -> None:
    speed = suite.comparison(
        "diff",
        title="The difference of two files of 5,000 lines (or of 400 lines of two kinds)",
        unit="ms",
        sizes={"edits": EDITS},
        tier="default",
        rounds={"default": 4},
    )
    length = suite.comparison(
        "diff_script",
        title="Lines deleted or inserted by the script",
        kind="value",
        unit="lines",
        sizes={"edits": EDITS},
        metrics={"lines": "lines"},
    )
    for name in DIFFS:
        speed.add(name, partial(_diff, name), baseline=name == "difflib")
        length.add(name, partial(_length, name), baseline=name == "difflib")
    speed.same_result()
    few = {"Myers beats difflib when 20 of 5,000 lines were edited": ("LineDiff", "difflib", 5)}
    claim_speedups(suite, speed, few, edits=20, tier="default")
    many = {"difflib beats Myers when 1,000 were": ("difflib", "LineDiff", 2)}
    claim_speedups(suite, speed, many, edits=1000, tier="default")
    for edits in EDITS:
        suite.claim(
            f"the script of Myers is never longer than difflib's ({edits} edits)",
            ratio("diff_script", "LineDiff", "difflib", "lines", edits=edits) <= 1,
        )


def _build(max_distance: int) -> Callable[[], Outcome]:
    words = make_words(WORDS, seed=SEED)

    def run() -> Outcome:
        began = time.perf_counter()
        checker = SpellChecker(words, max_distance=max_distance)
        seconds = time.perf_counter() - began
        return Outcome({"entries": float(checker.entries)}, seconds=seconds)

    return run


def _add_spell(suite: Suite) -> None:
    spell = suite.comparison(
        "spell",
        title="Known words within two edits of a misspelled one, among n",
        unit="us",
        items=2,
        sizes={"n": [100, 400, 1000, 2860, WORDS]},
        default=lambda n: n in (2860, WORDS),
        tier="default",
        rounds={"default": 5},
    )
    add_rows(spell, "spelling", baseline="delete index")
    scan = "an index of deletions beats a scan by rapidfuzz"
    claims = {
        scan: ("delete index", "rapidfuzz", 8),
        "and making all edits of all edits": ("delete index", "edits of edits", 50),
    }
    claim_speedups(suite, spell, claims, n=WORDS, tier="default")
    build = suite.comparison(
        "spell_build",
        title="Building the index of deletions for 28,600 words",
        kind="run",
        unit="s",
        metrics={"entries": Metric("entries")},
        tier="default",
        rounds={"default": 3},
        floor=True,
    )
    for distance in (1, 2):
        build.add(f"distance {distance}", partial(_build, distance), baseline=distance == 1)
    suite.claim(
        "reaching two edits takes more than 20 entries a word",
        value("spell_build", "distance 2", "entries") >= 20 * WORDS,
        tier="default",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of dynamic programs, differences and spelling."""
    _add_programs(suite)
    _add_diff(suite)
    _add_spell(suite)
