"""The simulations are deterministic, and show what they are there to show."""

from __future__ import annotations

import math

import pytest

from velvet_concurrency.breaker import CircuitBreaker, State
from velvet_concurrency.limiters import FixedWindowLimiter, SlidingLogLimiter
from velvet_concurrency.runtime import quantile
from velvet_concurrency.simulate import (
    POLICIES,
    Load,
    edge_attack,
    failing_dependency,
    hedging,
    on_off,
    overload,
    poisson,
    replay,
    worst_window,
)

# --- overload -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results():
    return {name: overload(name) for name in POLICIES}


@pytest.mark.parametrize("name", ["bounded20", "codel", "codel+lifo"])
def test_a_short_queue_delivers_ten_times_what_an_unbounded_one_does(results, name):
    assert 2.0 <= results["unbounded"].goodput <= 6.0
    assert results[name].goodput >= 10 * results["unbounded"].goodput


def test_good_policies_come_close_to_the_ceiling_and_none_passes_it(results):
    ceiling = results["codel"].ceiling

    assert all(result.goodput <= ceiling for result in results.values())
    assert 58.0 <= results["bounded20"].goodput <= ceiling <= 64.0


def test_codel_answers_in_half_the_time_of_a_bounded_queue(results):
    assert results["codel"].p50 <= results["bounded20"].p50 / 2
    assert results["codel+lifo"].p50 <= results["codel"].p50


def test_a_bound_as_long_as_the_deadline_wastes_half_of_what_is_possible(results):
    assert results["bounded100"].goodput < 0.6 * results["bounded20"].goodput


def test_every_request_is_accounted_for_and_no_queue_is_longer_than_its_bound(results):
    for result in results.values():
        assert result.arrivals == result.answered + result.refused + result.dropped
        assert result.in_time <= result.answered
    assert [results[name].max_queue for name in ("bounded20", "reject")] == [20, 1]
    assert results["unbounded"].max_queue > 1500


def test_the_depth_series_covers_the_run_and_ends_empty(results):
    depth = results["unbounded"].depth

    assert [time for time, _ in depth[:3]] == pytest.approx([0.0, 0.1, 0.2])
    assert max(waiting for _, waiting in depth) >= 0.9 * results["unbounded"].max_queue
    assert depth[-1][1] == 0


def test_the_same_seed_gives_the_same_result_and_another_one_another():
    load = Load(seconds=2.0, recovery=1.0)

    assert overload("codel", load) == overload("codel", load)
    assert overload("codel", load) != overload("codel", Load(seconds=2.0, recovery=1.0, seed=1))


@pytest.mark.parametrize("policy", ["bounded20", "codel"])
def test_below_capacity_every_policy_answers_everything(policy):
    assert overload(policy, Load(offered=20.0, seconds=5.0, recovery=0.0)).goodput == 100.0


# --- hedging --------------------------------------------------------------------------------------


def test_hedging_cuts_the_tail_five_times_for_at_most_seven_per_cent():
    plain, hedged, budgeted = hedging(20_000).values()

    assert plain.p99 >= 5 * hedged.p99
    assert hedged.extra_load <= 0.07
    assert budgeted.extra_load <= hedged.extra_load
    assert plain.p50 == hedged.p50
    assert plain.extra_load == 0.0


def test_a_budget_bounds_the_extra_load_when_everything_is_slow():
    _, hedged, budgeted = hedging(5_000, slow_share=0.5).values()

    assert hedged.extra_load > 0.4
    assert budgeted.extra_load <= 0.05 + 10 / 5_000
    assert hedging(500) == hedging(500)


# --- arrivals and limiters --------------------------------------------------------------------------


def test_the_edge_attack_gets_twice_the_limit_past_a_fixed_window_and_not_past_a_log():
    assert edge_attack(1, 60.0, edges=2) == pytest.approx([59.94, 60.0, 179.94, 180.0])
    fixed, log = (
        replay(lambda clock, kind=kind: kind(100, 1.0, clock=clock), edge_attack(100, 1.0), 1.0)
        for kind in (FixedWindowLimiter, SlidingLogLimiter)
    )

    assert fixed.worst >= 198
    assert log.worst == 100
    assert log.admitted + log.refused == len(log.marks) == len(log.times) == 600


def test_poisson_arrivals_have_the_rate_they_were_asked_for():
    times = poisson(100.0, 50.0, seed=3)

    assert 4_700 <= len(times) <= 5_300
    assert times == sorted(times)
    assert times == poisson(100.0, 50.0, seed=3)


def test_on_off_arrivals_come_only_while_on():
    times = on_off(50.0, 20.0, on=1.0, off=3.0)

    assert times
    assert all(t % 4.0 < 1.0 for t in times)


def test_the_worst_window_is_half_open():
    assert worst_window([0.0, 1.0, 1.5, 1.9], 1.0) == 3
    assert worst_window([], 1.0) == 0


def test_quantiles_are_nearest_rank():
    assert quantile([5.0, 1.0, 3.0], 0.0) == 1.0
    assert quantile(range(1, 101), 0.99) == 99


# --- a failing dependency ---------------------------------------------------------------------------


def breaker(clock) -> CircuitBreaker:
    return CircuitBreaker(window=10, min_calls=5, open_for=3.0, clock=clock)


def test_a_breaker_spares_most_calls_to_a_dead_dependency_and_recovers():
    story = failing_dependency(breaker)

    assert story.spared > 150
    assert story.failed < 20
    assert story.waited < story.waited_without / 10
    assert 6 <= story.probes <= 8  # twenty seconds down, a pause of three
    assert story.lost <= 3.0 * 10
    assert story.ok + story.failed + story.spared + story.lost == len(story.strip) == 600


def test_the_strip_shows_closed_open_closed():
    strip = failing_dependency(breaker).strip
    states = [state for _, state, _ in strip]

    assert states[:4] == states[-4:] == [State.CLOSED] * 4
    assert states.count(State.OPEN) > 100
    assert strip[-1][1:] == (State.CLOSED, "ok")


def test_two_probes_show_half_open_in_the_strip():
    story = failing_dependency(
        lambda clock: CircuitBreaker(window=10, open_for=3.0, half_open_calls=2, clock=clock)
    )

    assert State.HALF_OPEN in [state for _, state, _ in story.strip]


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: overload("nonsense"), "nonsense"),
        (lambda: hedging(0), "calls must be an int >= 1"),
        (lambda: hedging(slow_share=1.1), "slow_share must be in"),
        (lambda: hedging(slow_share=math.nan), "slow_share must be in"),
        (lambda: poisson(0.0, 1.0), "must be finite and > 0"),
        (lambda: poisson(1.0, math.inf), "must be finite and > 0"),
        (lambda: edge_attack(0, 1.0), "must be finite and > 0"),
        (lambda: on_off(1.0, 1.0, on=0.0), "must be finite and > 0"),
        (lambda: on_off(1.0, 1.0, off=-1.0), "off must be finite and >= 0"),
        (lambda: quantile([1.0], 1.5), "q must be within 0 and 1"),
        (lambda: quantile([], 0.5), "no value"),
        (lambda: failing_dependency(breaker, seconds=0.0), "seconds must be finite"),
    ],
)
def test_what_cannot_be_simulated_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
