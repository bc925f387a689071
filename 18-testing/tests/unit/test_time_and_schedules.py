"""Schedules, virtual time, clocks and doubles."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from typing import Any

import pytest

from velvet_testing import contracts
from velvet_testing.contracts import GatewayContract, RepositoryContract
from velvet_testing.doubles import (
    FakeClock,
    FakeGateway,
    FakeRepository,
    GatewayError,
    GatewayTimeout,
)
from velvet_testing.schedule import Deadlock, Stepper, UnsupportedAwait, explore, replay
from velvet_testing.virtual_time import run_virtual

State = dict[str, int]


def lost_update() -> tuple[State, list[Coroutine[Any, Any, None]]]:
    state = {"n": 0}

    async def add() -> None:
        seen = state["n"]
        await Stepper().pause()
        state["n"] = seen + 1

    return state, [add(), add()]


def two_are_counted(state: State) -> None:
    assert state["n"] == 2


def test_a_lost_update_is_found_with_one_preemption_and_replayed() -> None:
    failure = explore(lost_update, two_are_counted, bound=1)

    assert failure is not None
    assert failure.schedules == 2
    assert replay(lost_update, failure.choices) == {"n": 1}
    assert explore(lost_update, two_are_counted, bound=0) is None


def test_every_interleaving_is_visited_once_and_no_more_than_allowed() -> None:
    seen: list[tuple[int, ...]] = []

    explore(lost_update, lambda state: None, bound=math.inf, seen=seen.append)

    assert len(seen) == len(set(seen)) == math.comb(4, 2)
    assert explore(lost_update, two_are_counted, max_schedules=1) is None


def test_coroutines_that_wait_for_each_other_are_a_deadlock() -> None:
    def make() -> tuple[None, list[Any]]:
        turn = Stepper()
        return None, [turn.wait(lambda: False), turn.pause()]

    failure = explore(make, lambda state: None)

    assert failure is not None
    assert isinstance(failure.error, Deadlock)


def test_a_real_future_is_refused_by_name() -> None:
    loop = asyncio.new_event_loop()

    async def wait() -> None:
        await loop.create_future()

    try:
        with pytest.raises(UnsupportedAwait, match="coroutine 0 awaits <Future"):
            explore(lambda: (None, [wait()]), lambda state: None)
    finally:
        loop.close()


def test_choices_that_cannot_be_made_are_refused() -> None:
    with pytest.raises(ValueError, match="choice 0: coroutine 7 cannot run"):
        replay(lost_update, [7])


def test_virtual_sleeps_take_no_time_and_keep_their_order() -> None:
    async def main() -> list[int]:
        woken: list[int] = []

        async def sleeper(seconds: int) -> None:
            await asyncio.sleep(seconds)
            woken.append(seconds)

        await asyncio.gather(*(sleeper(n) for n in (30, 10, 20)))
        return woken

    assert run_virtual(main()) == ([10, 20, 30], 30.0)


def test_a_timeout_works_in_virtual_time() -> None:
    async def main() -> str:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 3600)
        except (TimeoutError, asyncio.TimeoutError):
            return "timed out"
        return "no"

    assert run_virtual(main()) == ("timed out", 3600.0)


def test_waiting_for_nothing_is_a_deadlock_and_tasks_are_cancelled() -> None:
    cancelled: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append("yes")

    with pytest.raises(Deadlock):
        run_virtual(waits())
    assert cancelled == ["yes"]


def test_a_clock_wakes_its_sleepers_in_the_order_of_their_times() -> None:
    clock, woken = FakeClock(), list[tuple[str, float]]()
    for when, name in ((5, "b"), (2, "a"), (5, "c"), (99, "late")):
        clock.call_at(when, lambda name=name: woken.append((name, clock())))

    clock.advance(10)

    assert woken == [("a", 2), ("b", 5), ("c", 5)]
    assert clock() == 10
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_a_gateway_fails_by_its_script() -> None:
    gateway = FakeGateway("error", "slow")

    with pytest.raises(GatewayError):
        gateway.charge("k", 1)
    with pytest.raises(GatewayTimeout):
        gateway.charge("k", 1)
    assert gateway.charged == {"k": 1}
    with pytest.raises(GatewayError):
        gateway.refund("receipt-unknown")


class TestFakeRepository(RepositoryContract):
    @pytest.fixture
    def make(self) -> Any:
        return FakeRepository


class TestFakeGateway(GatewayContract):
    @pytest.fixture
    def make(self) -> Any:
        return FakeGateway


def test_a_fake_that_drifts_is_reported_by_the_check() -> None:
    class Forgetful(FakeRepository):
        def add(self, order: Any) -> None:
            self._orders[order.id] = order

    report = contracts.drift(RepositoryContract, Forgetful, FakeRepository)

    assert list(report.differences) == ["test_a_second_order_of_the_same_id_is_refused"]
    assert "AssertionError: no DuplicateOrder / passes" in str(report)
    assert str(contracts.drift(GatewayContract, FakeGateway, FakeGateway)) == "no drift"
