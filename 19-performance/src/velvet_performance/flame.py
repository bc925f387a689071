"""Flame graphs of our own: SVG without a script, text for a terminal, rectangles for a page.

The width of a frame is its share; siblings stand in alphabetical order, so that two graphs of one
program can be compared by eye. A differential graph keeps the shape of the *second* profile and
colours what a frame gained (red) or lost (blue) against the first, in its own time: a caller is
not coloured for what its callee did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from velvet_performance.errors import tidy
from velvet_performance.stacks import Frames, Stacks

ROW_PX, WIDTH_PX, LETTER_PX = 19, 1200, 7.0
SMALLEST = 0.001
PLAIN, GAINED, LOST, SAME = ("#b39bed", "#ea9294", "#9ac2d1", "#f4ebf3")
EDGE, INK = "#3e1586", "#222222"


@dataclass
class Node:
    """A frame in its place: its weight, its own weight, and what it calls."""

    name: str
    weight: float = 0.0
    own: float = 0.0
    children: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True)
class Box:
    """A rectangle of the graph: left edge and width as shares of the whole, depth from 0."""

    name: str
    path: Frames
    left: float
    width: float
    depth: int
    weight: float
    own: float


def tree_of(stacks: Mapping[Frames, float]) -> Node:
    """Fold stacks into a tree under one root called "all"."""
    root = Node("all")
    for frames, weight in stacks.items():
        node = root
        node.weight += weight
        for frame in frames:
            node = node.children.setdefault(frame, Node(frame))
            node.weight += weight
        node.own += weight
    return root


def boxes(stacks: Mapping[Frames, float], smallest: float = SMALLEST) -> list[Box]:
    """Return the rectangles of a flame graph; only frames of at least a share (NaN: none)."""
    root = tree_of(stacks)
    if root.weight <= 0:
        return []

    def place(node: Node, path: Frames, left: float) -> Iterator[Box]:
        width = node.weight / root.weight
        yield Box(node.name, path, left, width, len(path), node.weight, node.own)
        for name in sorted(node.children):
            child = node.children[name]
            if child.weight / root.weight >= smallest:
                yield from place(child, (*path, name), left)
            left += child.weight / root.weight

    return list(place(root, (), 0.0))


def changes(before: Mapping[Frames, float], after: Mapping[Frames, float]) -> dict[Frames, float]:
    """Return how each frame's own share changed, by its place in the second graph, -1 to 1."""

    def shares(stacks: Mapping[Frames, float]) -> dict[Frames, float]:
        total = sum(stacks.values()) or 1.0
        return {frames: weight / total for frames, weight in stacks.items()}

    old, new = shares(before), shares(after)
    return {frames: new.get(frames, 0.0) - old.get(frames, 0.0) for frames in {*old, *new}}


def svg(
    stacks: Mapping[Frames, float],
    *,
    title: str,
    before: Mapping[Frames, float] | None = None,
    unit: str = "samples",
) -> str:
    """Return a flame graph as an SVG document; with `before`, a differential one.

    Every frame carries its full name and share as a tooltip; no script, nothing loaded.
    """
    placed = boxes(stacks)
    if not placed:
        raise ValueError("an empty profile has no flame graph: nothing was sampled")
    moved = changes(before, stacks) if before is not None else {}
    height = (max(box.depth for box in placed) + 3) * ROW_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height}" '
        f'width="{WIDTH_PX}" height="{height}" font-family="monospace" font-size="12" '
        f"role={quoteattr('img')} aria-label={quoteattr(title)}>",
        f'<text x="8" y="15" font-size="14" fill="{INK}">{escape(title)}</text>',
    ]
    for box in placed:
        change = moved.get(box.path, 0.0)
        fill = PLAIN if before is None else _colour(change)
        x, width = box.left * WIDTH_PX, box.width * WIDTH_PX
        y = height - (box.depth + 1) * ROW_PX - 4
        name = tidy(box.name)
        told = f"{name}: {box.weight:,.6g} {unit}, {box.width:.1%}"
        if before is not None:
            told += f", own share {change * 100:+.1f} points"
        parts.append(
            f"<g><title>{escape(told)}</title>"
            f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{ROW_PX - 1}" '
            f'fill="{fill}" stroke="{EDGE}" stroke-width="0.4"/>'
        )
        letters = int((width - 6) / LETTER_PX)
        if letters >= 3:
            shown = name if len(name) <= letters else name[: letters - 1] + "…"
            parts.append(f'<text x="{x + 3:.2f}" y="{y + 13}" fill="{INK}">{escape(shown)}</text>')
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _colour(change: float) -> str:
    if abs(change) < 0.005:
        return SAME
    return GAINED if change > 0 else LOST


def text(stacks: Stacks, *, width: int = 78, smallest: float = 0.02) -> str:
    """Return a flame graph for a terminal: one row a frame, indented by depth, a bar for its share.

    >>> print(text(Stacks({("main", "a"): 3.0, ("main", "b"): 1.0}), width=40))
    all             ████████████████ 100.0%
     main           ████████████████ 100.0%
      a             ████████████      75.0%
      b             ████              25.0%
    """
    room = max(12, int(width * 0.4))
    bar = width - room - 8
    lines = []
    for box in boxes(stacks, smallest):
        label = " " * box.depth + tidy(box.name)
        label = label if len(label) < room else label[: room - 2] + "…"
        lines.append(f"{label:{room}}{'█' * max(1, round(box.width * bar)):{bar}} {box.width:6.1%}")
    return "\n".join(lines)
