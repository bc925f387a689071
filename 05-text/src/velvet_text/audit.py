"""Find the patterns that need exponential or polynomial time, before anything runs them.

A backtracking engine tries every way in which a pattern can match, when the text fails in the end.
So the question is in how many ways: a loop that takes one word on two ways has 2^n of them
(`(a+)+`); two loops that take the same word one after the other have n (`a*a*`). Weideman et al.
(CIAA 2016) read both from the product of the automaton with itself. An unanchored search is one
more loop in front, which is why `\\s+$` is quadratic. What the automaton cannot hold
(back-references, lookaround, atomic groups) makes the verdict *unknown*, never *linear*.
"""

from __future__ import annotations

import re
import warnings
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from velvet_text._positions import Positions, TooLarge
from velvet_text.engines import checked
from velvet_text.errors import TextError

Risk = Literal["linear", "polynomial", "exponential", "unknown"]
Use = Literal["search", "match", "fullmatch"]
Node = TypeVar("Node", bound=Hashable)
MAX_STEPS = 2_000_000


@dataclass(frozen=True)
class Audit:
    """A verdict, with the text that shows it.

    Attributes:
        degree: of the polynomial: time grows like n^degree; 1 for linear, 0 where it is not one.
        prefix, pump, suffix: `prefix + pump * n + suffix` makes a backtracking engine work.
        why: one sentence.
    """

    risk: Risk
    degree: int = 1
    prefix: str = ""
    pump: str = ""
    suffix: str = ""
    why: str = "no text can be taken in two ways before it fails"

    def attack(self, n: int) -> str:
        """Return the attack with `n` pumps."""
        return self.prefix + self.pump * n + self.suffix


class _Exhausted(Exception):
    """The audit itself has looked at too much."""


def audit(pattern: str, *, flags: int = 0, use: Use = "search") -> Audit:
    """Return how a backtracking engine's time grows with the text.

    Never runs the pattern. It judges one search: finding *all* matches restarts after each.

    Args:
        use: how the pattern is called; `search` tries every start, the others only the first.

    Raises:
        TextError: not a pattern, or longer than the limit.

    >>> audit("^(a+)+$").risk, audit(r"\\s+$").degree, audit("^a+b+$").risk
    ('exponential', 2, 'linear')
    """
    if use not in ("search", "match", "fullmatch"):
        raise TextError(f"use={use!r} is unknown: search, match or fullmatch")
    checked(pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about syntax that may change one day
            machine = Positions(pattern, flags, search=use == "search", whole=use == "fullmatch")
    except (re.error, OverflowError, ValueError) as error:
        raise TextError(f"not a pattern: {error}") from error
    except RecursionError as error:
        raise TextError("the pattern is nested too deeply") from error
    except TooLarge:
        return Audit("unknown", 0, why="too large for the audit: run it with a time-out")
    try:
        found = _Search(machine).verdict()
    except _Exhausted:
        found = Audit("unknown", 0, why="too ambiguous for the audit: run it with a time-out")
    if machine.features:
        why = f"uses {' and '.join(sorted(machine.features))}: run it with a time-out"
        return Audit("unknown", 0, found.prefix, found.pump, found.suffix, why)
    return found


class _Search:
    """Look for ambiguity in one automaton."""

    def __init__(self, machine: Positions) -> None:
        self.m = machine
        self.steps = 0
        self.masks, self.edges = machine.masks, machine.edges
        self.loops = self._components()
        # A word of these alone never makes the pattern match while it is pumped.
        taken = 0
        for p in machine.accepting:
            taken |= self.masks[p]
        self.alphabets = (-1, ~taken)
        self.reach = [self._closure(p) for p in range(len(self.masks))]

    def verdict(self) -> Audit:
        """Return the worst that is found and can be made to fail."""
        for p, alphabet in ((p, alphabet) for p in self.loops for alphabet in self.alphabets):
            if pump := self._two_ways(p, alphabet):
                attack = self._attack(p, pump)
                if attack is not None:
                    why = f"a loop can take {pump!r} in two ways, so n of them in 2^n"
                    return Audit("exponential", 0, *attack, why)
        degree, attack = self._polynomial()
        if attack is None:
            return Audit("linear")
        n = degree - 1
        start = "the search's own start" if self.m.free_start is not None else "a first loop"
        why = f"{start} and {n} loop{'s' if n > 1 else ''} behind it can share {attack[1]!r}"
        return Audit("polynomial", degree, *attack, why)

    # ---- loops

    def _closure(self, start: int) -> frozenset[int]:
        seen, pending = set(), [start]
        while pending:
            for after in self.edges[pending.pop()]:
                if after not in seen and self.masks[after] != self.m.end_mark:
                    seen.add(after)
                    pending.append(after)
        return frozenset(seen)

    def _components(self) -> dict[int, frozenset[int]]:
        """Return, for each position on a loop, all positions of its loops."""
        reach = [self._closure(p) for p in range(len(self.masks))]
        return {
            p: frozenset(q for q in reach[p] if p in reach[q])
            for p in range(len(self.masks))
            if p in reach[p]
        }

    # ---- two ways around one loop

    def _two_ways(self, p: int, alphabet: int) -> str:
        """Return a word that leads from `p` to `p` on two ways; empty when there is none."""
        inside = self.loops[p]

        def after(node: tuple[int, int, bool]) -> Iterator[tuple[tuple[int, int, bool], int]]:
            x, y, apart = node
            for x2, ways in self.edges[x].items():
                self._tick()
                for y2 in self.edges[y]:
                    both = self.masks[x2] & self.masks[y2] & alphabet
                    if both and x2 in inside and y2 in inside:
                        yield (x2, y2, apart or x2 != y2 or (x == y and ways > 1)), both

        return self._word((p, p, False), lambda node: node == (p, p, True), after)

    # ---- two loops one behind the other

    def _shared(self, first: frozenset[int], second: frozenset[int], alphabet: int) -> str:
        """Return a word on which one can stay in a loop, go to another, and stay there."""
        words = (self._moves(p, q, first, second, alphabet) for p in first for q in second)
        return next(filter(None, words), "")

    def _moves(
        self, p: int, q: int, first: frozenset[int], second: frozenset[int], alphabet: int
    ) -> str:
        between = self.reach[p]

        def after(
            node: tuple[int, int, int],
        ) -> Iterator[tuple[tuple[int, int, int], int]]:
            x, y, z = node
            for x2 in self.edges[x]:
                self._tick(len(self.edges[y]))
                if x2 not in first:
                    continue
                for z2 in self.edges[z]:
                    stay = self.masks[x2] & self.masks[z2] & alphabet
                    if not stay or z2 not in second:
                        continue
                    for y2 in self.edges[y]:
                        if y2 in between and self.masks[y2] & stay:
                            yield (x2, y2, z2), self.masks[y2] & stay

        return self._word((p, p, q), lambda node: node == (p, q, q), after)

    def _polynomial(self) -> tuple[int, tuple[str, str, str] | None]:
        """Return degree and attack of the longest chain of loops that share one word."""
        groups = sorted(set(self.loops.values()), key=min)
        pairs = [(a, b) for a in groups for b in groups if a != b and b <= self.reach[min(a)]]
        made = (self._shared(a, b, alphabet) for a, b in pairs for alphabet in self.alphabets)
        words = dict.fromkeys(filter(None, made))
        chains: list[tuple[list[frozenset[int]], str]] = []
        for word in words:
            links = [pair for pair in pairs if self._passes(*pair, word * 3)]
            chains.append((_longest(links), word))
        for chain, word in sorted(chains, key=lambda one: -len(one[0])):
            for p in chain[0] if chain else ():
                attack = self._attack(p, word)
                if attack is not None:
                    return len(chain), attack
        return 1, None

    def _passes(self, a: frozenset[int], b: frozenset[int], text: str) -> bool:
        """Return whether on this text one can stay in `a`, stay in `b`, and go from `a` to `b`."""
        stays = all(self._run(set(group), text, group) for group in (a, b))
        return stays and bool(b & (self._run(set(a), text, self.reach[min(a)]) or set()))

    # ---- the text that shows it

    def _attack(self, p: int, pump: str) -> tuple[str, str, str] | None:
        """Return prefix, pump and a suffix on which every way through `p` fails, or None.

        Only ways through `p` are followed: an engine that came there tries them all before it
        turns to another alternative or another start.
        """
        states = self._run({p}, pump * 3)
        if states is None:
            return None
        states.discard(-1 if self.m.free_start is None else self.m.free_start)
        for suffix in self._suffixes():
            left = self._run(states, suffix)
            if left is not None and not self._ends(left):
                return self._prefix(p), pump, suffix
        return None

    def _suffixes(self) -> Iterator[str]:
        yield from ("", "!", "\x00", "\n!", "é", "中")
        yield from self.m.characters

    def _prefix(self, p: int) -> str:
        if p == self.m.free_start:
            return ""

        def after(node: int) -> Iterator[tuple[int, int]]:
            following = self.m.start if node < 0 else self.edges[node]
            for q in following:
                if q != self.m.free_start and self.masks[q] != self.m.end_mark:
                    yield q, self.masks[q] & ~self.m.end_mark

        return self._word(-1, lambda node: node == p, after)

    def _run(
        self, states: set[int], text: str, within: frozenset[int] | None = None
    ) -> set[int] | None:
        """Return where a text leads from some positions; None when the pattern matches on it.

        With `within`, only these positions are visited, and a match does not matter.
        """
        for c in text:
            bit = 1 << self.m.characters.index(c) if c in self.m.characters else 0
            self._tick(sum(len(self.edges[p]) for p in states))
            states = {q for p in states for q in self.edges[p] if self.masks[q] & bit}
            if within is not None:
                states &= within
            elif states & self.m.accepting:
                return None
        return set(states)

    def _ends(self, states: set[int]) -> bool:
        """Return whether the end of the text makes one of the positions match."""
        for _ in range(3):  # several end anchors may follow each other
            ends = {q for p in states for q in self.edges[p] if self.masks[q] & self.m.end_mark}
            states = states | ends
        return bool(states & self.m.accepting)

    def _word(
        self,
        start: Node,
        goal: Callable[[Node], bool],
        after: Callable[[Node], Iterator[tuple[Node, int]]],
    ) -> str:
        """Return the shortest word from a node to a goal, at least one character long."""
        came: dict[Node, tuple[Node, int]] = {}
        pending = deque([start])
        while pending:
            node = pending.popleft()
            for following, mask in after(node):
                self._tick()
                if following in came:
                    continue
                came[following] = (node, mask)
                if goal(following):
                    return self._spell(start, following, came)
                pending.append(following)
        return ""

    def _spell(self, start: Node, node: Node, came: dict[Node, tuple[Node, int]]) -> str:
        letters = []
        while True:
            node, mask = came[node]
            letters.append(self.m.text_of(mask))
            if node == start:
                return "".join(reversed(letters))

    def _tick(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise _Exhausted


def _longest(links: list[tuple[frozenset[int], frozenset[int]]]) -> list[frozenset[int]]:
    """Return the longest chain of links; they hold no circle, as loops do not return."""
    known: dict[frozenset[int], list[frozenset[int]]] = {}

    def chain(at: frozenset[int]) -> list[frozenset[int]]:
        if at not in known:
            tails = [chain(after) for before, after in links if before == at]
            known[at] = [at, *max(tails, key=len, default=[])]
        return known[at]

    return max((chain(before) for before, _ in links), key=len, default=[])
