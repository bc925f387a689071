"""Score the tests of a whole package: mutants spread over all its files, one traced run for all.

`engine.run` asks about one file. A package has too many mutants to try each, so a sample is drawn,
evenly over all lines, and the score carries the interval that a sample of its size leaves (Wilson
1927). The workers share the mutants; each is a process that has collected the tests once.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import accumulate, islice
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from velvet_testing.mutation import engine, operators
from velvet_testing.mutation.engine import Outcome, Status, Worker
from velvet_testing.mutation.operators import Mutant, Operator
from velvet_testing.mutation.session import BASELINE_S, MIN_TIMEOUT_S, SLOWER

Z_95 = 1.96
BUDGET_S = 10.0  # of tests a mutant: what takes longer is seldom the first to notice
# A text is a message or a label more often than behaviour that a test should pin.
BEHAVIOUR = operators.ALL - {Operator.TXT}
Placed = tuple[Path, Mutant]


@dataclass
class PackageReport(engine.MutationReport):
    """What a run over a package found.

    Attributes:
        places: the file of each outcome.
        red: tests that fail before anything is mutated, which judge nothing.
    """

    places: list[Path] = field(default_factory=list)
    red: list[str] = field(default_factory=list)

    @property
    def judged(self) -> int:
        """How many mutants a test reached, without the equivalent ones."""
        apart = (Status.EQUIVALENT, Status.NO_COVERAGE)
        return sum(outcome.status not in apart for outcome in self.outcomes)

    @property
    def score(self) -> float | None:
        """Killed or timed out, of all that a test reached; None without any.

        What no test reaches here may be reached by one that needs a server: coverage knows.
        """
        dead = self.count(Status.KILLED) + self.count(Status.TIMEOUT)
        return dead / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the score (Wilson); from 0 to 1 without mutants."""
        n = self.judged
        if not n:
            return 0.0, 1.0
        share, z2 = self.score or 0.0, Z_95**2
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        reach = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return max(0.0, middle - reach), min(1.0, middle + reach)

    @property
    def alive(self) -> list[Placed]:
        """The survivors with their files, without those that no test reached."""
        both = zip(self.places, self.outcomes, strict=True)
        return [(place, one.mutant) for place, one in both if one.status is Status.SURVIVED]


def sample(files: Mapping[Path, Collection[int] | None], limit: int) -> Iterator[Placed]:
    """Yield at most so many mutants, evenly spread over the lines of all files.

    Args:
        files: the lines that may change, by file; None for all.
    """
    texts = {path: path.read_text(encoding="utf-8") for path in files}

    def mutants(path: Path) -> Iterator[Mutant]:
        return operators.mutants(texts[path], BEHAVIOUR, lines=files[path], filename=str(path))

    counts = {path: sum(1 for _ in mutants(path)) for path in files}
    total, before = sum(counts.values()), 0
    limit = min(limit, total)
    chosen = [(2 * i + 1) * total // (2 * limit) for i in range(limit)]  # of each part the middle
    for path, count in counts.items():
        wanted = [at - before for at in chosen if before <= at < before + count]
        before += count
        made, at = mutants(path), 0
        for number in wanted:
            yield path, next(islice(made, number - at, None))
            at = number + 1


def users(trees: Mapping[str, ast.AST], path: str, line: int) -> Iterator[tuple[str, int]]:
    """Yield the lines that depend on one that runs at import, by file.

    Those of the function whose default or decorator it is; for a constant or a field, the lines of
    any file that name it; for a class, its own.
    """
    around = [
        one
        for one in ast.walk(trees[path])
        if isinstance(one, ast.stmt) and _first(one) <= line <= (one.end_lineno or 0)
    ]
    for one in reversed(around):  # the innermost first
        if isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            walked = (name for target in targets for name in ast.walk(target))
            names = {name.id for name in walked if isinstance(name, ast.Name)}
            for place, tree in trees.items():
                for use in ast.walk(tree):
                    if isinstance(use, ast.Name | ast.Attribute) and _named(use) in names:
                        yield place, use.lineno
            return
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from ((path, number) for number in range(one.lineno, (one.end_lineno or 0) + 1))
            return


def _first(one: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(one, "decorator_list", [])
    return min([one.lineno, *(decorator.lineno for decorator in decorators)])


def _named(use: ast.Name | ast.Attribute) -> str:
    return use.id if isinstance(use, ast.Name) else use.attr


class _Baseline:
    """What the traced runs told: which tests reach a line, and how long each takes."""

    def __init__(
        self, parts: Sequence[Mapping[str, Any]], everywhere: Collection[str] = ()
    ) -> None:
        self.red = {name for one in parts for name in one["failed"]}
        took = {name: s for one in parts for name, s in one["seconds"].items()}
        order = [name for name in parts[0]["order"] if name not in self.red]
        self.everywhere = {name for name in order if name.rpartition("::")[2] in everywhere}
        self.seconds = {name: took[name][0] for name in order}
        self.limits = {name: max(MIN_TIMEOUT_S, SLOWER * sum(took[name])) for name in order}
        self.imported, self.startup = parts[0]["imported"], parts[0]["startup"]
        self.modules = sorted({name for one in parts for name in one["modules"]})
        texts = {path: Path(path).read_text(encoding="utf-8") for path in self.imported}
        self.trees = {path: ast.parse(text) for path, text in texts.items()}
        self.reached: dict[str, dict[str, set[str]]] = {path: {} for path in self.imported}
        for path, lines in (
            (path, lines) for one in parts for path, lines in one["reached"].items()
        ):
            for line, tests in lines.items():
                self.reached[path].setdefault(line, set()).update(set(tests) - self.red - {""})

    def _at(self, lines: Iterable[tuple[str, int]]) -> set[str]:
        """Return the tests that reach any of some lines."""
        return set().union(*(self.reached[path].get(str(line), ()) for path, line in lines))

    def early(self, path: Path, mutant: Mutant) -> bool:
        """Whether a mutant runs at import, before the first test."""
        return bool(set(self.imported[str(path)]).intersection(mutant.lines))

    def tests(self, path: Path, mutant: Mutant) -> list[str]:
        """Return the tests that may notice a mutant, the cheapest up to `BUDGET_S`, file by file."""
        names = self._at({(str(path), line) for line in mutant.lines})
        if not names and self.early(path, mutant):
            whole = set().union(*self.reached[str(path)].values()) or set(self.seconds)
            names = self._at(set(users(self.trees, str(path), mutant.lineno))) or whole
            names |= self.everywhere
        cheap = sorted(
            (name for name in self.seconds if name in names), key=self.seconds.__getitem__
        )
        spent = accumulate((self.seconds[name] for name in cheap), initial=0.0)
        kept = {name for name, before in zip(cheap, spent, strict=False) if before < BUDGET_S}
        total: dict[str, float] = {}
        for name in kept:
            total[_file(name)] = total.get(_file(name), 0.0) + self.seconds[name]
        chosen = [name for name in self.seconds if name in kept]
        return sorted(chosen, key=lambda name: (total[_file(name)], _file(name)))


def _file(test: str) -> str:
    return test.split("::")[0]


class _Judge:
    """One worker's processes: the session, and one that imports anew."""

    def __init__(
        self,
        files: Iterable[Path],
        words: Sequence[str],
        tests: Sequence[str],
        cwd: Path,
        root: Path,
    ):
        self.words, self.cwd, self.root = [*words, f"--rootdir={root}"], cwd, root
        self.first = {"paths": list(map(str, files)), "args": [*self.words, *tests]}
        self.session = Worker("package", cwd, self.first)
        self.cold: Worker | None = None

    def trace(self, part: int, of: int) -> dict[str, Any]:
        """Run a part of the tests, traced.

        Raises:
            BaselineRed: they cannot be collected, or most of them fail.
        """
        told = self.session.do({"timeout": BASELINE_S, "traced": True, "part": [part, of]})
        if told.get("timeout") or "seconds" not in told:
            raise engine.BaselineRed(", ".join(told.get("failed", ["the tests take too long"])))
        if 2 * len(told["failed"]) > len(told["seconds"]):
            raise engine.BaselineRed(f"most tests fail, {told['failed'][0]} first")
        return told

    def judge(self, base: _Baseline, path: Path, mutant: Mutant) -> Outcome:
        """Return what became of a mutant."""
        if operators.is_trivially_equivalent(path.read_text(encoding="utf-8"), mutant.source):
            return Outcome(mutant, Status.EQUIVALENT)
        tests = base.tests(path, mutant)
        if not tests:
            return Outcome(mutant, Status.NO_COVERAGE)
        limits = {name: base.limits[name] for name in tests}
        job: dict[str, Any] = {"path": str(path), "source": mutant.source, "line": mutant.lineno}
        job |= {"limits": limits, "traced": False}
        job["timeout"] = SLOWER * base.startup + sum(limits.values())
        verdict: dict[str, Any] = {"cold": True}
        if not base.early(path, mutant):
            verdict = self.session.do(job)
        if "cold" in verdict:
            if self.cold is None:
                self.cold = Worker("cold", self.cwd)
                self.cold.preload(base.modules)
            places = dict.fromkeys(str(self.root / _file(name)) for name in tests)
            verdict = self.cold.do({**job, "args": [*self.words, *places]})
        return engine._judge(mutant, verdict)

    def close(self) -> None:
        """End both."""
        for worker in (self.session, self.cold):
            if worker is not None:
                worker.close()


def score(
    files: Mapping[Path, Collection[int] | None],
    tests: Sequence[str],
    *,
    cwd: Path,
    limit: int,
    root: Path | None = None,
    words: Sequence[str] = (),
    everywhere: Collection[str] = (),
    workers: int = 1,
) -> PackageReport:
    """Try a sample of a package's mutants against the tests that reach them (needs fork).

    Args:
        files: the lines that may change, by file; None for all.
        tests, words: what pytest is told to run, and options for it.
        limit: at most so many mutants, evenly spread over the lines of all files.
        everywhere: names of tests that look at what the imports of all files made.
        root: pytest's, where it is not the folder that the tests run in.

    Raises:
        BaselineRed: the tests cannot be collected, or most of them fail without a mutant.
    """
    report = PackageReport()
    waiting: SimpleQueue[tuple[int, Placed]] = SimpleQueue()
    for numbered in enumerate(sample(files, limit)):
        waiting.put(numbered)
    done: dict[int, tuple[Path, Outcome]] = {}

    def work(judge: _Judge) -> None:
        while True:
            try:
                number, (path, mutant) = waiting.get_nowait()
            except Empty:
                return
            done[number] = path, judge.judge(base, path, mutant)

    with ExitStack() as stack:
        judges = [_Judge(files, words, tests, cwd, root or cwd) for _ in range(workers)]
        for one in judges:
            stack.callback(one.close)
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        parts = pool.map(_Judge.trace, judges, range(workers), [workers] * workers)
        base = _Baseline(list(parts), everywhere)
        list(pool.map(work, judges))
    report.tests, report.red = len(base.seconds), sorted(base.red)
    for number in sorted(done):
        path, outcome = done[number]
        report.places.append(path)
        report.outcomes.append(outcome)
    return report
