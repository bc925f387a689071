"""Fuzzing: mutate inputs, keep those that reach new edges, shrink the one that fails.

A random fuzzer meets a four-byte magic number once in four billion tries. A guided one gets there
byte by byte, because an input that passes one more comparison takes a new edge, is kept, and is
mutated next. The minimiser is delta debugging (Zeller 1999).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from velvet_testing.coverage_probe import EdgeCollector, Edges

INTERESTING = (0, 1, -1, 2, 7, 8, 10, 16, 31, 32, 100, 127, 128, 255, 256, 2**31 - 1, 2**31, 2**63)
TEXT = "\x00\t\n\r \"',-./01239:;AZaz\x85\u00df\u00e9\u0301\u2028\U0001f600"


def mutate(value: Any, rng: Random) -> Any:
    """Return a value of the same type with one small change.

    Knows int, str, bytes, list and tuple, nested; others come back as they are.
    """
    if isinstance(value, int):
        step = rng.choice((1, -1, 16, -16))
        return rng.choice((value + step, -value, value * 2, rng.choice(INTERESTING)))
    if isinstance(value, bytes):
        return bytes(_mutate_items(list(value), rng, lambda: rng.randrange(256)))
    if isinstance(value, str):
        return "".join(_mutate_items(list(value), rng, lambda: rng.choice(TEXT)))
    if isinstance(value, tuple):
        items = list(value)
        if items:
            i = rng.randrange(len(items))
            items[i] = mutate(items[i], rng)
        return tuple(items)
    if isinstance(value, list):
        fresh = mutate(rng.choice(value), rng) if value else 0
        return _mutate_items(value, rng, lambda: fresh)
    return value


def _mutate_items(items: list[Any], rng: Random, fresh: Callable[[], Any]) -> list[Any]:
    i = rng.randrange(len(items) + 1)
    kind = rng.randrange(5)
    if kind == 0 or not items:
        return [*items[:i], fresh(), *items[i:]]
    i = min(i, len(items) - 1)
    if kind == 1:
        return items[:i] + items[i + 1 :]
    if kind == 2:
        j = rng.randrange(i, len(items)) + 1
        return items[:j] + items[i:]
    return [*items[:i], fresh(), *items[i + 1 :]]


@dataclass
class FuzzResult:
    """What a run of the fuzzer found.

    Attributes:
        crash: the smallest input that still fails, or None.
        growth: (executions, edges known) each time something new was seen.
    """

    executions: int = 0
    crash: Any = None
    error: Exception | None = None
    corpus: list[Any] = field(default_factory=list)
    growth: list[tuple[int, int]] = field(default_factory=list)


class CoverageGuidedFuzzer:
    """Mutate inputs towards new edges.

    Args:
        target: called with one input; an exception that is not `allowed` is the finding.
        seeds: inputs to begin with.
        files: the files whose edges count; without any, the fuzzer is blind.
        allowed: exceptions that are answers.
    """

    def __init__(
        self,
        target: Callable[[Any], Any],
        seeds: Sequence[Any],
        rng: Random,
        *,
        files: Sequence[str] = (),
        allowed: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._target, self._seeds, self._rng = target, list(seeds), rng
        if not self._seeds:
            raise ValueError("a fuzzer needs at least one seed")
        self._allowed = allowed
        self._probe = EdgeCollector(files) if files else None

    def _execute(self, value: Any) -> tuple[Edges, Exception | None]:
        if self._probe is not None:
            edges, error = self._probe.collect(self._target, value)
        else:
            edges, error = frozenset(), None
            try:
                self._target(value)
            except Exception as found:  # noqa: BLE001 - the finding
                error = found
        return edges, None if isinstance(error, self._allowed) else error

    def run(self, max_execs: int, budget_s: float, *, shrink: bool = True) -> FuzzResult:
        """Fuzz until something fails, or the executions or the CPU seconds are spent."""
        if not budget_s >= 0:
            raise ValueError(f"budget_s must be seconds >= 0, not {budget_s!r}")
        result, started = FuzzResult(), time.process_time()
        known: set[tuple[int, int]] = set()
        chosen: list[int] = []  # how often each entry of the corpus was mutated
        queue = list(self._seeds)
        while result.executions < max_execs and time.process_time() - started < budget_s:
            value = queue.pop(0) if queue else self._next(result.corpus, chosen)
            edges, error = self._execute(value)
            result.executions += 1
            if error is not None:
                result.crash, result.error = value, error
                if shrink:
                    result.crash = minimise(value, lambda one: self._execute(one)[1] is not None)
                break
            if edges - known or result.executions <= len(self._seeds):
                known |= edges
                result.corpus.append(value)
                chosen.append(0)
                result.growth.append((result.executions, len(known)))
        return result

    def _next(self, corpus: list[Any], chosen: list[int]) -> Any:
        """Mutate an entry: new and seldom chosen ones have more energy."""
        weights = [(i + 1) / (1 + count) for i, count in enumerate(chosen)]
        i = self._rng.choices(range(len(corpus)), weights)[0]
        chosen[i] += 1
        value = corpus[i]
        for _ in range(self._rng.choice((1, 1, 2, 4))):
            value = mutate(value, self._rng)
        return value


def minimise(value: Any, fails: Callable[[Any], bool]) -> Any:
    """Return a smaller sequence that still fails (ddmin); other types come back as they are.

    >>> minimise("..x...y..", lambda one: "x" in one and "y" in one)
    'xy'
    """
    if not isinstance(value, (str, bytes, list)):
        return value
    smaller: Any = value  # one of three sequences that slice and add alike
    parts = 2
    while len(smaller) >= 2:
        size = -(-len(smaller) // parts)
        for start in range(0, len(smaller), size):
            rest = smaller[:start] + smaller[start + size :]
            if fails(rest):
                smaller, parts = rest, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(smaller), parts * 2)
    return smaller
