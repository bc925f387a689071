"""Calibration, interleaving and the shapes that a contender may have."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext

import pytest

from velvet.bench.model import Command, Comparison, Timed
from velvet.bench.rounds import (
    Prepared,
    SystemClock,
    as_timed,
    calibrate,
    children_cpu_ns,
    interleave,
    prepare,
    spin,
)
from velvet.bench.worker import ProcessClock

pytestmark = pytest.mark.usefixtures("still_spin")


class SteppingClock:
    """A clock that moves by one step each time that it is asked."""

    def __init__(self, step: int) -> None:
        self.step, self.now = step, 0

    def wall(self) -> int:
        self.now += self.step
        return self.now

    cpu = wall


def prepared(name, setup, size, **options):
    """Prepare a contender as the worker does."""
    work = Comparison("work", **options)
    work.add(name, setup)
    return prepare(work, name, size, 7)


def contenders(clock, **costs):
    return [Prepared(name, Timed(clock.work(cost))) for name, cost in costs.items()]


@pytest.mark.parametrize("cost", [40.0, 1_000.0, 70_000.0, 1_900_000.0])
def test_a_calibrated_round_takes_half_a_millisecond_to_five(quiet_clock, cost):
    one = Prepared("work", Timed(quiet_clock.work(cost)))

    calibrate(one, quiet_clock)

    assert 500_000 <= one.loops * cost <= 5_000_000


def test_a_long_call_is_made_once_a_round(quiet_clock):
    one = Prepared("work", Timed(quiet_clock.work(30_000_000.0)))

    calibrate(one, quiet_clock)

    assert one.loops == 1


def test_the_first_call_is_kept_apart_as_cold(quiet_clock):
    costs = iter([9_000_000.0])

    def call():
        quiet_clock.now += next(costs, 1_000_000.0)

    one = Prepared("work", Timed(call))

    calibrate(one, quiet_clock)

    assert one.cold_ns == 9_000_000


def test_a_contender_that_never_settles_still_ends_its_warm_up(quiet_clock):
    calls = []

    def call():
        calls.append(None)
        quiet_clock.now += 3_000_000.0 * (1 + len(calls) % 2)

    calibrate(Prepared("work", Timed(call)), quiet_clock)

    assert len(calls) == 12


def test_a_call_of_a_tenth_of_a_second_needs_no_warming_up(quiet_clock):
    calls = []

    def call():
        calls.append(None)
        quiet_clock.now += 110_000_000.0 * (1 + len(calls) % 2)

    calibrate(Prepared("work", Timed(call)), quiet_clock)

    assert len(calls) == 3


def test_a_call_of_nanoseconds_keeps_its_fractions(quiet_clock):
    one = Prepared("work", Timed(quiet_clock.work(15.5)), loops=1000)

    wall, cpu = one.round(quiet_clock)

    assert (wall, cpu) == (pytest.approx(15.5, rel=0.01), pytest.approx(15.5, rel=0.01))


def test_every_contender_takes_one_turn_in_every_round(quiet_clock):
    turns = []

    def turn(name):
        turns.append(name)
        return nullcontext()

    three = contenders(quiet_clock, a=10.0, b=20.0, c=30.0)
    records = list(interleave(three, quiet_clock, rounds=4, seed=1, turn=turn))

    assert [sorted(record["wall"]) for record in records] == [["a", "b", "c"]] * 4
    assert turns == [name for record in records for name in record["order"]]


def orders(clock, seed):
    records = interleave(contenders(clock, a=1.0, b=1.0, c=1.0), clock, rounds=20, seed=seed)
    return [record["order"] for record in records]


def test_one_seed_gives_one_order(quiet_clock):
    assert orders(quiet_clock, 5) == orders(quiet_clock, 5)


def test_another_seed_gives_another_order(quiet_clock):
    assert orders(quiet_clock, 5) != orders(quiet_clock, 6)


def test_the_order_changes_from_round_to_round(quiet_clock):
    assert len({tuple(order) for order in orders(quiet_clock, 5)}) > 1


def test_a_spent_budget_ends_the_rounds_after_five(quiet_clock):
    slow = contenders(quiet_clock, slow=1e9)

    records = list(interleave(slow, quiet_clock, rounds=30, seed=1, budget_s=0.5))

    assert len(records) == 5


def fails():
    raise OSError("no disk")


def test_a_contender_that_raises_takes_no_part_from_then_on(quiet_clock):
    both = [*contenders(quiet_clock, good=5.0), Prepared("bad", Timed(fails))]
    errors = []

    @contextmanager
    def turn(name):
        try:
            yield
        except OSError:
            errors.append(name)

    records = list(interleave(both, quiet_clock, rounds=3, seed=1, turn=turn))

    assert errors == ["bad"]
    assert [list(record["wall"]) for record in records] == [["good"]] * 3


def test_without_a_listener_an_exception_passes(quiet_clock):
    with pytest.raises(OSError, match="no disk"):
        list(interleave([Prepared("bad", Timed(fails))], quiet_clock, rounds=1, seed=1))


def test_preparing_an_argument_is_not_timed(quiet_clock):
    def make():
        quiet_clock.now += 1e9
        return [3, 1, 2]

    def call(items):
        quiet_clock.now += len(items) * 100.0

    wall, cpu = Prepared("sort", Timed(call, prepare=make), loops=2).round(quiet_clock)

    assert (wall, cpu) == (300, 300)


def test_a_coroutine_function_is_timed_inside_its_loop(quiet_clock):
    async def call():
        quiet_clock.now += 700.0
        await asyncio.sleep(0)

    one = Prepared("coroutine", Timed(call), loops=3)

    assert one.is_async
    assert one.round(quiet_clock) == (700, 700)


def test_a_program_is_charged_the_processor_time_of_its_process(quiet_clock):
    command = Command([sys.executable, "-c", "sum(range(10**6))"])

    one = prepared("program", lambda: command, {})
    _, cpu = one.round(SystemClock())

    assert one.child_clock
    assert cpu > 0


def test_the_processor_time_of_ended_children_never_falls():
    before = children_cpu_ns()

    assert children_cpu_ns() >= before


def test_the_processor_time_of_a_tree_counts_workers_that_live_on():
    burn = """import sys, time
for line in sys.stdin:
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    print(flush=True)"""
    argv, pipe = [sys.executable, "-c", burn], subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as worker:
        clocks = ProcessClock(tree=True), ProcessClock(tree=False)
        before = [clock.cpu() for clock in clocks]
        worker.stdin.write(b"now\n")
        worker.stdin.flush()
        worker.stdout.readline()
        tree, alone = (clock.cpu() - at for clock, at in zip(clocks, before, strict=True))
        worker.stdin.close()

    assert tree > 250_000_000 > alone


@pytest.mark.parametrize("made", [3, None, "text"])
def test_a_set_up_that_returns_nothing_callable_is_refused(made):
    with pytest.raises(TypeError, match="returns a callable, a Timed or a Command"):
        as_timed(made)


def test_a_timed_is_taken_as_it_is():
    timed = Timed(print)

    assert as_timed(timed) is timed


def test_a_generator_set_up_cleans_up_after_its_yield():
    cleaned = []

    def setup(n):
        yield lambda: n
        cleaned.append(n)

    one = prepared("generator", setup, {"n": 3})
    one.close()

    assert (one.timed.call(), cleaned) == (3, [3])


def test_a_set_up_that_yields_twice_is_named():
    def setup():
        yield print
        yield print

    one = prepared("twice", setup, {})

    with pytest.raises(RuntimeError, match="'twice' yields more than once"):
        one.close()


def test_a_plain_set_up_has_nothing_to_clean():
    assert prepared("plain", lambda: print, {}).close() is None


def test_the_spin_is_timed_by_the_wall(quiet_clock):
    assert spin(SteppingClock(10)) == 10


def test_each_call_has_an_input_of_its_own(quiet_clock):
    seen = []
    one = prepared(
        "sees", lambda n: seen.append, {"n": 3}, inputs=lambda n, seed: [seed] * n, kind="micro"
    )
    one.loops = 2

    one.round(quiet_clock)

    assert seen == [[7, 7, 7], [8, 8, 8]]


def test_inputs_that_take_long_to_make_keep_the_round_short(quiet_clock):
    def make():
        quiet_clock.now += 1_000_000.0

    def call(_):
        quiet_clock.now += 100.0

    one = Prepared("quick", Timed(call, prepare=make))

    calibrate(one, quiet_clock)

    assert 50 < one.loops <= 100


def test_a_coroutine_function_may_be_prepared_too(quiet_clock):
    async def call(item):
        quiet_clock.now += item
        await asyncio.sleep(0)

    one = Prepared("coroutine", Timed(call, prepare=lambda: 300.0), loops=2)

    assert one.round(quiet_clock) == (300, 300)


async def soon():
    return 1


def forgotten():
    return soon()


@pytest.mark.filterwarnings("ignore:coroutine 'soon' was never awaited")
@pytest.mark.parametrize(
    "lazy",
    [
        lambda: map(str, [1]),
        lambda: (n for n in [1]),
        lambda: iter([1]),
        forgotten,
        Future,
    ],
    ids=["map", "generator", "iterator", "coroutine", "future"],
)
def test_a_result_that_has_still_to_be_computed_is_refused(quiet_clock, lazy):
    with pytest.raises(TypeError, match="whose work is never done; consume it inside the call"):
        Prepared("lazy", Timed(lazy)).once(quiet_clock)


@pytest.mark.parametrize("result", [[1], range(9), {}.keys(), "text", b"", None, 3.5])
def test_a_result_that_is_there_is_accepted(quiet_clock, result):
    assert Prepared("eager", Timed(lambda: result)).once(quiet_clock)[0] is result
