"""Contenders on texts: edit distance, a thousand patterns at once, the order of all suffixes."""

from __future__ import annotations

import importlib
import random
import re
import string
from collections.abc import Callable
from typing import Any

from velvet_algorithms.contenders import contender, workload
from velvet_algorithms.fast import nb_levenshtein
from velvet_algorithms.multi_pattern import AhoCorasick
from velvet_algorithms.strings import levenshtein, levenshtein_dp
from velvet_algorithms.suffix import suffix_array, suffix_array_py

WORDS = 1000
VOCABULARY = 5 * WORDS
WORD_LETTERS = 7
Number = Callable[[], int]
Two = tuple[str, str]
Search = tuple[list[str], str]


def letters(n: int, rng: random.Random, alphabet: str = string.ascii_lowercase) -> str:
    """Return n letters drawn evenly."""
    return "".join(rng.choices(alphabet, k=n))


@workload("edit_distance")
def _two_texts(n: int, seed: int) -> Two:
    """Return two unrelated texts of n letters: nothing to trim, nothing to stop early for."""
    rng = random.Random(seed)
    return letters(n, rng), letters(n, rng)


@contender("edit_distance", "table", "ours", most=1000)
def _(given: Two) -> Number:
    return lambda: levenshtein_dp(*given)


@contender("edit_distance", "bits", "ours")
def _(given: Two) -> Number:
    return lambda: levenshtein(*given)


@contender("edit_distance", "rapidfuzz", "compiled", needs="rapidfuzz")
def _(given: Two) -> Number:
    distance = importlib.import_module("rapidfuzz.distance").Levenshtein.distance
    return lambda: int(distance(*given))


@contender("edit_distance", "numba", "numba", needs="numba")
def _(given: Two) -> Number:
    return lambda: nb_levenshtein(*given)


@workload("multi_pattern")
def _words_in_text(n: int, seed: int) -> Search:
    """Return a thousand words and a text of n letters made of five thousand.

    All words are equally long and end with a space, so a hit is a whole word of the text: no two
    overlap, and a search that skips overlaps counts the same ones.
    """
    rng = random.Random(seed)
    known = list({letters(WORD_LETTERS - 1, rng) + " ": None for _ in range(VOCABULARY)})
    return known[:WORDS], "".join(rng.choices(known, k=max(1, n // WORD_LETTERS)))


@contender("multi_pattern", "aho_corasick", "ours")
def _(given: Search) -> Number:
    words, text = given
    machine = AhoCorasick(words)
    return lambda: sum(machine.count(text))


@contender("multi_pattern", "re_alternation", "builtin")
def _(given: Search) -> Number:
    words, text = given
    pattern = re.compile("|".join(map(re.escape, words)))
    return lambda: len(pattern.findall(text))


@contender("multi_pattern", "str_count", "builtin")
def _(given: Search) -> Number:
    words, text = given
    return lambda: sum(map(text.count, words))


@contender("multi_pattern", "pyahocorasick", "compiled", needs="pyahocorasick")
def _(given: Search) -> Number:
    words, text = given
    machine = importlib.import_module("ahocorasick").Automaton()
    for number, word in enumerate(words):
        machine.add_word(word, number)
    machine.make_automaton()
    return lambda: sum(1 for _ in machine.iter(text))


def text_of(kind: str, n: int, seed: int) -> str:
    """Return n letters: `random`, one letter again and again (`same`), or a `fibonacci` word."""
    if kind == "same":
        return "a" * n
    if kind == "fibonacci":
        older, newer = "b", "a"
        while len(newer) < n:
            older, newer = newer, newer + older
        return newer[:n]
    return letters(n, random.Random(seed))


@workload("suffix_array")
def _random_text(n: int, seed: int) -> str:
    return text_of("random", n, seed)


@contender("suffix_array", "sorted_slices", "builtin")
def _(given: str) -> Callable[[], Any]:
    return lambda: sorted(range(len(given)), key=lambda start: given[start:])


@contender("suffix_array", "doubling", "ours")
def _(given: str) -> Callable[[], Any]:
    return lambda: suffix_array_py(given)


@contender("suffix_array", "numpy", "numpy")
def _(given: str) -> Callable[[], Any]:
    return lambda: suffix_array(given).tolist()


@contender("suffix_array", "atcoder", "python", needs="ac-library-python")
def _(given: str) -> Callable[[], Any]:
    build = importlib.import_module("atcoder.string").suffix_array
    return lambda: build(given)
