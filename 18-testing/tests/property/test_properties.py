"""Properties of the mutants, the schedules, the loop, the polluters, the snapshots, the fixtures."""

from __future__ import annotations

import ast
import asyncio
import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_testing import flaky, fuzz
from velvet_testing.corpus import programs
from velvet_testing.dbfixtures import SavepointConnection
from velvet_testing.mutation.operators import mutants
from velvet_testing.schedule import Stepper, explore
from velvet_testing.snapshot import canonical
from velvet_testing.virtual_time import run_virtual

names = st.sampled_from("abc")
atoms = names | st.integers(0, 9).map(str)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.builds("({} {} {})".format, inner, st.sampled_from("+-*/%<>"), inner)
    logic = st.builds("({} {} {})".format, inner, st.sampled_from(("and", "or")), inner)
    return binary | logic | inner.map("(not {})".format) | inner.map("f({})[1:]".format)


expressions = st.recursive(atoms, grown, max_leaves=8)
sources = st.lists(
    st.builds("x = {}".format, expressions)
    | st.builds("def f(a=1):\n    return {}".format, expressions)
    | st.builds("if {}:\n    x += {}".format, expressions, expressions),
    max_size=4,
).map("\n".join)


@given(sources)
def test_a_mutant_compiles_and_differs_from_the_source(source: str) -> None:
    original = ast.dump(ast.parse(source))

    for mutant in mutants(source):
        assert ast.dump(ast.parse(mutant.source)) != original
        lines, mutated = source.splitlines(), mutant.source.splitlines()
        assert lines[: mutant.lineno - 1] == mutated[: mutant.lineno - 1]
        compile(mutant.source, "<mutant>", "exec")


def test_every_mutant_of_the_corpus_compiles() -> None:
    for program in programs():
        made = list(mutants(program.source))
        assert len({one.id for one in made}) == len(made) > 5
        for one in made:
            compile(one.source, "<mutant>", "exec")


@settings(max_examples=15)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=3))
def test_the_number_of_schedules_is_the_multinomial(pauses: list[int]) -> None:
    seen: list[tuple[int, ...]] = []

    async def job(count: int) -> None:
        for _ in range(count):
            await Stepper().pause()

    def make() -> Any:
        return None, [job(count) for count in pauses]

    explore(make, lambda state: None, bound=math.inf, max_schedules=5000, seen=seen.append)

    steps = [count + 1 for count in pauses]
    expected = math.factorial(sum(steps))
    for one in steps:
        expected //= math.factorial(one)
    assert len(seen) == len(set(seen)) == expected


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8))
def test_virtual_sleepers_wake_in_order_and_at_their_times(delays: list[int]) -> None:
    async def main() -> list[tuple[float, int]]:
        woken: list[tuple[float, int]] = []

        async def sleeper(delay: int) -> None:
            await asyncio.sleep(delay)
            woken.append((asyncio.get_running_loop().time(), delay))

        await asyncio.gather(*map(sleeper, delays))
        return woken

    woken, seconds = run_virtual(main())

    assert [delay for _, delay in woken] == sorted(delays)
    assert all(at == delay for at, delay in woken)
    assert seconds == max(delays)


@given(st.sets(st.integers(0, 29), min_size=1, max_size=3))
def test_exactly_the_planted_polluters_are_found(planted: set[int]) -> None:
    def runner(before: Sequence[str]) -> bool:
        return not {f"t{i}" for i in planted} <= set(before)

    report = flaky.find_polluters([f"t{i}" for i in range(30)], "v", runner=runner)

    assert set(report.polluters) == {f"t{i}" for i in planted}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(values)
def test_the_canonical_form_is_idempotent(value: Any) -> None:
    import json

    text = canonical(value)
    assert canonical(json.loads(text)) == text


@given(st.lists(st.integers(0, 9), max_size=30))
def test_what_the_minimiser_returns_still_fails_and_no_less_does(items: list[int]) -> None:
    def fails(some: list[int]) -> bool:
        return sum(some) >= 12

    if not fails(items):
        return
    small = fuzz.minimise(items, fails)

    assert fails(small)
    assert not any(fails(small[:i] + small[i + 1 :]) for i in range(len(small)))


statements = st.lists(
    st.sampled_from(("INSERT INTO a VALUES (1)", "DELETE FROM a", "COMMIT", "ROLLBACK")),
    max_size=8,
)


@given(statements)
def test_a_rolled_back_test_leaves_the_database_byte_for_byte(script: list[str]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.execute("CREATE TABLE a (n INTEGER)")
        db.execute("INSERT INTO a VALUES (7)")
        before = "\n".join(db.iterdump())
        inside = SavepointConnection(db)
        for statement in script:
            actions = {"COMMIT": inside.commit, "ROLLBACK": inside.rollback}
            if statement in actions:
                actions[statement]()
            else:
                inside.execute(statement)
        inside.end()

        assert "\n".join(db.iterdump()) == before


@given(st.integers(1, 40), st.sampled_from((0.1, 0.5, 0.9)))
def test_the_band_holds_at_least_its_confidence(trials: int, p: float) -> None:
    low, high = flaky.binomial_band(trials, p, 0.9)

    inside = sum(
        math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(low, high + 1)
    )
    assert inside >= 0.9 - 1e-9
