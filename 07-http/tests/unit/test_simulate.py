"""The storm: who recovers, who never does, and the published table of contention."""

from __future__ import annotations

import pytest

from velvet_http.comparisons.contention import simulate_contention
from velvet_http.policy import Backoff, NoBudget, RatioBudget, RetryPolicy
from velvet_http.simulate import QueueServer, Scenario, simulate


@pytest.mark.parametrize("seed", [1, 2])
def test_jitter_without_a_budget_never_recovers(seed: int) -> None:
    result = simulate(Scenario(RetryPolicy(budget=NoBudget()), seed=seed))

    assert result.recovered_after is None
    assert result.goodput_after <= 0.1
    assert result.amplification >= 3


def test_a_budget_recovers_at_once() -> None:
    result = simulate(Scenario(RetryPolicy(budget=RatioBudget(0.1))))

    assert result.recovered_after is not None
    assert result.recovered_after <= 2
    assert result.amplification <= 1.1


def test_a_simulation_is_repeatable() -> None:
    first, second = (simulate(Scenario(RetryPolicy(budget=RatioBudget()))) for _ in range(2))

    assert first.goodput == second.goodput
    assert first.attempts == sum(first.load.values())


@pytest.mark.parametrize(
    ("backoff", "calls", "seconds"),
    [
        (Backoff(base=0.01, cap=2, jitter="none"), 1871, 63.9),
        (Backoff(base=0.01, cap=2, jitter="full"), 794, 4.9),
    ],
)
def test_contention_agrees_with_the_published_model(
    backoff: Backoff, calls: int, seconds: float
) -> None:
    runs = [simulate_contention(100, backoff, seed=seed) for seed in range(8)]

    assert sum(done for done, _ in runs) / 8 == pytest.approx(calls, rel=0.15)
    assert sum(took for _, took in runs) / 8 == pytest.approx(seconds, rel=0.15)


def test_contention_without_backoff_costs_most_calls() -> None:
    assert simulate_contention(50, None) > simulate_contention(50, Backoff())


def test_a_server_answers_in_turn_refuses_beyond_its_queue_and_forgets_it_in_a_crash() -> None:
    server = QueueServer(10, 2, down=(1.0, 2.0))

    assert [server.arrive(0.0) for _ in range(3)] == [0.1, 0.2, None]
    assert server.arrive(0.95) == float("inf"), "the crash takes what is being worked on"
    assert server.arrive(1.5) == float("inf")
    assert server.arrive(2.0) == pytest.approx(2.1)


def test_settings_without_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        QueueServer(0, 1)
    with pytest.raises(ValueError, match="outage"):
        Scenario(RetryPolicy(), outage=(10, 200))
    with pytest.raises(ValueError, match="positive"):
        Scenario(RetryPolicy(), offered=0)
