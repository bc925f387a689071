"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date
from random import Random

from velvet.hostile import Fixed, HostileTests, call
from velvet_testing import (
    corpus,
    coverage_probe,
    dbfixtures,
    doubles,
    flaky,
    fragility,
    fuzz,
    kit,
    schedule,
    shootout,
    snapshot,
    strategies,
)
from velvet_testing.mutation import operators

SHALLOW = "`copy.copy` is shallow, as of any plain class; a test makes its own"
ORDER = doubles.Order("a", "Ann", 100)
QUARANTINED = "a; web; slow; 2026-12-31"
HUNTS = [shootout.Hunt("fuzz", "bug", 1, "FOUND", 0.5)]


def coroutines() -> tuple[list[int], Iterable[object]]:
    turn = schedule.Stepper()
    return [], [turn.pause(), turn.pause()]


class TestHostile(HostileTests):
    errors = (doubles.DuplicateOrder,)
    mutable = {
        "doubles.FakeClock",
        "doubles.FakeMailer",
        "fragility.Row",
        "fuzz.FuzzResult",
        "mutation.engine.MutationReport",
        "mutation.package.PackageReport",
        "shootout.Scoreboard",
        "snapshot.Snapshots",
    }
    calls = (
        call(corpus.compile_module, "x = 1", "x", "<x>").but(errors=(NameError, SyntaxError)),
        call(corpus.find, "pager"),
        call(corpus.bugs, "pager"),
        call(corpus.find_bug, corpus.bugs()[0].id),
        call(corpus.load, "pager"),
        call(coverage_probe.EdgeCollector, ["a.py"]).then("collect", len, "a"),
        call(dbfixtures.CreatePerTest, ["SELECT 1"]).but(same=False),
        call(dbfixtures.TemplateCopy, ["SELECT 1"]).but(errors=(sqlite3.Error, sqlite3.Warning)),
        call(dbfixtures.RollbackPerTest, ["SELECT 1"]).but(errors=(sqlite3.Error, sqlite3.Warning)),
        call(dbfixtures.TruncateAll, ["SELECT 1"], tables=["a"]).but(
            errors=(sqlite3.Error, sqlite3.Warning)
        ),
        call(dbfixtures.truncate, ["a"]),
        call(doubles.FakeClock)
        .then("call_at", 2.0, lambda: None)
        .then("advance", 3.0)
        .but(shares=SHALLOW),
        call(doubles.FakeMailer).then("send", "a", "b").but(shares=SHALLOW),
        call(doubles.FakeRepository, []).then("add", Fixed(ORDER)).then("of", "Ann"),
        call(doubles.FakeGateway, "ok")
        .then("charge", "k", 100)
        .then("refund", "receipt-k")
        .but(errors=(doubles.GatewayError,), shares=SHALLOW),
        call(flaky.reruns_needed, 0.1, 0.95),
        call(flaky.upper_bound, 100, 0.95),
        call(flaky.binomial_band, 100, 0.1, 0.95).but(many=200),
        call(flaky.classify, [flaky.Observation(True)]),
        call(flaky.quarantined, QUARANTINED, Fixed(date(2026, 6, 1))),
        call(flaky.find_polluters, ["a", "b"], "v", runner=lambda before: "a" not in before),
        call(fragility.tests_of, "fake"),
        call(fuzz.mutate, 1, Fixed(Random(1))).but(same=False, nan="comes back as it is"),
        call(fuzz.CoverageGuidedFuzzer, len, ["a"], Fixed(Random(1)))
        .then("run", 5, 0.01)
        .but(many=1000),
        call(fuzz.minimise, "..x...y..", lambda one: "x" in one).but(many=200),
        call(kit.raises, Fixed(ValueError), int, "x"),
        call(kit.play, Fixed([]), "append 3").but(errors=(AttributeError,)),
        call(kit.answer, Fixed([3]), Fixed("index"), 3).but(nan="is not in the list"),
        call(operators.mutants, "x = 1 + 2").but(errors=(SyntaxError, RecursionError, MemoryError)),
        call(operators.is_trivially_equivalent, "x = 1", "x = 2").but(
            errors=(SyntaxError, RecursionError, MemoryError)
        ),
        call(schedule.explore, coroutines, len, max_schedules=5, bound=2),
        call(schedule.replay, coroutines, [0, 1]),
        call(shootout.greedy_cover, {"a": {"1"}}, len),
        call(shootout.Scoreboard, Fixed(HUNTS))
        .then("found", "fuzz")
        .then("probability", "fuzz", "bug"),
        call(snapshot.scrub_times, "2026-01-02T12:00"),
        call(snapshot.canonical, "a"),
        call(strategies.strategies, max_examples=5).but(
            same=False, nan="Hypothesis refuses it when a hunt begins"
        ),
        call(strategies.by_name, "snapshot"),
    )
    excepted = {
        "corpus": "edits of our own programs; tests/failure/test_hostile_input.py",
        "dbfixtures": "take a connection, or a server; tests/integration",
        "doubles": "a value made of others",
        "fragility": "runs suites over our own edits",
        "generated": "drives Hypothesis with a program of ours",
        "hunt": "counts what a strategy does",
        "kit": "values that a program comes with",
        "mutation": "runs a program's tests in children; tests/unit/test_engine.py",
        "shootout": "hunts in a child for seconds",
        "snapshot": "writes files; tests/failure/test_hostile_input.py",
        "strategies": "take a program of the corpus; tests/unit/test_strategies.py",
    }
