"""What holds for any contract, histogram, stream, assignment, batch, and order of moves."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_ml.contracts import Contract, Field
from velvet_ml.drift import batch, stream
from velvet_ml.experiment.design import Assigner
from velvet_ml.registry import Registry
from velvet_ml.samples import demo
from velvet_ml.samples.demo import Demo
from velvet_ml.serving.engine import MicroBatcher

NUMBERS = st.floats(-1e6, 1e6)
SAMPLES = st.lists(NUMBERS, min_size=30, max_size=120).map(np.array)
FIELDS = st.builds(
    Field,
    name=st.text(min_size=1, max_size=8),
    dtype=st.sampled_from(["number", "category"]),
    nullable=st.booleans(),
    low=st.none() | NUMBERS,
    high=st.none() | NUMBERS,
    allowed=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    offset=NUMBERS,
)


@given(st.lists(FIELDS, min_size=1, max_size=5, unique_by=lambda one: one.name))
def test_a_contract_survives_json(fields: list[Field]) -> None:
    contract = Contract(tuple(fields))
    again = Contract.from_json(contract.to_json())
    assert again == contract
    assert again.sha256 == contract.sha256


@given(SAMPLES, SAMPLES)
def test_psi_is_never_negative_and_zero_for_a_sample_itself(first: Any, second: Any) -> None:
    assert batch.psi(first, second) >= 0
    assert batch.psi(first, first) == 0
    assert batch.psi(first, np.concatenate([first, first])) < 0.1


@given(SAMPLES, SAMPLES)
def test_ks_sees_ranks_only(first: Any, second: Any) -> None:
    pair = np.unique(np.concatenate([first, second]))
    ranked = [np.searchsorted(pair, one).astype(float) for one in (first, second)]
    assert abs(batch.ks_p(first, second) - batch.ks_p(ranked[0], ranked[1])) < 1e-9


@given(st.lists(st.sampled_from([0.0, 1.0]), max_size=600))
def test_adwin_keeps_its_sum_in_few_buckets(values: list[float]) -> None:
    one = stream.Adwin(delta=0.05)
    for x in values:
        one.update(x)
    kept = sum(total for row in one.rows for total, _ in row)
    assert abs(kept - one.total) < 1e-9
    assert one.n == sum(2**level * len(row) for level, row in enumerate(one.rows))
    assert one.buckets <= 6 * (log2(one.n + 1) + 1)


@given(st.text(max_size=20), st.lists(st.text(max_size=8), max_size=20))
def test_an_arm_does_not_depend_on_order(salt: str, users: list[str]) -> None:
    one = Assigner(salt, {"a": 0.2, "b": 0.8})
    assert [one.arm(user) for user in users] == [one.arm(user) for user in reversed(users)][::-1]


def test_an_arm_does_not_depend_on_the_process() -> None:
    code = (
        "from velvet_ml.experiment.design import Assigner; "
        "print(''.join(Assigner('s', {'a': .5, 'b': .5}).arm(str(n)) for n in range(40)))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=_seeded(seed),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    one = Assigner("s", {"a": 0.5, "b": 0.5})
    assert said == {"".join(one.arm(str(n)) for n in range(40))}


def _seeded(seed: str) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONHASHSEED": seed}


CALLS = st.lists(st.sampled_from(["good", "bad", "gone"]), max_size=12)


@settings(max_examples=30)
@given(calls=CALLS, largest=st.integers(1, 5), turns=st.integers(0, 4))
def test_each_caller_of_a_batcher_gets_its_own_answer(
    calls: list[str], largest: int, turns: int
) -> None:
    def predict(rows: Sequence[tuple[int, str]]) -> list[float]:
        if any(kind == "bad" for _, kind in rows):
            raise ValueError("bad")
        return [float(number) for number, _ in rows]

    async def run() -> list[Any]:
        async with MicroBatcher(predict, max_batch=largest, max_wait_ms=0) as batcher:
            waiting = [asyncio.create_task(batcher.submit(one)) for one in enumerate(calls)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for one, kind in zip(waiting, calls, strict=True):
                if kind == "gone":
                    one.cancel()
            told = asyncio.gather(*waiting, return_exceptions=True)
            return await asyncio.wait_for(told, 20)

    for number, (kind, answer) in enumerate(zip(calls, asyncio.run(run()), strict=True)):
        if kind == "bad":
            assert isinstance(answer, ValueError)
        else:
            left = kind == "gone" and isinstance(answer, asyncio.CancelledError)
            assert left or answer == number


MOVES = st.lists(
    st.tuples(st.sampled_from(["promote", "rollback", "register"]), st.integers(1, 4)), max_size=8
)


@settings(max_examples=15)
@given(moves=MOVES)
def test_any_order_of_moves_leaves_one_production_version_and_a_whole_log(
    moves: list[tuple[str, int]], shop_once: Demo
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry(Path(folder), demo.KEY)
        registry.register("m", shop_once.graph, shop_once.trained)
        for move, version in moves:
            try:
                if move == "register":
                    registry.register("m", shop_once.graph, shop_once.trained)
                elif move == "promote":
                    registry.promote("m", version, "production")
                else:
                    registry.rollback("m")
            except LookupError:
                continue
        assert registry.verify() == []
        aliases, log = registry.state()
        assert len(aliases) == (1 if log else 0)
        if log:
            assert registry.version_of("m", "production") == log[-1].new
