"""Advanced examples: mutants, a race, a fuzzer, a flaky suite."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import AsyncMock

from velvet.examples import example, main
from velvet_testing import corpus, flaky
from velvet_testing.fuzz import CoverageGuidedFuzzer
from velvet_testing.mutation import engine
from velvet_testing.samples.kits import async_pool as pool_kit
from velvet_testing.samples.suites import Suite
from velvet_testing.schedule import Stepper, explore, replay


@example("mutation_microscope")
def mutation_microscope() -> None:
    """Mutate one program, list who survives, and write the row that kills one of them."""
    program = corpus.find("pager")
    target, weak = Path(program.filename), Suite("pager", ("happy",))
    report = engine.run(target, weak, limit=14)
    print(f"happy path: {len(report.outcomes)} mutants, score {report.score:.2f}")
    for mutant in report.survivors[:4]:
        print(f"  alive, {mutant}"[:79])

    strong = Suite("pager", ("happy", "edges"))
    better = engine.run(target, strong, limit=14)
    print(f"with the edge table: score {better.score:.2f}")
    for mutant in better.survivors[:3]:
        print(f"  alive, {mutant}"[:79])
    covered = len(report.covered)
    print(f"lines covered before and after: {covered} and {len(better.covered)}")
    print("why: a line that runs is covered; a line whose change is noticed is tested")


@example("race_hunter")
def race_hunter() -> None:
    """An AsyncMock hides a lost update; the explorer finds it and replays the schedule."""
    module = corpus.load("async_pool", "async_pool-2")

    async def green() -> int:
        account = module.Account(100, AsyncMock())  # it never suspends: no race
        await asyncio.gather(account.withdraw(80), account.withdraw(80))
        return int(account.balance)

    print(f"with AsyncMock: balance {asyncio.run(green())}, the test is green")

    def make() -> tuple[Any, list[Any]]:
        account = module.Account(100, Stepper())
        paid: list[int] = []

        async def withdraw() -> None:
            if await account.withdraw(80):
                paid.append(80)

        return (account, paid), [withdraw(), withdraw()]

    failure = explore(make, pool_kit.RACES[0].check)
    assert failure is not None
    print(f"schedule {list(failure.choices)}, the {failure.schedules}. tried: {failure.error}")
    account, paid = replay(make, failure.choices)
    print(f"replayed: paid out {sum(paid)} of 100, the book says {account.balance}")
    good = corpus.load("async_pool")
    race = pool_kit.RACES[0]
    print(f"with the lock: {explore(partial(race.make, good), race.check)}")


@example("fuzz_the_parser")
def fuzz_the_parser() -> None:
    """A magic number of four bytes: a guided fuzzer reads it from the edges, a blind one guesses."""
    source = (
        "def parse(data):\n"
        "    if data[:1] == b'V':\n"
        "        if data[1:2] == b'L':\n"
        "            if data[2:3] == b'V':\n"
        "                if data[3:4] == b'T':\n"
        "                    return 1 // 0\n"
        "    return len(data)\n"
    )
    parse = corpus.compile_module(source, "header", "<header>").parse
    for name, files in (("guided", ["<header>"]), ("blind", [])):
        fuzzer = CoverageGuidedFuzzer(parse, [b"...."], Random(3), files=files)
        result = fuzzer.run(60_000, 4)
        crash = f"crash at {result.crash!r}" if result.error else "nothing"
        print(f"{name}: {crash} after {result.executions:,} executions")
        for executions, edges in result.growth[:6]:
            print(f"    execution {executions:>6,}: {edges:>3} edges known")
    print("why: each byte that is right takes a new edge, and is kept to build on")


@example("flaky_detective")
def flaky_detective() -> None:
    """Forty tests, one polluter, two that flicker: classify, bisect, and name the culprit."""
    tests, rng = [f"test_{i:02}" for i in range(40)], Random(8)
    polluter, victim, flickers = "test_04", "test_39", ("test_10", "test_20")

    def run_all(order: list[str]) -> dict[str, bool]:
        passed = dict.fromkeys(order, True)
        passed[victim] = order.index(polluter) > order.index(victim)
        return {**passed, **{test: rng.random() > 0.4 for test in flickers}}

    history: dict[str, list[flaky.Observation]] = {test: [] for test in tests}
    for seed in (1, 2, 3, 4):
        order = tests.copy()
        Random(seed).shuffle(order)
        for _ in range(3):
            for test, passed in run_all(order).items():
                history[test].append(flaky.Observation(passed, order=str(seed)))
    verdicts = {test: flaky.classify(runs) for test, runs in history.items()}
    for test, verdict in verdicts.items():
        if verdict is not flaky.Verdict.STABLE:
            print(f"{test}: {verdict.value}")

    def runner(before: list[str]) -> bool:
        return run_all(
            [*before, victim, polluter] if polluter not in before else [*before, victim]
        )[victim]

    report = flaky.find_polluters(tests, victim, runner=runner)
    print(f"polluter of {victim}: {report.polluters[0]}, found in {report.runs} runs of 40 tests")
    excuses = "\n".join(f"{test}; web team; a race; 2026-12-31" for test in flickers)
    print(f"may be red until then: {sorted(flaky.quarantined(excuses, date(2026, 12, 1)))}")
    try:
        flaky.quarantined(excuses, date(2027, 1, 1))
    except flaky.QuarantineError as error:
        print(f"a day later the run fails:\n    {error}")
    for p in (0.4, 0.1, 0.0175):
        print(f"a test that fails {p:.2%} of the time: {flaky.reruns_needed(p)} reruns for 95 %")
    print(f"100 passes leave room for a rate of {flaky.upper_bound(100):.1%}")


if __name__ == "__main__":
    main()
