"""`pytest benchmarks/`: a `measure.py` collected for pytest-benchmark.

One test per comparison, size and contender, with our calibrated loops and its statistics,
and one per claim, judged by our own engine. With ``--benchmark-disable`` each contender is
called once, a smoke test that counts in coverage, and claims are skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from velvet.bench.model import MODE_VARIABLE, Absent, Comparison, Contender, Size, size_key
from velvet.bench.rounds import SystemClock, calibrate, prepare, refuse_lazy
from velvet.bench.suite import Claim, Options, Suite
from velvet.bench.worker import judge_result, load_suite, result_of
from velvet.needs import all_unmet

ROUNDS = 15


class MeasureModule(pytest.Module):
    """A synthetic test module made from a suite."""

    def _getobj(self) -> types.ModuleType:
        return build(load_suite(Path(self.path)))


def build(suite: Suite) -> types.ModuleType:
    """Return a module with the tests of a suite."""
    cases = [
        (comparison, size, one)
        for comparison in suite.comparisons.values()
        for size in comparison.in_tier("quick")[:1]
        for one in comparison.contenders.values()
        if one.takes(size, "quick")
    ]
    names = [
        f"{comparison.name}[{size_key(size)}]-{one.name}".replace("[]", "")
        for comparison, size, one in cases
    ]

    # Rival libraries keep timers, pools and helpers of their own; a measuring run ends its child.
    @pytest.mark.leaves("a contender may be the code of others")
    @pytest.mark.parametrize("case", cases, ids=names)
    def test_contender(
        benchmark: Any, case: tuple[Comparison, Size, Contender], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(MODE_VARIABLE, "quick")
        time_one(benchmark, *case)

    claims = [claim for claim in suite.claims if claim.tier == "quick"]

    @pytest.mark.claim
    @pytest.mark.parametrize("claim", claims, ids=[claim.text for claim in claims])
    def test_claim(claim: Claim, request: pytest.FixtureRequest) -> None:
        if request.config.getoption("benchmark_disable", default=False):
            pytest.skip("claims are measured without --benchmark-disable")
        judge(suite, claim)

    @pytest.fixture(scope="module", autouse=True)
    def shared_servers() -> Iterator[None]:
        """Start what the contenders need once, as a measuring run does."""
        from velvet.bench.cli import servers_for

        with servers_for(suite, Options(tier="quick")):
            yield

    module = types.ModuleType(f"measure_{suite.name.replace('-', '_')}")
    module.__dict__.update(test_contender=test_contender, shared_servers=shared_servers)
    if claims:  # no parameters would be a skip without a meaning
        module.__dict__.update(test_claim=test_claim)
    return module


def time_one(benchmark: Any, comparison: Comparison, size: Size, one: Contender) -> None:
    """Time one contender with pytest-benchmark; one round for `run` and `value` kinds."""
    if problems := all_unmet(one.needs):
        pytest.skip("; ".join(map(str, problems)))
    try:
        ready = prepare(comparison, one.name, size)
    except Absent as reason:
        pytest.skip(str(reason))
    benchmark.group = f"{comparison.name}[{size_key(size)}]"
    call: Callable[..., Any] = ready.timed.call
    with contextlib.closing(asyncio.new_event_loop()) as loop, contextlib.closing(ready):
        if ready.is_async:
            coroutine = call

            def call(*arguments: Any) -> Any:
                return loop.run_until_complete(coroutine(*arguments))

            ready.timed = replace(ready.timed, call=call)
        rounds, loops = 1, 1
        if comparison.kind == "micro" and not benchmark.disabled:
            calibrate(ready, SystemClock())
            rounds, loops = ROUNDS, ready.loops
        if (make := ready.timed.prepare) is not None:
            result = benchmark.pedantic(call, setup=lambda: ((make(),), {}), rounds=rounds)
        else:
            result = benchmark.pedantic(call, rounds=rounds, iterations=loops)
        refuse_lazy(result_of(result))
        judge_result(comparison, result_of(result))


def judge(suite: Suite, claim: Claim) -> None:
    """Measure what one claim needs with our own engine; fails only when the claim does."""
    from velvet.bench.engine import Engine

    part = Suite(suite.name, suite.file)
    part.comparisons = {n: c for n, c in suite.comparisons.items() if n in claim.benches}
    part.claims = [claim]
    *_, last = Engine(part, Options(tier="quick")).events()
    (found,) = last["results"]["claims"]
    if found["verdict"] == "INCONCLUSIVE":
        pytest.skip(f"inconclusive: {found['reason']}")
    assert found["verdict"] == "HOLDS", found["parts"]
