"""The simulations are deterministic, and show what they are there to show."""

from __future__ import annotations

import math
from collections import deque

import pytest

from velvet_concurrency.breaker import CircuitBreaker, State
from velvet_concurrency.runtime import quantile
from velvet_concurrency.simulate import (
    POLICIES,
    Load,
    QueuePolicy,
    bounded,
    edge_attack,
    failing_dependency,
    hedging,
    on_off,
    overload,
    poisson,
    replay,
    worst_window,
)


@pytest.fixture(scope="module")
def results():
    return {name: overload(name) for name in POLICIES}


# --- overload -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bounded20", "codel", "codel+lifo"])
def test_a_short_queue_delivers_ten_times_what_an_unbounded_one_does(results, name):
    assert results[name].goodput >= 10 * results["unbounded"].goodput


def test_an_unbounded_queue_delivers_about_four_per_cent_in_time(results):
    assert 2.0 <= results["unbounded"].goodput <= 6.0


def test_good_policies_come_close_to_the_ceiling_and_none_passes_it(results):
    ceiling = results["codel"].ceiling

    assert all(result.goodput <= ceiling for result in results.values())
    assert 58.0 <= results["bounded20"].goodput <= ceiling <= 64.0


def test_codel_answers_in_half_the_time_of_a_bounded_queue(results):
    assert results["codel"].p50 <= results["bounded20"].p50 / 2
    assert results["codel+lifo"].p50 <= results["codel"].p50


def test_a_bound_as_long_as_the_deadline_wastes_half_of_what_is_possible(results):
    assert results["bounded100"].goodput < 0.6 * results["bounded20"].goodput


def test_every_request_is_accounted_for(results):
    for result in results.values():
        assert result.arrivals == result.answered + result.refused + result.dropped
        assert result.in_time <= result.answered


def test_no_queue_is_longer_than_its_bound(results):
    assert results["bounded20"].max_queue == 20
    assert results["reject"].max_queue == 1
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


def test_below_capacity_every_policy_answers_everything():
    load = Load(offered=20.0, seconds=5.0, recovery=0.0)

    for policy in (bounded(20), QueuePolicy("mine", 0, "codel")):
        assert overload(policy, load).goodput == 100.0


def test_an_unknown_policy_is_named():
    with pytest.raises(ValueError, match="nonsense"):
        overload("nonsense")


# --- hedging --------------------------------------------------------------------------------------


def test_hedging_cuts_the_tail_five_times_for_at_most_seven_per_cent():
    plain, hedged, budgeted = hedging(20_000)

    assert plain.p99 >= 5 * hedged.p99
    assert hedged.extra_load <= 0.07
    assert budgeted.extra_load <= hedged.extra_load
    assert plain.p50 == hedged.p50
    assert plain.extra_load == 0.0


def test_a_budget_bounds_the_extra_load_when_everything_is_slow():
    _, hedged, budgeted = hedging(5_000, slow_share=0.5)

    assert hedged.extra_load > 0.4
    assert budgeted.extra_load <= 0.05 + 10 / 5_000


def test_hedging_is_deterministic_and_takes_a_delay():
    assert hedging(500, delay=0.02) == hedging(500, delay=0.02)


@pytest.mark.parametrize("options", [{"calls": 0}, {"slow_share": 1.1}, {"slow_share": math.nan}])
def test_hedging_names_its_bad_argument(options):
    with pytest.raises(ValueError, match=r"calls|slow_share"):
        hedging(**options)


# --- arrivals and limiters --------------------------------------------------------------------------


class FixedWindow:
    def __init__(self, limit, window, clock):
        self.limit, self.window, self.clock = limit, window, clock
        self.counts: dict[int, int] = {}

    def allow(self):
        slot = int(self.clock() // self.window)
        self.counts[slot] = self.counts.get(slot, 0) + 1
        return self.counts[slot] <= self.limit


class SlidingLog:
    def __init__(self, limit, window, clock):
        self.limit, self.window, self.clock = limit, window, clock
        self.log: deque[float] = deque()

    def allow(self):
        while self.log and self.clock() - self.log[0] >= self.window:
            self.log.popleft()
        if len(self.log) == self.limit:
            return False
        self.log.append(self.clock())
        return True


def test_the_edge_attack_gets_twice_the_limit_past_a_fixed_window():
    result = replay(lambda clock: FixedWindow(100, 1.0, clock), edge_attack(100, 1.0), 1.0)

    assert result.worst >= 198


def test_the_edge_attack_does_not_get_past_a_sliding_log():
    result = replay(lambda clock: SlidingLog(100, 1.0, clock), edge_attack(100, 1.0), 1.0)

    assert result.worst == 100
    assert result.admitted + result.refused == len(result.marks) == len(result.times) == 600


def test_poisson_arrivals_have_the_rate_they_were_asked_for():
    times = poisson(100.0, 50.0, seed=3)

    assert 4_700 <= len(times) <= 5_300
    assert times == sorted(times)
    assert times == poisson(100.0, 50.0, seed=3)


def test_on_off_arrivals_come_only_while_on():
    times = on_off(50.0, 20.0, on=1.0, off=3.0)

    assert times
    assert all(t % 4.0 < 1.0 for t in times)


@pytest.mark.parametrize(
    "call",
    [
        lambda: poisson(0.0, 1.0),
        lambda: poisson(1.0, math.inf),
        lambda: edge_attack(0, 1.0),
        lambda: on_off(1.0, 1.0, on=0.0),
        lambda: on_off(1.0, 1.0, off=-1.0),
        lambda: quantile([1.0], 1.5),
    ],
)
def test_impossible_patterns_are_refused(call):
    with pytest.raises(ValueError, match="must be"):
        call()


def test_the_worst_window_is_half_open():
    assert worst_window([0.0, 1.0, 1.5, 1.9], 1.0) == 3
    assert worst_window([], 1.0) == 0


def test_quantiles_are_nearest_rank():
    assert quantile([5.0, 1.0, 3.0], 0.0) == 1.0
    assert quantile(range(1, 101), 0.99) == 99
    with pytest.raises(ValueError, match="no value"):
        quantile([], 0.5)


# --- a failing dependency ---------------------------------------------------------------------------


def breaker(clock) -> CircuitBreaker:
    return CircuitBreaker(window=10, min_calls=5, open_for=3.0, clock=clock)


def test_a_breaker_spares_most_calls_to_a_dead_dependency_and_recovers():
    story = failing_dependency(breaker)

    assert story.spared > 150
    assert story.failed < 20
    assert story.waited < story.waited_without / 10
    assert story.strip[-1][1:] == (State.CLOSED, "ok")
    assert story.ok + story.failed + story.spared + story.lost == len(story.strip) == 600


def test_one_probe_a_pause_reaches_the_dependency():
    story = failing_dependency(breaker)

    assert 6 <= story.probes <= 8  # twenty seconds down, a pause of three


def test_calls_lost_after_the_recovery_are_bounded_by_one_pause():
    assert failing_dependency(breaker).lost <= 3.0 * 10


def test_the_strip_shows_closed_open_closed():
    states = [state for _, state, _ in failing_dependency(breaker).strip]

    assert states[:4] == states[-4:] == [State.CLOSED] * 4
    assert states.count(State.OPEN) > 100


def test_two_probes_show_half_open_in_the_strip():
    story = failing_dependency(
        lambda clock: CircuitBreaker(window=10, open_for=3.0, half_open_calls=2, clock=clock)
    )

    assert State.HALF_OPEN in [state for _, state, _ in story.strip]


def test_a_rate_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="rate and seconds"):
        failing_dependency(breaker, rate=0.0)
