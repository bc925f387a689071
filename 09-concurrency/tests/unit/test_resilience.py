"""Hedges, races, retries and deadlines: who wins, who is cancelled, what is paid."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable

import pytest

from velvet_concurrency.resilience import HedgeBudget, deadline, hedge, race, retry, time_left
from velvet_concurrency.structured import ExceptionGroup

pytestmark = pytest.mark.asyncio


class Attempts:
    """Makes attempts that wait for a gate of their own and remember how they ended."""

    def __init__(self, *outcomes: object) -> None:
        self.outcomes = list(outcomes)
        self.gates = [asyncio.Event() for _ in outcomes]
        self.ended: list[str] = ["never started"] * len(outcomes)
        self.started = 0

    async def make(self) -> object:
        number, self.started = self.started, self.started + 1
        self.ended[number] = "running"
        try:
            await self.gates[number].wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # cleaning up takes a turn
            self.ended[number] = "cancelled"
            raise
        self.ended[number] = "done"
        outcome = self.outcomes[number]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def until_started(self, count: int) -> None:
        while self.started < count:  # noqa: ASYNC110 - simpler than an event per count
            await asyncio.sleep(0.0005)


# --- hedge ----------------------------------------------------------------------------------------


async def test_a_quick_answer_is_not_hedged():
    attempts = Attempts("first")
    attempts.gates[0].set()

    assert await hedge(attempts.make, 60.0) == "first"

    assert attempts.started == 1


async def test_the_hedge_wins_and_the_slow_call_is_cancelled_and_awaited():
    attempts = Attempts("first", "second")
    attempts.gates[1].set()

    assert await hedge(attempts.make, 0.0) == "second"

    assert attempts.ended == ["cancelled", "done"]


async def test_the_first_call_may_still_win_after_the_hedge_started():
    attempts = Attempts("first", "second")
    hedging = asyncio.ensure_future(hedge(attempts.make, 0.0))
    await attempts.until_started(2)

    attempts.gates[0].set()

    assert await hedging == "first"
    assert attempts.ended == ["done", "cancelled"]


async def test_no_more_hedges_start_than_allowed():
    attempts = Attempts(1, 2, 3, 4)
    hedging = asyncio.ensure_future(hedge(attempts.make, 0.0, 2))
    await attempts.until_started(3)
    await asyncio.sleep(0.005)

    attempts.gates[2].set()

    assert await hedging == 3
    assert attempts.ended == ["cancelled", "cancelled", "done", "never started"]


async def test_an_empty_budget_forbids_the_hedge():
    budget = HedgeBudget(ratio=0.0, burst=1)
    assert budget.try_spend()
    attempts = Attempts("first", "second")
    hedging = asyncio.ensure_future(hedge(attempts.make, 0.0, budget=budget))
    while not budget.refused:  # noqa: ASYNC110 - a budget has no event to wait for
        await asyncio.sleep(0.0005)

    attempts.gates[0].set()

    assert await hedging == "first"
    assert (attempts.started, budget.spent, budget.refused) == (1, 1, 1)


async def test_a_hedge_is_paid_from_the_budget():
    budget = HedgeBudget()
    attempts = Attempts("first", "second")
    attempts.gates[1].set()

    await hedge(attempts.make, 0.0, budget=budget)

    assert budget.spent == 1


async def test_a_failing_hedge_leaves_the_first_call_in_the_race():
    attempts = Attempts("first", OSError("second"))
    hedging = asyncio.ensure_future(hedge(attempts.make, 0.0))
    await attempts.until_started(2)
    attempts.gates[1].set()
    await asyncio.sleep(0.001)

    attempts.gates[0].set()

    assert await hedging == "first"


async def test_when_every_attempt_fails_the_first_error_is_raised():
    attempts = Attempts(OSError("first"), OSError("second"))
    hedging = asyncio.ensure_future(hedge(attempts.make, 0.0))
    await attempts.until_started(2)
    attempts.gates[1].set()
    attempts.gates[0].set()

    with pytest.raises(OSError, match="first"):
        await hedging


# --- budget ---------------------------------------------------------------------------------------


async def test_a_budget_allows_its_burst_and_then_its_ratio():
    budget = HedgeBudget(ratio=0.05, burst=2)
    spent = 0

    for _ in range(1000):
        budget.deposit()
        spent += budget.try_spend()

    assert 50 <= spent <= 52
    assert budget.spent == spent


async def test_a_budget_never_saves_more_than_its_burst():
    budget = HedgeBudget(ratio=1.0, burst=3)
    for _ in range(100):
        budget.deposit()

    assert [budget.try_spend() for _ in range(4)] == [True, True, True, False]


# --- race -----------------------------------------------------------------------------------------


async def test_the_first_success_wins_the_race_and_losers_are_awaited():
    attempts = Attempts(OSError("broken"), "winner", "slow")
    attempts.gates[0].set()
    attempts.gates[1].set()

    assert await race(attempts.make, attempts.make, attempts.make) == "winner"

    assert attempts.ended == ["done", "done", "cancelled"]


async def test_a_race_without_a_winner_raises_every_error():
    attempts = Attempts(OSError("one"), ValueError("two"))
    for gate in attempts.gates:
        gate.set()

    with pytest.raises(ExceptionGroup) as caught:
        await race(attempts.make, attempts.make)

    assert [str(error) for error in caught.value.exceptions] == ["one", "two"]


async def test_a_race_of_calls_that_cancel_themselves_is_cancelled():
    async def give_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await race(give_up, give_up)


async def test_a_call_that_cannot_be_made_is_one_failed_attempt_of_a_race():
    attempts = Attempts("first")

    def broken() -> Awaitable[object]:
        raise TypeError("no coroutine")

    async def quick() -> str:
        return "quick"

    assert await race(broken, quick, attempts.make) == "quick"
    assert attempts.ended != ["running"]


# --- retry ----------------------------------------------------------------------------------------


def failing(times: int, error: type[Exception] = OSError) -> Callable[[], Awaitable[str]]:
    left = [times]

    async def make() -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise error(f"{left[0]} left")
        return "answer"

    return make


class Pauses:
    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_retry_returns_the_first_success():
    pauses = Pauses()

    assert await retry(failing(2), 3, base=0.1, sleep=pauses, rng=lambda: 1.0) == "answer"

    assert pauses.slept == pytest.approx([0.1, 0.2])


async def test_jitter_is_full_and_the_pause_is_capped():
    pauses = Pauses()

    await retry(failing(5), 6, base=1.0, cap=4.0, sleep=pauses, rng=lambda: 0.5)

    assert pauses.slept == pytest.approx([0.5, 1.0, 2.0, 2.0, 2.0])


async def test_the_last_error_is_raised():
    with pytest.raises(OSError, match="7 left"):
        await retry(failing(10), 3, sleep=Pauses())


async def test_an_error_that_is_not_listed_is_not_tried_again():
    pauses = Pauses()

    with pytest.raises(KeyError):
        await retry(failing(1, KeyError), retry_on=OSError, sleep=pauses)

    assert pauses.slept == []


async def test_an_empty_budget_ends_the_retrying():
    budget = HedgeBudget(ratio=0.0, burst=1)
    pauses = Pauses()

    with pytest.raises(OSError, match="8 left"):
        await retry(failing(10), 5, budget=budget, sleep=pauses)

    assert len(pauses.slept) == budget.spent == budget.refused == 1


async def test_a_pause_that_the_deadline_would_cut_off_is_not_begun():
    pauses = Pauses()

    with pytest.raises(OSError, match="9 left"):
        async with deadline(5.0):
            await retry(failing(10), base=10.0, sleep=pauses, rng=lambda: 0.9)

    assert pauses.slept == []


# --- deadline -------------------------------------------------------------------------------------


async def test_a_deadline_raises_timeout_error():
    with pytest.raises(TimeoutError):
        async with deadline(0.001):
            await asyncio.sleep(10)


async def test_a_block_in_time_is_left_alone():
    async with deadline(10.0):
        await asyncio.sleep(0)

    assert time_left() is None


async def test_a_nearer_outer_deadline_wins_and_is_raised_outside():
    inner_raised = False

    with pytest.raises(TimeoutError):  # noqa: PT012 - leaving the block is what raises
        async with deadline(0.001):
            try:
                async with deadline(10.0):
                    assert time_left() <= 0.001
                    await asyncio.sleep(10)
            except TimeoutError:
                inner_raised = True
                raise

    assert not inner_raised


async def test_a_nearer_inner_deadline_leaves_the_outer_one_alive():
    async with deadline(10.0):
        with pytest.raises(TimeoutError):
            async with deadline(0.001):
                await asyncio.sleep(10)
        left = time_left()
        await asyncio.sleep(0)

    assert 5.0 < left <= 10.0


async def test_tasks_started_inside_see_the_deadline():
    async def ask() -> float | None:
        return time_left()

    async with deadline(10.0):
        left = await asyncio.ensure_future(ask())

    assert 5.0 < left <= 10.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hedge(failing(0), -1.0), "delay must be >= 0"),
        (lambda: hedge(failing(0), math.nan), "delay must be >= 0"),
        (lambda: hedge(failing(0), 0.0, -1), "max_hedges must be an int >= 0"),
        (lambda: HedgeBudget(-0.1, 1), "ratio must be in"),
        (lambda: HedgeBudget(1.1, 1), "ratio must be in"),
        (lambda: HedgeBudget(math.nan, 1), "ratio must be in"),
        (lambda: HedgeBudget(0.1, 0), "burst must be finite"),
        (lambda: HedgeBudget(0.1, math.inf), "burst must be finite"),
        (race, "at least one"),
        (lambda: retry(failing(0), attempts=0), "attempts must be an int >= 1"),
        (lambda: retry(failing(0), base=-1.0), "base and cap"),
        (lambda: retry(failing(0), cap=math.inf), "base and cap"),
        (lambda: deadline(math.nan).__aenter__(), "nan"),
    ],
)
async def test_an_argument_out_of_range_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        await call()
