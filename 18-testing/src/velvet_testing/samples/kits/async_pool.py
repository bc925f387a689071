"""The kit of `async_pool`: asyncio for the examples, an injected turn for the schedules."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from velvet_testing.kit import Kit, Race
from velvet_testing.schedule import Stepper, explore


def alone(m: Any, balance: int, *cents: int) -> Any:
    """Return the answers to withdrawals one after another, and the balance."""

    async def main() -> Any:
        account = m.Account(balance, m.Turn())
        answers = []
        for each in cents:
            try:
                answers.append(await account.withdraw(each))
            except ValueError:
                answers.append("ValueError")
        return answers, account.balance, account._lock.used

    return asyncio.run(asyncio.wait_for(main(), 1.0))


def loads(m: Any, fail_first: bool = False) -> Any:
    """Return what two successive askers get, and the number of loads."""
    calls: list[str] = []

    async def load(key: str) -> str:
        calls.append(key)
        if fail_first and len(calls) == 1:
            raise OSError
        return key.upper()

    async def main() -> Any:
        shared, got = m.Shared(m.Turn()), []
        for _ in range(2):
            try:
                got.append(await shared.get("k", load))
            except OSError:
                got.append("OSError")
        return got, len(calls)

    return asyncio.run(asyncio.wait_for(main(), 1.0))


def _fault(m: Any, n: int) -> bool:
    """Let the n-th of the two kinds of work fail, and ask again."""
    if n == 1:
        assert loads(m, fail_first=True) == (["OSError", "K"], 2)
    if n == 2:
        assert alone(m, 10, -1, 5) == (["ValueError", True], 5, 0)
    return n <= 2


def _withdrawals(m: Any) -> tuple[Any, list[Any]]:
    account, paid = m.Account(100, Stepper()), list[int]()

    async def withdraw() -> None:
        if await account.withdraw(80):
            paid.append(80)

    return (account, paid), [withdraw(), withdraw()]


def _nothing_lost(state: Any) -> None:
    account, paid = state
    assert account.balance + sum(paid) == 100, f"paid {paid}, balance {account.balance}"


class _Room:
    def __init__(self, slots: Any) -> None:
        self.slots, self.inside, self.most = slots, 0, 0


def _crowd(m: Any) -> tuple[Any, list[Any]]:
    turn = Stepper()
    room = _Room(m.Slots(1, turn))

    async def visit() -> None:
        await room.slots.acquire()
        room.inside += 1
        room.most = max(room.most, room.inside)
        await turn.pause()
        room.inside -= 1
        room.slots.release()

    return room, [visit() for _ in range(2)]


def _at_most_one(room: Any) -> None:
    assert room.most <= 1, f"{room.most} at once"


def _askers(m: Any) -> tuple[Any, list[Any]]:
    turn, calls = Stepper(), list[str]()
    shared = m.Shared(turn)

    async def load(key: str) -> str:
        calls.append(key)
        await turn.pause()
        return key

    return calls, [shared.get("k", load), shared.get("k", load)]


def _one_load(calls: Any) -> None:
    assert len(calls) == 1, f"{len(calls)} loads"


RACES = (
    Race(_withdrawals, _nothing_lost),
    Race(_crowd, _at_most_one),
    Race(_askers, _one_load),
)


def schedules(m: Any) -> bool:
    """Return whether every race holds under every schedule."""
    return all(explore(partial(race.make, m), race.check) is None for race in RACES)


KIT = Kit(
    happy=(
        "alone(program, 100, 30)[1] == 70",
        'loads(program)[0] == ["K", "K"]',
    ),
    edges=(
        "alone(program, 100, 100) == ([True], 0, 0)",
        "alone(program, 100, 101) == ([False], 100, 0)",
        "alone(program, 100, 99, 2) == ([True, False], 1, 0)",
        "alone(program, 100, 0)[0] == ['ValueError']",
        "loads(program)[1] == 1",
    ),
    contract=("loads(program, True)[0] == ['OSError', 'K']",),
    snapshot=("alone(program, 50, 20, 40)", "loads(program)"),
    tools={"alone": alone, "loads": loads, "schedules": schedules},
    fault=_fault,
    races=RACES,
)
