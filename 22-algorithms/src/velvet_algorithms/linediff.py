"""The shortest edit script between two files, fast when they are much alike.

Myers (1986, "An O(ND) difference algorithm and its variations"). A diagonal k holds all points with
x - y = k, and a path of d edits can only have reached the diagonals -d, -d + 2, ..., d. For each of
them it is enough to know how far it came. Few edits are followed from the front, every round
remembered (section 3); for many, which would take d^2 memory, the paths from both ends are followed
until they meet, then both halves (section 4b): linear space. N is the number of lines and D of
edits, so it is `difflib` that wins when nearly everything has changed. Runs of equal lines are
compared slice by slice, in C.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

CHUNK = 32
"""Lines compared at a time: long enough that a call is cheap, short enough that little is done in vain."""
FEW = 64
"""Edits up to which all rounds are remembered: at most 2,145 numbers, and the lines are read once."""
Match = tuple[int, int, int]
Box = tuple[int, int, int, int]


class _SnakeSearch:
    """Finds runs of equal lines in two sequences; a box is (a_from, a_to, b_from, b_to).

    Attributes:
        halvings: how many middles were searched.
        steps: how many times a path was made longer.
    """

    def __init__(self, a: list[object], b: list[object]) -> None:
        self.a, self.b = a, b
        self.halvings = self.steps = 0
        # Furthest x by diagonal, negative ones counted from the list's end. A search reads only what
        # it has written itself, so that the lists need not be cleared for the next one.
        self._front = [0] * (len(a) + len(b) + 3)
        self._back = [0] * (len(a) + len(b) + 3)

    def prefix(self, x: int, a_to: int, y: int, b_to: int) -> int:
        """Return how many lines from ``a[x]`` and ``b[y]`` on are equal."""
        a, b = self.a, self.b
        begin, room = x, min(a_to - x, b_to - y)
        while room >= CHUNK and a[x : x + CHUNK] == b[y : y + CHUNK]:
            x, y, room = x + CHUNK, y + CHUNK, room - CHUNK
        while room and a[x] == b[y]:
            x, y, room = x + 1, y + 1, room - 1
        return x - begin

    def suffix(self, a_from: int, x: int, b_from: int, y: int) -> int:
        """Return how many lines before ``a[x]`` and ``b[y]`` are equal."""
        a, b = self.a, self.b
        begin, room = x, min(x - a_from, y - b_from)
        while room >= CHUNK and a[x - CHUNK : x] == b[y - CHUNK : y]:
            x, y, room = x - CHUNK, y - CHUNK, room - CHUNK
        while room and a[x - 1] == b[y - 1]:
            x, y, room = x - 1, y - 1, room - 1
        return begin - x

    def direct(self, box: Box) -> list[Match] | None:
        """Return the runs of equal lines of a shortest path of at most 64 edits, else None.

        O((n + m) + 64^2) time.
        """
        a, b = self.a, self.b
        a_from, a_to, b_from, b_to = box
        shift = b_from - a_from
        rounds: list[list[int]] = []  # by round d the furthest x on diagonals -d, -d + 2, ..., d
        before: list[int] = [a_from]
        for edits in range(FEW + 1):
            row: list[int] = []
            self.steps += edits + 1
            for at in range(edits + 1):
                x = self._start(before, at, edits)
                y = x - (2 * at - edits) + shift
                if x < a_to and y < b_to and a[x] == b[y]:
                    run = self.prefix(x, a_to, y, b_to)
                    x, y = x + run, y + run
                row.append(x)
                if x >= a_to and y >= b_to:
                    return self._walk_back([*rounds, row], at, shift)
            rounds.append(row)
            before = row
        return None

    @staticmethod
    def _start(before: list[int], at: int, edits: int) -> int:
        """Return where the path of one more edit begins on a diagonal: below or to the right."""
        if at == 0 or (at != edits and before[at - 1] < before[at]):
            return before[at]
        return before[at - 1] + 1

    def _walk_back(self, rounds: list[list[int]], at: int, shift: int) -> list[Match]:
        found = []
        for edits in range(len(rounds) - 1, 0, -1):
            before = rounds[edits - 1]
            x, end = self._start(before, at, edits), rounds[edits][at]
            if end > x:
                found.append((x, x - (2 * at - edits) + shift, end - x))
            if not (at == 0 or (at != edits and before[at - 1] < before[at])):
                at -= 1
        return found

    def middle(self, box: Box) -> Box:
        """Return the run of equal lines (possibly empty) in the middle of a shortest path.

        As (x, y, u, v): it begins at ``a[x]``, ``b[y]`` and ends before ``a[u]``, ``b[v]``. Both sides of
        the box must be non-empty. O((n + m) * distance) time.
        """
        a, b, front, back = self.a, self.b, self._front, self._back
        a_from, a_to, b_from, b_to = box
        n, m, shift = a_to - a_from, b_to - b_from, b_from - a_from
        delta = n - m
        odd = delta % 2 == 1
        front[1], back[delta - 1] = a_from, a_to
        self.halvings += 1
        edits = 0
        while True:
            # Diagonals beyond the box cannot lead back into it.
            low = 2 * (edits - m) - edits if edits > m else -edits
            high = edits - 2 * (edits - n) if edits > n else edits
            self.steps += high - low + 2
            for k in range(low, high + 1, 2):
                if k == -edits or (k != edits and front[k - 1] < front[k + 1]):
                    x = u = front[k + 1]
                else:
                    x = u = front[k - 1] + 1
                y = x - k + shift
                if x < a_to and y < b_to and a[x] == b[y]:
                    u += self.prefix(x, a_to, y, b_to)
                front[k] = u
                if odd and -edits < k - delta < edits and u >= back[k]:
                    return x, y, u, u - k + shift
            for k in range(delta - high, delta - low + 1, 2):
                if k == delta + edits or (k != delta - edits and back[k - 1] < back[k + 1]):
                    x = u = back[k - 1]
                else:
                    x = u = back[k + 1] - 1
                v = u - k + shift
                if u > a_from and v > b_from and a[u - 1] == b[v - 1]:
                    x -= self.suffix(a_from, u, b_from, v)
                back[k] = x
                if not odd and -edits <= k <= edits and front[k] >= x:
                    return x, x - k + shift, u, v
            edits += 1


class Edit(NamedTuple):
    """Lines ``a[a_from:a_to]`` become ``b[b_from:b_to]``; `kind` is as in `difflib.SequenceMatcher`."""

    kind: str
    a_from: int
    a_to: int
    b_from: int
    b_to: int


class LineDiff:
    """What turns one sequence of lines into another.

    Args:
        a, b: lines, or any other sequences of values that can be compared for equality.

    O((len(a) + len(b)) * distance) time at most, linear space.

    >>> diff = LineDiff(["one", "two", "three"], ["one", "2", "three"])
    >>> diff.distance
    2
    >>> diff.edits[1]
    Edit(kind='replace', a_from=1, a_to=2, b_from=1, b_to=2)
    """

    def __init__(self, a: Sequence[object], b: Sequence[object]) -> None:
        self._a, self._b = list(a), list(b)
        search = _SnakeSearch(self._a, self._b)
        self.edits = _edits(_matches(search), len(self._a), len(self._b))
        self._halvings, self._steps = search.halvings, search.steps

    @property
    def distance(self) -> int:
        """How many lines are deleted or inserted; no script has fewer."""
        changes = (edit for edit in self.edits if edit.kind != "equal")
        return sum(e.a_to - e.a_from + e.b_to - e.b_from for e in changes)

    def apply(self, lines: Sequence[object]) -> list[object]:
        """Return the second sequence, made of the first one and the edits.

        Raises:
            ValueError: `lines` is not the sequence that the diff was made of; nothing is changed.
        """
        if list(lines) != self._a:
            raise ValueError(
                f"this diff starts from {len(self._a)} other lines, not from these {len(lines)}"
            )
        changed: list[object] = []
        for kind, a_from, a_to, b_from, b_to in self.edits:
            changed += lines[a_from:a_to] if kind == "equal" else self._b[b_from:b_to]
        return changed

    def explain(self) -> dict[str, int]:
        """Return what the search did: lines, the distance, halvings of the problem, steps of paths."""
        return {
            "lines_a": len(self._a),
            "lines_b": len(self._b),
            "distance": self.distance,
            "halvings": self._halvings,
            "steps": self._steps,
        }


def _matches(search: _SnakeSearch) -> list[Match]:
    """Return the runs of equal lines as (place in a, place in b, length), in order."""
    found: list[Match] = []
    waiting = [(0, len(search.a), 0, len(search.b))]
    while waiting:
        a_from, a_to, b_from, b_to = waiting.pop()
        same = search.prefix(a_from, a_to, b_from, b_to)
        if same:
            found.append((a_from, b_from, same))
            a_from, b_from = a_from + same, b_from + same
        tail = search.suffix(a_from, a_to, b_from, b_to)
        if tail:
            a_to, b_to = a_to - tail, b_to - tail
            found.append((a_to, b_to, tail))
        if a_from == a_to or b_from == b_to:
            continue
        few = search.direct((a_from, a_to, b_from, b_to))
        if few is not None:
            found += few
        else:
            x, y, u, v = search.middle((a_from, a_to, b_from, b_to))
            if u > x:
                found.append((x, y, u - x))
            waiting.append((a_from, x, b_from, y))
            waiting.append((u, a_to, v, b_to))
    return sorted(found)


def _edits(matches: list[Match], a_size: int, b_size: int) -> list[Edit]:
    """Return the script that keeps the matches, neighbouring ones joined."""
    edits: list[Edit] = []
    i = j = 0
    for x, y, size in [*matches, (a_size, b_size, 0)]:
        if i < x or j < y:
            kind = "replace" if i < x and j < y else "delete" if i < x else "insert"
            edits.append(Edit(kind, i, x, j, y))
        if size:
            if edits and edits[-1].kind == "equal":
                last = edits.pop()
                edits.append(Edit("equal", last.a_from, x + size, last.b_from, y + size))
            else:
                edits.append(Edit("equal", x, x + size, y, y + size))
        i, j = x + size, y + size
    return edits
