"""Mutation engines beside each other, and what a score says about a suite."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Outcome, Suite, ratio, value
from velvet.bench.model import Metric, mode
from velvet_testing import contenders, corpus
from velvet_testing.mutation import engine
from velvet_testing.samples.bugs import MORE_OF_TTL_LRU
from velvet_testing.samples.suites import Suite as Tests

PROGRAMS = ("money_split", "semver_sort", "slug_wrap", "csv_codec")
NEEDS: dict[str, tuple[str, ...]] = {
    "own_fork": ("linux",),
    "own_spawn": (),
    "mutmut": ("mutmut", "linux"),
    "cosmic_ray": ("cosmic-ray",),
}
# A fresh interpreter for each mutant takes its time, and cosmic-ray's for each of many takes minutes.
TIERS = {"own_spawn": "default", "cosmic_ray": "full"}
STRENGTHS: tuple[tuple[str, Tests], ...] = (
    ("one_row", Tests("", ("happy",), share=0.01)),
    ("happy_path", Tests("", ("happy",))),
    ("snapshot", Tests("", (), ("snapshot",))),
    ("half_a_table", Tests("", ("happy", "edges"), share=0.5)),
    ("edge_table", Tests("", ("happy", "edges"))),
    ("properties", Tests("", (), ("property",))),
    ("table_and_properties", Tests("", ("happy", "edges"), ("property",))),
    ("everything", Tests("", ("happy", "edges"), ("property", "differential", "metamorphic"))),
)
JUDGED = ("money_split", "slug_wrap")


def project_of(folder: Path, name: str) -> contenders.Project:
    """Write a program of the corpus and its edge table as an ordinary project with plain tests."""
    program, made = corpus.find(name), contenders.Project(folder, name)
    made.source.parent.mkdir(parents=True)
    made.tests.parent.mkdir()
    made.source.write_text(program.source, encoding="utf-8")
    rows = [*program.kit.happy, *program.kit.edges]
    tests = [f"def test_{number}():\n    assert {row}\n" for number, row in enumerate(rows)]
    head = f"import pytest\n\nfrom {name} import *\n\n\n"
    raises = (
        "def raises(error, call, *args):\n    with pytest.raises(error):\n        call(*args)\n"
        "    return True\n"
    )
    made.tests.write_text("\n\n".join([head + raises, *tests]), encoding="utf-8")
    return made


def _engine(name: str, program: str) -> Callable[[], Any]:
    def run() -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            project = project_of(Path(folder, "project"), program)
            result = contenders.load(name).mutate(project)
        found = {
            "ms_per_mutant": result.cpu_per_mutant * 1e3,
            "mutants": float(result.mutants),
            "score": result.score,
        }
        return Outcome(metrics=found, seconds=result.wall_s)

    return run


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the rank correlation of two sequences; ties share their mean rank."""

    def ranks(values: Sequence[float]) -> list[float]:
        return [
            sum(other < one for other in values) + (values.count(one) - 1) / 2 for one in values
        ]

    x, y = ranks(list(a)), ranks(list(b))
    mean = (len(x) - 1) / 2
    cov = sum((p - mean) * (q - mean) for p, q in zip(x, y, strict=True))
    spread = [sum((p - mean) ** 2 for p in ranked) for ranked in (x, y)]
    return float(cov / (spread[0] * spread[1]) ** 0.5) if all(spread) else 0.0


def suites() -> list[tuple[float, float, float]]:
    """Return (mutation score, line coverage, bugs found) of each suite, over the programs."""
    rows = []
    for _, shape in STRENGTHS:
        dead = judged = covered = lines = bugs = 0
        for name in JUDGED if mode() != "quick" else JUDGED[:1]:
            program = corpus.find(name)
            tests = Tests(name, shape.rows, shape.hunters, shape.share, max_examples=25)
            report = engine.run(Path(program.filename), tests, limit=16)
            dead += sum(
                report.count(status) for status in (engine.Status.KILLED, engine.Status.TIMEOUT)
            )
            judged += len(report.outcomes) - report.count(engine.Status.EQUIVALENT)
            code = _code_lines(program.source)
            covered += len(report.covered & code)
            lines += len(code)
            for bug in corpus.bugs(name):
                try:
                    tests(program.module(bug))
                except Exception:  # noqa: BLE001 - whatever it is, it was noticed
                    bugs += 1
        rows.append((dead / judged, covered / lines, float(bugs)))
    return rows


def _code_lines(source: str) -> set[int]:
    code = compile(source, "<lines>", "exec")
    found: set[int] = set()
    unread = [code]
    while unread:
        one = unread.pop()
        found |= {line for _, _, line in one.co_lines() if line}
        unread += [inner for inner in one.co_consts if isinstance(inner, type(code))]
    return found


def _power() -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        rows = suites()
        scores, coverages, bugs = (list(column) for column in zip(*rows, strict=True))
        return {
            "score_rank": spearman(scores, bugs),
            "coverage_rank": spearman(coverages, bugs),
            "advantage": spearman(scores, bugs) - spearman(coverages, bugs),
        }

    return run


STAGES = {
    "happy_path": Tests("ttl_lru", ("happy",)),
    "edge_table": Tests("ttl_lru", ("happy", "edges")),
    "property": Tests("ttl_lru", ("happy",), ("property",)),
    "state_machine": Tests("ttl_lru", ("happy",), ("stateful",), max_examples=100),
    "table_and_machine": Tests("ttl_lru", ("happy", "edges"), ("stateful",), max_examples=100),
}


def _stage(name: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        program, tests = corpus.find("ttl_lru"), STAGES[name]
        found = 0
        for bug in (*corpus.bugs("ttl_lru"), *MORE_OF_TTL_LRU):
            try:
                tests(program.module(bug))
            except Exception:  # noqa: BLE001 - whatever it is, it was noticed
                found += 1
        report = engine.run(Path(program.filename), tests, limit=8)
        code = _code_lines(program.source)
        covered = len(report.covered & code) / len(code)
        return {"found": float(found), "coverage": 100 * covered, "score": report.score or 0.0}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    engines = suite.comparison(
        "mutation_engines",
        title="CPU time for a mutant, with the same plain tests",
        kind="run",
        unit="ms",
        metrics={
            "ms_per_mutant": "ms",
            "mutants": Metric("mutants", "higher"),
            "score": Metric("killed", "higher"),
        },
        sizes={"program": list(PROGRAMS)},
        quick=lambda program: program == "money_split",
        default=lambda program: program == "money_split",
        rounds={"quick": 3, "default": 3, "full": 7},
        limit=1200,
    )
    for name in ("mutmut", "own_fork", "own_spawn", "cosmic_ray"):
        engines.add(
            name,
            lambda program, name=name: _engine(name, program),
            needs=NEEDS[name],
            tier=TIERS.get(name, "quick"),
            baseline=name == "mutmut",
        )

    power = suite.comparison(
        "score_predicts_power",
        title="Rank correlation with the bugs found, over eight suites of rising strength",
        kind="value",
        unit="",
        metrics={
            "score_rank": Metric("rho", "higher"),
            "coverage_rank": Metric("rho", "higher"),
            "advantage": Metric("rho", "higher"),
        },
        limit=1200,
        tier="default",
    )
    power.add("mutation_score", _power)

    evolution = suite.comparison(
        "evolution",
        title="Testing a cache: of eight bugs, by the suite's stage",
        kind="value",
        unit="bugs",
        metrics={
            "found": Metric("bugs", "higher"),
            "coverage": Metric("% of the lines", "higher"),
            "score": Metric("killed", "higher"),
        },
        limit=1200,
        tier="default",
    )
    for name in STAGES:
        evolution.add(name, partial(_stage, name))

    suite.claim(
        "an edge table covers the whole cache, and with a state machine beside it more bugs are found",
        (value("evolution", "edge_table", "coverage") >= 95)
        & (
            (
                value("evolution", "table_and_machine", "found")
                - value("evolution", "edge_table", "found")
            )
            >= 1
        ),
        tier="default",
    )
    suite.claim(
        "our engine judges at least twice as many mutants in a CPU second as mutmut",
        ratio("mutation_engines", "mutmut", "own_fork", "ms_per_mutant", program="money_split")
        >= 2,
        needs=("mutmut",),
    )
    suite.claim(
        "the two engines' scores are within 0.10 of each other",
        (
            value("mutation_engines", "own_fork", "score", program="money_split")
            - value("mutation_engines", "mutmut", "score", program="money_split")
        ).between(-0.1, 0.1),
        needs=("mutmut",),
    )
    suite.claim(
        "the mutation score ranks suites by the bugs that they find better than line coverage does",
        value("score_predicts_power", "mutation_score", "advantage") >= 0.01,
        tier="default",
    )
