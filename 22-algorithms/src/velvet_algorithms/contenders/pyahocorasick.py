"""pyahocorasick: the automaton in C."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

NEEDS = "pyahocorasick"


def multi_pattern(given: tuple[list[str], str]) -> Callable[[], int]:
    """Count the occurrences of all words."""
    words, text = given
    machine = import_module("ahocorasick").Automaton()
    for number, word in enumerate(words):
        machine.add_word(word, number)
    machine.make_automaton()
    return lambda: sum(1 for _ in machine.iter(text))
