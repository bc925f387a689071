"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from velvet_testing import corpus, flaky, fragility, strategies
from velvet_testing.mutation import engine, operators
from velvet_testing.samples.suites import Suite
from velvet_testing.schedule import explore
from velvet_testing.shootout import Lane, hunt_once

Event = dict[str, Any]
PURE = ("money_split", "pager", "semver_sort", "slug_wrap", "csv_codec")
TABLES = {"happy path": ("happy",), "edge table": ("happy", "edges")}
MAX_ROW = 200


def mutate(program: str = "pager", suite: str = "happy path", row: str = "") -> Iterator[Event]:
    """Mutate a program and tell each mutant's fate; a row of the reader's own joins the suite."""
    if program not in PURE or suite not in TABLES:
        raise ValueError(f"{program!r} and {suite!r}: choose a program and a suite of the lists")
    found = corpus.find(program)
    tests = Suite(program, TABLES[suite], extra=(checked(row),) if row.strip() else ())
    total = len(list(operators.mutants(found.source)))
    yield {"type": "plan", "total": total}
    yield {"type": "source", "source": found.source, "program": program}
    outcomes: list[engine.Outcome] = []
    # The engine tells as it goes; a generator of events needs each of them at once.
    for lines in _blocks(found.source):
        try:
            report = engine.run(Path(found.filename), tests, lines=lines)
        except engine.BaselineRed as error:
            raise ValueError(f"Your row is red on the program as it is: {error}") from None
        for outcome in report.outcomes:
            outcomes.append(outcome)
            mutant = outcome.mutant
            yield {
                "type": "mutant",
                "id": mutant.id,
                "operator": mutant.operator.value,
                "line": mutant.lineno,
                "before": mutant.before,
                "after": mutant.after,
                "status": outcome.status.value,
                "done": len(outcomes),
            }
        yield {"type": "covered", "lines": sorted(report.covered)}


def checked(row: str) -> str:
    """Return a row that may run: one comparison of calls and literals, and nothing else."""
    text = row.strip()[:MAX_ROW]
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"Your row is no expression: {error.msg}") from None
    allowed = (
        ast.Expression,
        ast.Compare,
        ast.Call,
        ast.Name,
        ast.Constant,
        ast.List,
        ast.Tuple,
        ast.Subscript,
        ast.UnaryOp,
        ast.USub,
        ast.Load,
        ast.cmpop,
    )
    names = {"raises", "ValueError", "split", "parse", "format_cents", "page", "ordered", "key"}
    names |= {"bump", "slug", "shorten", "wrap", "width", "encode", "decode"}
    for node in ast.walk(tree):
        if not isinstance(node, allowed):
            raise ValueError(f"A row is a comparison of calls: no {type(node).__name__} in it")
        if isinstance(node, ast.Name) and node.id not in names:
            raise ValueError(f"{node.id!r} is no name of these programs")
    if not isinstance(tree.body, (ast.Compare, ast.Call)):
        raise ValueError("A row is a comparison, such as page([], 1) == ([], None)")
    return text


def _blocks(source: str) -> list[range]:
    """Return the lines of each function and of what stands between them."""
    starts = sorted({1, *(node.lineno for node in ast.parse(source).body)})
    ends = [*starts[1:], len(source.splitlines()) + 1]
    blocks = [range(a, b) for a, b in zip(starts, ends, strict=True)]
    return [lines for lines in blocks if any(operators.mutants(source, lines=lines))]


# The cheap ones first: the reader sees a row at once, and the long hunts fill in below it.
FIRST = ("happy_path", "edge_table", "snapshot", "contract", "schedule_explorer", "fault_injection")


def hunt(program: str = "money_split", seeds: int = 2) -> Iterator[Event]:
    """Let every strategy hunt a program's bugs, and tell each hunt."""
    if not 1 <= seeds <= 5:
        raise ValueError(f"{seeds} seeds: choose 1 to 5")
    chosen = [corpus.find(program)] if program != "all" else list(corpus.programs())
    hunters = strategies.strategies(shrink=False, max_examples=60)
    first = [strategies.by_name(name) for name in FIRST]
    order = [*first, *(one for one in hunters if one.name not in FIRST)]
    jobs = [
        (one.name, bug.id, hunter, seed, 4.0)
        for hunter in order
        for one in chosen
        if hunter.supports(one)
        for bug in corpus.bugs(one.name)
        for seed in range(1, seeds + 1 if hunter.seeded else 2)
    ]
    yield {"type": "plan", "total": len(jobs)}
    lane: Lane | None = None  # another process takes a moment to start, and an example does not
    try:
        for done, job in enumerate(jobs, start=1):
            if job[2].name == FIRST[0]:
                finding = hunt_once(job)
                outcome, seconds = "FOUND" if finding else "MISSED", 0.0
            else:
                lane = lane or Lane()
                outcome, finding, seconds = lane.do(job)
            yield {
                "type": "hunt",
                "strategy": job[2].name,
                "bug": job[1],
                "kind": corpus.find_bug(job[1]).kind.value,
                "seed": job[3],
                "outcome": outcome,
                "seconds": finding.seconds if finding else seconds,
                "done": done,
            }
    finally:
        if lane is not None:
            lane.close()


def styles() -> Iterator[Event]:
    """Run four styles on each refactoring and each breakage."""
    chosen = fragility.STYLES[:-1]
    patches = len(fragility.refactorings()) + len(fragility.breakages())
    yield {"type": "plan", "total": len(chosen) * patches}
    for done, found in enumerate(fragility.battery(chosen), start=1):
        names = ("style", "kind", "patch", "red", "why")
        yield {"type": "cell", "done": done, **dict(zip(names, found, strict=True))}


def interleavings(bug: str = "async_pool-2", bound: int = 1) -> Iterator[Event]:
    """Explore one race of the pool and tell every schedule up to the one that fails."""
    if not 0 <= bound <= 3:
        raise ValueError(f"{bound} preemptions: choose 0 to 3")
    module = corpus.load("async_pool", bug if bug != "none" else None)
    race = corpus.find("async_pool").kit.races[_race_of(bug)]
    seen: list[tuple[int, ...]] = []
    failure = explore(
        partial(race.make, module), race.check, bound=bound, max_schedules=60, seen=seen.append
    )
    yield {"type": "plan", "total": len(seen)}
    for number, choices in enumerate(seen, start=1):
        bad = failure is not None and number == failure.schedules
        error = str(failure.error) if bad and failure else ""
        yield {"type": "schedule", "choices": list(choices), "error": error, "done": number}


def _race_of(bug: str) -> int:
    return {"async_pool-1": 1, "async_pool-3": 2}.get(bug, 0)


def rerun(percent: int = 10, trials: int = 200) -> Iterator[Event]:
    """Simulate a flaky test, and after how many reruns it was caught."""
    if not 1 <= percent <= 90 or not 1 <= trials <= 2000:
        raise ValueError("Choose a rate of 1 to 90 % and at most 2,000 trials")
    p, rng = percent / 100, Random(percent)
    needed = flaky.reruns_needed(p)
    horizon = needed * 2
    first = [next((n for n in range(1, horizon + 1) if rng.random() < p), 0) for _ in range(trials)]
    yield {"type": "plan", "total": horizon}
    for runs in range(1, horizon + 1):
        caught = sum(0 < one <= runs for one in first)
        low, high = flaky.binomial_band(trials, 1 - (1 - p) ** runs)
        yield {
            "type": "runs",
            "runs": runs,
            "theory": 1 - (1 - p) ** runs,
            "seen": caught / trials,
            "low": low / trials,
            "high": high / trials,
            "needed": needed,
        }
