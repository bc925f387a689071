"""Collapsed stacks: the one form that every sampling profiler can be brought to.

A line is `frame;frame;frame weight`, the root first, as Brendan Gregg's flame graph scripts read
it. Once two profiles have this form they can be added, subtracted and drawn, whatever made them.
Speedscope's file format is written as its published schema says.
"""

from __future__ import annotations

import json
import math
import pstats
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from velvet_performance.errors import tidy

Frames = tuple[str, ...]
LONGEST_LINE = 1_000_000
SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True)
class Stacks(Mapping[Frames, float]):
    """Weights by stack, the root first; the weight is samples, seconds or bytes.

    Attributes:
        skipped: lines that were no stack when this was parsed.
    """

    weights: dict[Frames, float] = field(default_factory=dict)
    skipped: int = 0

    def __getitem__(self, frames: Frames) -> float:
        return self.weights[frames]

    def __iter__(self) -> Iterator[Frames]:
        return iter(self.weights)

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def total(self) -> float:
        """The sum of all weights."""
        return math.fsum(self.weights.values())

    def self_weights(self) -> dict[str, float]:
        """Return the weight of each frame where it is the leaf."""
        found: dict[str, float] = defaultdict(float)
        for frames, weight in self.weights.items():
            found[frames[-1]] += weight
        return dict(found)

    def total_weights(self) -> dict[str, float]:
        """Return the weight of each frame wherever it stands; recursion counts once."""
        found: dict[str, float] = defaultdict(float)
        for frames, weight in self.weights.items():
            for frame in set(frames):
                found[frame] += weight
        return dict(found)

    def under(self, marker: str, *, or_root: str = "") -> Stacks:
        """Return what is called by a function, by name; its callers are cut off.

        Args:
            or_root: also keep stacks without the marker that have this function in them, such as
                the first function of a thread.
        """
        kept: dict[Frames, float] = defaultdict(float)
        for frames, weight in self.weights.items():
            names = [name_of(frame) for frame in frames]
            for start in filter(None, (marker, or_root)):
                if start in names:
                    below = frames[names.index(start) + 1 :]
                    kept[below or (start,)] += weight
                    break
        return Stacks(dict(kept))

    def renamed(self, name: Callable[[str], str]) -> Stacks:
        """Return the same stacks with every frame named anew; stacks that become equal are added."""
        found: dict[Frames, float] = defaultdict(float)
        for frames, weight in self.weights.items():
            found[tuple(map(name, frames))] += weight
        return Stacks(dict(found), self.skipped)


def name_of(frame: str) -> str:
    """Return the bare function name of a frame.

    >>> name_of("Service.price (shop.py:120)")
    'price'
    """
    head = frame.split(" (", 1)[0].strip()
    return head if head.startswith("<") else head.rpartition(".")[2]


def parse_collapsed(text: str | bytes) -> Stacks:
    """Read collapsed stacks; equal stacks are added.

    Comments (`#`, `//`) and lines that are no stack are skipped and counted in `skipped`: no
    weight, a weight that is negative or no number, an empty frame, more than a million characters.
    """
    if isinstance(text, bytes):
        encoding = next((name for mark, name in _MARKS.items() if text.startswith(mark)), "utf-8")
        text = text.decode(encoding, "replace")
    weights: dict[Frames, float] = defaultdict(float)
    skipped = 0
    for line in text.split("\n"):
        bare = line.strip()
        if not bare:
            continue
        stack = None if bare.startswith(("#", "//")) else _stack_of(bare)
        if stack is None:
            skipped += 1
            continue
        weights[stack[0]] += stack[1]
    return Stacks(dict(weights), skipped)


def _stack_of(line: str) -> tuple[Frames, float] | None:
    path, _, count = line.rpartition(" ")
    frames = tuple(frame.strip() for frame in path.split(";"))
    try:
        weight = float(count)
    except ValueError:
        return None
    usable = math.isfinite(weight) and weight >= 0 and len(line) <= LONGEST_LINE
    return (frames, weight) if usable and all(frames) else None


def dump_collapsed(stacks: Mapping[Frames, float]) -> str:
    """Write collapsed stacks, sorted, a line each; the home folder is left out of the frames.

    >>> dump_collapsed({("main", "work"): 3.0})
    'main;work 3\\n'
    """
    lines = []
    for frames, weight in sorted(stacks.items()):
        clean = (frame.replace(";", ",").replace("\n", " ").strip() or "?" for frame in frames)
        lines.append(f"{tidy(';'.join(clean))} {weight:.17g}\n")
    return "".join(lines)


def from_pstats(stats: pstats.Stats) -> Stacks:
    """Return approximate stacks of a call graph, in seconds.

    A call graph knows how long a function took for each *caller*, not for each way to it. Each
    function's own time is therefore divided among its callers by the time they account for, and
    theirs among their callers: exact for a tree, a guess where two paths meet. Recursion ends a
    path. Sampling profilers need no such guess.
    """
    table: dict[Any, Any] = stats.stats  # type: ignore[attr-defined]
    weights: dict[Frames, float] = defaultdict(float)
    crumbs = 1e-6 * math.fsum(row[2] for row in table.values())  # paths multiply where they meet

    def climb(function: Any, weight: float, below: Frames, met: frozenset[Any]) -> None:
        callers = {
            caller: edge if isinstance(edge, int) else edge[3]  # profile counts calls only
            for caller, edge in table[function][4].items()
        }
        total = sum(callers.values())
        path = (_label(function), *below)
        if not total or function in met or weight < crumbs:
            weights[path] += weight
            return
        for caller, seconds in callers.items():
            if caller in table and seconds:
                climb(caller, weight * seconds / total, path, met | {function})

    for function, (_, _, own, _, _) in table.items():
        if own > 0:
            climb(function, own, (), frozenset())
    return Stacks(dict(weights))


def _label(function: tuple[str, int, str]) -> str:
    file, line, name = function
    return f"{name} ({Path(file).name}:{line})" if line else name


def pareto(weights: Mapping[str, float], cover: float = 0.8) -> tuple[float, list[str]]:
    """Return the fraction of parts that covers a share of the weight, and those parts.

    >>> pareto({"a": 80.0, "b": 10.0, "c": 5.0, "d": 5.0})
    (0.25, ['a'])
    """
    if not 0 < cover <= 1:
        raise ValueError(f"cover is {cover}: choose a share above 0 and up to 1")
    ranked = sorted(weights, key=weights.__getitem__, reverse=True)
    goal = cover * math.fsum(weights.values())
    taken: list[str] = []
    covered = 0.0
    for part in ranked:
        if covered >= goal * (1 - 1e-12):
            break
        taken.append(part)
        covered += weights[part]
    return (len(taken) / len(ranked) if ranked else 0.0), taken


def to_speedscope(
    stacks: Mapping[Frames, float], path: Path, *, name: str, unit: str = "none"
) -> None:
    """Write a profile that https://www.speedscope.app opens, by its published JSON schema.

    Args:
        unit: bytes, microseconds, milliseconds, nanoseconds, none or seconds.
    """
    frames = sorted({frame for stack in stacks for frame in stack})
    index = {frame: number for number, frame in enumerate(frames)}
    ordered = sorted(stacks.items())
    weights = [weight for _, weight in ordered]
    profile = {
        "type": "sampled",
        "name": name,
        "unit": unit,
        "startValue": 0,
        "endValue": math.fsum(weights),
        "samples": [[index[frame] for frame in stack] for stack, _ in ordered],
        "weights": weights,
    }
    document = {
        "$schema": SCHEMA,
        "name": name,
        "exporter": "velvet_performance",
        "shared": {"frames": [{"name": tidy(frame)} for frame in frames]},
        "profiles": [profile],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
