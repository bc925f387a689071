"""The benchmarks are declared completely and consistently; nothing is timed here."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import pytest

from velvet.bench import Absent, Suite
from velvet.bench.worker import load_suite
from velvet.needs import all_unmet
from velvet_concurrency.clock import FakeClock
from velvet_concurrency.comparisons import cpu, io, limiters, redis
from velvet_concurrency.contenders import limiter_libraries

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load_suite(BENCHMARKS / "measure.py")


def test_every_claim_names_comparisons_and_contenders_that_exist(suite: Suite) -> None:
    missing = []
    for claim in suite.claims:
        for part in claim.condition.parts:
            declared = {
                name
                for bench in part.operand.benches
                for name in suite.comparisons[bench].contenders
            }
            missing += [name for name in part.operand.contenders if name not in declared]

    assert missing == []


def test_every_claim_names_sizes_that_exist(suite: Suite) -> None:
    for claim in suite.claims:
        for part in claim.condition.parts:
            for bench in part.operand.benches:
                sizes = suite.comparisons[bench].sizes

                assert any(
                    all(size.get(key) == wanted for key, wanted in part.operand.size.items())
                    for size in sizes
                ), (claim.text, bench)


def test_every_comparison_but_those_of_figures_to_look_at_has_a_claim(suite: Suite) -> None:
    claimed = {bench for claim in suite.claims for bench in claim.benches}

    assert set(suite.comparisons) - claimed == {"limiter_memory_peers", "pool_overheads_start"}


def test_claims_have_texts_of_their_own(suite: Suite) -> None:
    texts = [claim.text for claim in suite.claims]

    assert len(texts) == len(set(texts))


def test_every_published_figure_names_a_contender_a_metric_and_its_source(suite: Suite) -> None:
    assert len(suite.figures) >= 7
    for figure in suite.figures:
        comparison = suite.comparisons[figure.bench]

        assert figure.contender in comparison.contenders
        assert figure.metric in {comparison.main_metric, *comparison.metrics}
        assert figure.value > 0
        assert figure.source.startswith("widely quoted ")


def test_every_extrapolated_row_is_whole_in_the_full_tier(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VELVET_BENCH_MODE", "full")

    whole = cpu._one_by_one("zip_sum", 4, slabs=True)()

    assert whole.measured_n is None


class Result:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


def test_an_extrapolation_is_refused_when_the_cost_is_not_linear(suite: Suite) -> None:
    def measure(n: int) -> tuple[Result, dict[str, float]]:
        return Result(0.001 * n * n), {}

    with pytest.raises(ValueError, match="not linear"):
        io._extrapolated(measure, 1000, few=20, more=50)


def test_an_extrapolation_says_what_was_measured(suite: Suite) -> None:
    outcome = io._extrapolated(lambda n: (Result(0.1 * n), {}), 1000, few=20, more=50)

    assert outcome.measured_n == 50
    assert outcome.seconds == pytest.approx(100.0)


def test_an_extrapolation_survives_a_neighbour_that_slows_most_tries(suite: Suite) -> None:
    slowed = iter((1.0, 1.5, 1.3, 1.0))

    def measure(n: int) -> tuple[Result, dict[str, float]]:
        return Result(0.1 * n * next(slowed)), {}

    outcome = io._extrapolated(measure, 1000, few=20, more=50)

    assert outcome.seconds == pytest.approx(100.0)
    assert next(slowed, None) is None


def test_a_wrong_product_is_refused(suite: Suite) -> None:
    identity = [[1.0, 0.0], [0.0, 1.0]]

    cpu._check([(identity, identity)], [identity])
    with pytest.raises(ValueError, match="wrong product"):
        cpu._check([(identity, identity)], [[[1.0, 0.0], [0.0, 2.0]]])


# A trace on which exact windows, fixed windows and full buckets agree: a burst of twice the limit
# at one moment, and the same again two windows later.
LIMIT, WINDOW = 5, 10
TRACE = [float(start) for start in (1000, 1020) for _ in range(2 * LIMIT)]
EXPECTED = ([True] * LIMIT + [False] * LIMIT) * 2


@pytest.mark.parametrize("row", limiter_libraries.LIMITERS)
def test_a_library_decides_as_ours_do_on_a_small_trace(row: str) -> None:
    need, make = limiter_libraries.LIMITERS[row]
    if problems := all_unmet([need]):
        pytest.skip("; ".join(map(str, problems)))
    clock = FakeClock(TRACE[0])
    fresh = make(LIMIT, WINDOW)

    decisions = []
    with limiter_libraries.virtual_time(clock):
        gate = fresh()
        for moment in TRACE:
            clock.advance(moment - clock())
            decisions.append(bool(gate.allow()))

    assert decisions == EXPECTED


def test_virtual_time_is_given_back() -> None:
    import time

    with limiter_libraries.virtual_time(lambda: 5.0):
        pass

    assert time.time() > 5.0
    for name in limiter_libraries._CLOCKED:
        if name in sys.modules:
            assert sys.modules[name].time is time


def test_the_limiters_of_a_comparison_all_refuse_when_exhausted(suite: Suite) -> None:
    for name in set(limiters.OWN) - {"bucket_tenth"}:
        gate = limiters.own(name, 3, limiters.FOR_EVER)
        gate.take(3)

        assert limiters.drive(gate) == 0, name


class ForgetfulRedis(contextlib.nullcontext[Any]):
    """A server on which every key has expired by the time that it is counted."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(self)
        self.keys = keys

    def scan_iter(self, **_: object) -> list[str]:
        return self.keys

    def memory_usage(self, key: str, **_: object) -> None: ...


@pytest.mark.parametrize("keys", [[], ["found, then gone"]])
def test_keys_that_expired_before_they_were_counted_are_no_failure(
    keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "_client", lambda: ForgetfulRedis(keys))

    with pytest.raises(Absent, match="expired"):  # the claim is then inconclusive
        redis._stored(lambda _: lambda: True)()
    with pytest.raises(ValueError, match="0 of 1000 admitted"):
        redis._stored(lambda _: lambda: False)()


@pytest.mark.parametrize(
    "figure", ["8.14 s do", "458 MB do", "45,000 Redis operations a second do"]
)
def test_the_readme_says_which_published_figures_did_not_reproduce(figure: str) -> None:
    readme = (BENCHMARKS.parent / "README.md").read_text(encoding="utf-8")

    assert f"**{figure} not reproduce**" in readme
