"""Which tool finds which defect: detection, false alarms, and the pair that covers most.

Counting diagnostics flatters: a hint about import order on a file with a bug is no hit. Here a
defect counts as found when an accepted code stands within a line of it, and a false alarm when such
a code stands anywhere in the twin, in which the defect is mended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from velvet_devtools import lint
from velvet_devtools.lint import Diagnostic, Status
from velvet_devtools.samples.defects import Defect, defects, write

NEAR_LINES = 1
# A profile each that a project would choose on purpose, beside the tools' own defaults.
CHOICES = (
    ("ruff", "pyflakes"), ("ruff", "default"), ("ruff", "wide"), ("flake8", "default"),
    ("flake8", "bugbear"), ("pylint", "default"), ("pylint", "strict"), ("bandit", "default"),
    ("vulture", "default"), ("mypy", "default"), ("mypy", "strict"), ("pyright", "default"),
    ("pyright", "strict"), ("basedpyright", "default"), ("ty", "default"), ("ty", "strict"),
    ("pyrefly", "default"), ("pyrefly", "preset"), ("pyrefly", "strict"),
)  # fmt: skip
LINTERS = frozenset({"ruff", "flake8", "pylint", "bandit", "vulture"})


@dataclass(frozen=True)
class Row:
    """What one tool in one profile found.

    Attributes:
        found: stems of the defects that it reports.
        false_alarms: stems of the twins on which it reports the defect that is mended.
        noise: other findings on the twins.
        words: stem -> what it says about the defect.
    """

    tool: str
    profile: str
    status: Status
    found: frozenset[str]
    false_alarms: frozenset[str]
    noise: int
    seconds: float
    version: str
    problem: str
    words: dict[str, str]

    @property
    def name(self) -> str:
        """Tool and profile in one word, such as ``ruff:wide``."""
        return f"{self.tool}:{self.profile}"


@dataclass(frozen=True)
class Matrix:
    """All rows; those that did not run are there with their status and count for nothing."""

    rows: tuple[Row, ...]
    corpus: tuple[Defect, ...]

    @property
    def ran(self) -> tuple[Row, ...]:
        """The rows of the tools that are here and worked."""
        return tuple(row for row in self.rows if row.status is Status.OK)

    def unique(self, row: Row) -> frozenset[str]:
        """Return what only this tool finds, its other profiles aside."""
        others = (one.found for one in self.ran if one.tool != row.tool)
        return row.found.difference(*others)

    def missed_by_all(self) -> list[str]:
        """Return the defects that no tool reports, in the order of the corpus."""
        seen = frozenset().union(*(row.found for row in self.ran))
        return [one.stem for one in self.corpus if one.stem not in seen]

    def by_class(self, row: Row) -> dict[str, int]:
        """Return class -> how many of its defects this row reports."""
        found = Counter(one.kind for one in self.corpus if one.stem in row.found)
        return {one.kind: found[one.kind] for one in self.corpus}

    def best_pair(self) -> tuple[Row, Row] | None:
        """Return the linter and the type checker that find most together, fewest alarms first."""
        pairs = [
            (a, b)
            for a, b in combinations(self.ran, 2)
            if (a.tool in LINTERS) != (b.tool in LINTERS)
        ]

        def worth(pair: tuple[Row, Row]) -> tuple[int, int, float]:
            a, b = pair
            alarms = len(a.false_alarms | b.false_alarms)
            return len(a.found | b.found), -alarms, -(a.seconds + b.seconds)

        return max(pairs, key=worth, default=None)

    def cheapest_cover(self, budget_s: float) -> list[Row]:
        """Return the tools that together find most within a budget of seconds.

        Every choice of at most four tools, one profile each, is tried: greedy covering takes the
        broad tool first and then has no seconds left for the two that complement each other.
        """
        best: tuple[int, float, list[Row]] = (0, 0.0, [])
        useful = [row for row in self.ran if row.seconds <= budget_s and row.found]
        for size in range(1, 5):
            for some in combinations(useful, size):
                spent = sum(row.seconds for row in some)
                if spent > budget_s or len({row.tool for row in some}) < size:
                    continue
                covered = len(frozenset().union(*(row.found for row in some)))
                if (covered, -spent) > best[:2]:
                    best = (covered, -spent, list(some))
        return best[2]


def judge(
    found: Iterable[Diagnostic], corpus: Sequence[Defect]
) -> tuple[frozenset[str], frozenset[str], int, dict[str, str]]:
    """Return the defects found, the false alarms, the noise, and the words on each defect."""
    known = {one.stem: one for one in corpus}
    hits: dict[str, str] = {}
    alarms: set[str] = set()
    noise = 0
    for one in found:
        place = Path(one.path)
        defect = known.get(place.stem.removesuffix("_ok"))
        if defect is None:
            continue
        meant = one.code in defect.accept
        if place.parent.name == "twins":
            alarms.update({defect.stem} if meant else ())
            noise += not meant
        elif meant and abs(one.line - defect.line) <= NEAR_LINES:
            hits.setdefault(defect.stem, f"{one.code}: {one.message}")
    return frozenset(hits), frozenset(alarms), noise, hits


def rows(choices: Iterable[tuple[str, str]] = CHOICES, *, timeout_s: float = 120) -> Iterator[Row]:
    """Run each tool once over defects and twins, and yield a row each as it ends."""
    corpus = defects()
    with TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        write(place / "corpus")
        for tool, profile in choices:
            work = place / f"{tool}-{profile}"
            work.mkdir()
            parts = [place / "corpus" / "defects", place / "corpus" / "twins"]
            files = [file for part in parts for file in sorted(part.glob("*.py"))]
            result = lint.run(tool, files, work, profile=profile, timeout_s=timeout_s)
            judged = judge(result.diagnostics, corpus)
            yield Row(
                tool, profile, result.status, *judged[:3], result.seconds, result.version,
                result.problem, judged[3],
            )  # fmt: skip


def measure(choices: Iterable[tuple[str, str]] = CHOICES) -> Matrix:
    """Run the tools and return the whole matrix."""
    return Matrix(tuple(rows(choices)), defects())
