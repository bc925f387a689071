"""A pattern as an automaton of positions (Glushkov), with the number of ways between them.

Each place in a pattern that consumes a character is a position; an edge says that one may follow
another. Two ways over the same edge, as in `(a+)+`, are two choices for a backtracking engine on
the same text, so edges are counted. Classes are sets of representative characters: all that the
pattern names, their neighbours, and one of each kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from velvet_text.engines import sre_parser

COMMON = 'aZ09_ \t\n\r-!.,;:@/"<>é٣\u2028中\x00'
MAX_COPIES = 6  # a bounded repeat with more freedom than this is treated as unbounded
MAX_POSITIONS = 120
MAX_CHARACTERS = 90


class TooLarge(Exception):
    """The automaton has more positions than the audit looks at."""


@dataclass(frozen=True)
class Part:
    """A piece of the automaton: the ways into it, the ways out of it, whether it may be empty."""

    first: Counter[int] = field(default_factory=Counter)
    last: Counter[int] = field(default_factory=Counter)
    nullable: bool = True


class Positions:
    """The automaton of one pattern.

    Attributes:
        masks: for each position, the set of representatives that it takes, as bits.
        edges: position -> following position -> number of ways.
        accepting: positions after which the pattern has matched.
        features: what the automaton leaves out, such as back-references.
        anchored: the pattern can match at the start only.
    """

    def __init__(self, pattern: str, flags: int, *, search: bool, whole: bool) -> None:
        sre = sre_parser()
        parsed = sre.parse(pattern, flags)
        self.flags = parsed.state.flags
        self.characters = _representatives(parsed)
        self.masks: list[int] = []
        self.edges: list[Counter[int]] = []
        self.features: set[str] = set()
        self.anchored = self._anchored(parsed)
        body = self._sequence(parsed)
        if whole:
            body = self._concat(body, self._position(self.end_mark))
        self.free_start = None
        if search and not self.anchored:
            free = self._position((1 << len(self.characters)) - 1)
            (self.free_start,) = free.first
            body = self._concat(self._star(free), body)
        self.start, self.nullable = body.first, body.nullable
        self.accepting = frozenset(body.last)

    @property
    def end_mark(self) -> int:
        """The bit that stands for the end of the text."""
        return 1 << len(self.characters)

    def text_of(self, mask: int) -> str:
        """Return the most readable character of a set."""
        return next(c for i, c in enumerate(self.characters) if mask >> i & 1)

    def _position(self, mask: int) -> Part:
        if len(self.masks) >= MAX_POSITIONS:
            raise TooLarge
        self.masks.append(mask)
        self.edges.append(Counter())
        here = Counter({len(self.masks) - 1: 1})
        return Part(here, here, False)

    def _link(self, lasts: Counter[int], firsts: Counter[int]) -> None:
        for before, ways in lasts.items():
            for after, more in firsts.items():
                self.edges[before][after] = min(2, self.edges[before][after] + ways * more)

    def _concat(self, left: Part, right: Part) -> Part:
        self._link(left.last, right.first)
        first = left.first + right.first if left.nullable else left.first
        last = right.last + left.last if right.nullable else right.last
        return Part(first, last, left.nullable and right.nullable)

    def _star(self, part: Part) -> Part:
        self._link(part.last, part.first)
        return Part(part.first, part.last, True)

    def _sequence(self, items: Iterable[tuple[Any, Any]]) -> Part:
        made = Part()
        for op, value in items:
            made = self._concat(made, self._item(str(op), value))
        return made

    def _item(self, op: str, value: Any) -> Part:
        if op in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return self._position(self._mask(op, value))
        if op == "SUBPATTERN":
            return self._sequence(value[3])
        if op == "ATOMIC_GROUP":
            self.features.add("an atomic group")
            return self._sequence(value)
        if op == "BRANCH":
            parts = [self._sequence(branch) for branch in value[1]]
            first: Counter[int] = sum((one.first for one in parts), Counter())
            last: Counter[int] = sum((one.last for one in parts), Counter())
            return Part(first, last, any(one.nullable for one in parts))
        if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            if op == "POSSESSIVE_REPEAT":
                self.features.add("a possessive repeat")
            return self._repeat(*value)
        if op == "AT":
            return self._anchor(str(value))
        if op in ("GROUPREF", "GROUPREF_IGNORE"):
            self.features.add("a back-reference")
            return self._star(self._position((1 << len(self.characters)) - 1))
        words = {"ASSERT": "a lookaround", "ASSERT_NOT": "a lookaround"}
        self.features.add(words.get(op, f"the construct {op}"))
        return Part()

    def _repeat(self, low: int, high: Any, body: Any) -> Part:
        unbounded = str(high) == "MAXREPEAT" or int(high) - low > MAX_COPIES
        copies = min(low, MAX_COPIES)
        made = Part()
        if unbounded:
            for _ in range(max(0, copies - 1)):
                made = self._concat(made, self._sequence(body))
            loop = self._sequence(body)
            nullable = loop.nullable or low == 0
            loop = self._star(loop)
            return self._concat(made, Part(loop.first, loop.last, nullable))
        for number in range(int(high)):
            if number >= low + MAX_COPIES or len(self.masks) >= MAX_POSITIONS:
                raise TooLarge
            one = self._sequence(body)
            made = self._concat(
                made, one if number < low else Part(one.first, one.last, nullable=True)
            )
        return made

    def _anchor(self, where: str) -> Part:
        if where in ("AT_END", "AT_END_STRING"):
            return self._position(self.end_mark)
        if where == "AT_NON_BOUNDARY":
            self.features.add("the anchor \\B")
        return Part()

    def _anchored(self, items: Any) -> bool:
        multiline = self.flags & 8  # re.MULTILINE
        for op, value in items:
            name = str(op)
            if name == "AT":
                beginning = str(value) == "AT_BEGINNING" and not multiline
                return beginning or str(value) == "AT_BEGINNING_STRING"
            if name == "SUBPATTERN":
                return self._anchored(value[3])
            if name == "BRANCH":
                return all(self._anchored(branch) for branch in value[1])
            return False
        return False

    def _mask(self, op: str, value: Any) -> int:
        mask = 0
        for i, c in enumerate(self.characters):
            forms = {c, c.lower(), c.upper()} if self.flags & 2 else {c}  # re.IGNORECASE
            if any(self._takes(op, value, one) for one in forms if len(one) == 1):
                mask |= 1 << i
        return mask

    def _takes(self, op: str, value: Any, c: str) -> bool:
        if op == "LITERAL":
            return bool(ord(c) == value)
        if op == "NOT_LITERAL":
            return bool(ord(c) != value)
        if op == "ANY":
            return c != "\n" or bool(self.flags & 16)  # re.DOTALL
        negated = bool(value) and str(value[0][0]) == "NEGATE"
        return negated ^ any(self._member(str(kind), what, c) for kind, what in value[negated:])

    def _member(self, kind: str, what: Any, c: str) -> bool:
        if kind == "LITERAL":
            return bool(ord(c) == what)
        if kind == "RANGE":
            return bool(what[0] <= ord(c) <= what[1])
        category = str(what).removeprefix("CATEGORY_")
        plain = category.removeprefix("NOT_")
        narrow = c.isascii() or not self.flags & 256  # re.ASCII
        found = narrow and {
            "DIGIT": c.isdecimal(),
            "SPACE": c.isspace(),
            "WORD": c.isalnum() or c == "_",
        }.get(plain, False)
        return found ^ category.startswith("NOT_")


def _named(node: Any) -> Iterator[int]:
    """Yield the code points that a parse tree names, and their neighbours."""
    if isinstance(node, tuple) and len(node) == 2 and str(node[0]) in ("LITERAL", "NOT_LITERAL"):
        yield from (node[1] - 1, node[1], node[1] + 1)
    elif isinstance(node, tuple) and len(node) == 2 and str(node[0]) == "RANGE":
        yield from (node[1][0] - 1, node[1][0], node[1][1], node[1][1] + 1)
    elif isinstance(node, (list, tuple)) or type(node).__name__ == "SubPattern":
        for one in node:
            yield from _named(one)


def _representatives(parsed: Any) -> str:
    """Return the characters that tell this pattern's classes apart, the most readable first."""
    named = {chr(n) for n in _named(parsed) if 0 <= n <= 0x10FFFF and not 0xD800 <= n < 0xE000}
    ordered = sorted(named | set(COMMON), key=lambda c: (not c.isalnum(), not c.isprintable(), c))
    if len(ordered) > MAX_CHARACTERS:
        raise TooLarge
    return "".join(ordered)
