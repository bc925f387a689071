"""The shortest edit script between two files, fast when they are much alike.

Myers (1986, "An O(ND) difference algorithm and its variations"), in linear space: the middle of a long path
is found from both ends, then both halves. N is the number of lines and D of edits, so it is `difflib` that
wins when nearly everything has changed. Runs of equal lines are compared slice by slice, in C.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from velvet_algorithms.apps.snake import SnakeSearch


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
        search = SnakeSearch(self._a, self._b)
        self.edits = _edits(_matches(search), len(self._a), len(self._b))
        self._halvings, self._steps = search.halvings, search.steps

    @property
    def distance(self) -> int:
        """How many lines are deleted or inserted; no script has fewer."""
        return sum(
            edit.a_to - edit.a_from + edit.b_to - edit.b_from
            for edit in self.edits
            if edit.kind != "equal"
        )

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
        for edit in self.edits:
            source = (
                lines[edit.a_from : edit.a_to]
                if edit.kind == "equal"
                else self._b[edit.b_from : edit.b_to]
            )
            changed.extend(source)
        return changed

    def unified(self, context: int = 3) -> list[str]:
        """Return the difference in the unified format, without file names; empty when nothing differs."""
        lines: list[str] = []
        for hunk in self._hunks(max(0, context)):
            a_from, a_to = hunk[0].a_from, hunk[-1].a_to
            b_from, b_to = hunk[0].b_from, hunk[-1].b_to
            lines.append(f"@@ -{_span(a_from, a_to)} +{_span(b_from, b_to)} @@")
            for edit in hunk:
                if edit.kind == "equal":
                    lines += [f" {line}" for line in self._a[edit.a_from : edit.a_to]]
                else:
                    lines += [f"-{line}" for line in self._a[edit.a_from : edit.a_to]]
                    lines += [f"+{line}" for line in self._b[edit.b_from : edit.b_to]]
        return lines

    def _hunks(self, context: int) -> list[list[Edit]]:
        hunks: list[list[Edit]] = [[]]
        for number, edit in enumerate(self.edits):
            if edit.kind != "equal":
                hunks[-1].append(edit)
                continue
            _, a_from, a_to, b_from, b_to = edit
            first, last = number == 0, number == len(self.edits) - 1
            head = 0 if first else min(context, a_to - a_from)
            tail = 0 if last else min(context, a_to - a_from)
            if head + tail >= a_to - a_from and not (first or last):
                hunks[-1].append(edit)
                continue
            if head:
                hunks[-1].append(Edit("equal", a_from, a_from + head, b_from, b_from + head))
            hunks.append([Edit("equal", a_to - tail, a_to, b_to - tail, b_to)] if tail else [])
        return [hunk for hunk in hunks if any(edit.kind != "equal" for edit in hunk)]

    def explain(self) -> dict[str, int]:
        """Return what the search did: lines, the distance, halvings of the problem, steps of paths."""
        return {
            "lines_a": len(self._a),
            "lines_b": len(self._b),
            "distance": self.distance,
            "halvings": self._halvings,
            "steps": self._steps,
        }


def _span(first: int, last: int) -> str:
    size = last - first
    if size == 1:
        return str(first + 1)
    return f"{first + 1 if size else first},{size}"


def _matches(search: SnakeSearch) -> list[tuple[int, int, int]]:
    """Return the runs of equal lines as (place in a, place in b, length), in order."""
    found: list[tuple[int, int, int]] = []
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


def _edits(matches: list[tuple[int, int, int]], a_size: int, b_size: int) -> list[Edit]:
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
