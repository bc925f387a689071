"""Which tool finds which defect: detection, false alarms, and the pair that covers most.

Counting diagnostics flatters: a hint about import order on a file with a bug is no hit. Here a
defect counts as found when an accepted code stands within a line of it, and a false alarm when such
a code stands anywhere in the twin, in which the defect is fixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from velvet_devtools import lint
from velvet_devtools.contenders.checkers import Diagnostic
from velvet_devtools.lint import Status
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

    `words` is what it says about each defect that it reports, `false_alarms` the twins on which it
    reports the defect that is fixed, `noise` its other findings on twins.
    """

    tool: str
    profile: str
    status: Status
    words: Mapping[str, str]
    false_alarms: frozenset[str]
    noise: int
    seconds: float
    problem: str = ""

    @property
    def found(self) -> frozenset[str]:
        """The stems of the defects that it reports."""
        return frozenset(self.words)

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

    def best_pair(self) -> tuple[Row, Row] | None:
        """Return the linter and the type checker that find most together, fewest alarms first."""

        def worth(pair: tuple[Row, Row]) -> tuple[int, int, float]:
            a, b = pair
            alarms = len(a.false_alarms | b.false_alarms)
            return len(a.found | b.found), -alarms, -(a.seconds + b.seconds)

        pairs = combinations(self.ran, 2)
        mixed = (pair for pair in pairs if len({one.tool in LINTERS for one in pair}) == 2)
        return max(mixed, key=worth, default=None)

    def cheapest_cover(self, budget_s: float) -> list[Row]:
        """Return the tools that together find most within a budget of seconds.

        Every choice of at most four tools, one profile each, is tried: greedy covering takes the
        broad tool first and then has no seconds left for the two that complement each other.
        """
        if not budget_s >= 0:
            raise ValueError(f"a budget of {budget_s} s: it is 0 or more, or inf for no limit")
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
) -> tuple[dict[str, str], frozenset[str], int]:
    """Return the words on each defect found, the false alarms, the noise."""
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
    return hits, frozenset(alarms), noise


def rows(choices: Iterable[tuple[str, str]] = CHOICES) -> Iterator[Row]:
    """Run each tool once over defects and twins, and yield a row each as it ends."""
    corpus = defects()
    with TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        write(place / "corpus")
        files = sorted((place / "corpus").rglob("*.py"))
        for tool, profile in choices:
            work = place / f"{tool}-{profile}"
            work.mkdir()
            run = lint.run(tool, files, work, profile=profile)
            judged = judge(run.diagnostics, corpus)
            yield Row(tool, profile, run.status, *judged, run.seconds, run.problem)


def measure(choices: Iterable[tuple[str, str]] = CHOICES) -> Matrix:
    """Run the tools and return the whole matrix."""
    return Matrix(tuple(rows(choices)), defects())
