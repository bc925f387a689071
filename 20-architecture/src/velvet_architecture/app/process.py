"""Fulfilment over several aggregates: reserve every line, take the payment, confirm; or undo.

No transaction spans stock, order and payment, so this process manager (a saga) keeps its own event
stream: what was done, what is being undone. After a crash it is started again and goes on from
there; every command carries an id made from the process and the step, so a step that happened
twice has one effect. Compensations run in reverse order. One that fails is parked and visible.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from velvet_architecture.app.aggregates import AggregateStore
from velvet_architecture.domain import CommandRejected, Decider
from velvet_architecture.domain.orders import (
    CancelOrder,
    ConfirmOrder,
    MarkPaid,
    MarkReserved,
    order_decider,
)
from velvet_architecture.domain.stock import Allocate, Release, stock_decider
from velvet_architecture.ports import (
    Clock,
    ConcurrencyError,
    PaymentGateway,
    PaymentRefused,
    derived_id,
    uuid7,
)


@dataclass(frozen=True)
class StepBegun:
    """Event: a step may have had its effect; after a crash it is repeated, not given up."""

    step: str


@dataclass(frozen=True)
class StepDone:
    """Event: a step has had its effect; `detail` is what undoing it needs."""

    step: str
    detail: str = ""


@dataclass(frozen=True)
class StepFailed:
    """Event: a step cannot be done, so what was done will be undone."""

    step: str
    why: str


@dataclass(frozen=True)
class StepUndone:
    """Event: a compensation has had its effect."""

    step: str


@dataclass(frozen=True)
class CompensationParked:
    """Event: a compensation failed, and waits for a person."""

    step: str
    why: str


@dataclass(frozen=True)
class ProcessEnded:
    """Event: nothing more happens; `result` is ``confirmed`` or ``cancelled``."""

    result: str


@dataclass(frozen=True)
class Progress:
    """The state: what is done and not undone, why it failed, how it ended."""

    begun: str = ""
    done: tuple[StepDone, ...] = ()
    failed: str = ""
    parked: tuple[str, ...] = ()
    result: str = ""


def _evolve(state: Progress, event: Any) -> Progress:
    match event:
        case StepBegun(step):
            return replace(state, begun=step)
        case StepDone():
            return replace(state, begun="", done=(*state.done, event))
        case StepFailed(step, why):
            return replace(state, begun="", failed=f"{step}: {why}")
        case StepUndone(step) | CompensationParked(step, _):
            left = tuple(one for one in state.done if one.step != step)
            parked = (step,) if isinstance(event, CompensationParked) else ()
            return replace(state, done=left, parked=(*state.parked, *parked))
        case ProcessEnded(result):
            return replace(state, result=result)
    return state


# Its commands are its events: what happened is recorded, nothing is refused.
process_decider = Decider(
    "process", Progress(), lambda event, _: [event], _evolve, lambda state: bool(state.result)
)


class _Refused(Exception):
    """A step cannot be done."""


class FulfilmentProcess:
    """Brings an order to its end; safe to start again at any moment.

    Args:
        timeout_s: seconds from `started` after which the process undoes instead of going on.
    """

    def __init__(
        self,
        aggregates: AggregateStore,
        payments: PaymentGateway,
        *,
        clock: Clock = time.time,
        timeout_s: float = 900.0,
    ) -> None:
        if not timeout_s > 0:
            raise ValueError(f"timeout_s must be above 0, not {timeout_s!r}")
        self._aggregates, self._payments = aggregates, payments
        self._clock, self._timeout_s = clock, timeout_s

    def run(self, order_id: str, *, started: float | None = None) -> Progress:
        """Go on until the order is confirmed or cancelled; return how it went.

        Args:
            started: when the order began, in seconds of `clock`; now by default.

        Raises:
            CommandRejected: the order was never placed.
        """
        stream, order_stream = f"process-{order_id}", f"order-{order_id}"
        deadline = (self._clock() if started is None else started) + self._timeout_s
        order = self._aggregates.load(order_decider, order_stream).state
        if order.status == "new":
            raise CommandRejected("unknown_order", f"{order_id} was never placed")
        steps = [f"reserve {n} {line.sku}" for n, line in enumerate(order.lines)]
        steps += ["mark reserved", "authorise", "mark paid", "confirm"]
        while not (now := self._aggregates.load(process_decider, stream)).state.result:
            self._record(stream, now.version, self._next(order_id, now.state, steps, deadline))
        return now.state

    def _next(self, order_id: str, state: Progress, steps: list[str], deadline: float) -> Any:
        """Do one thing, forward or back; return the event that records it."""
        if state.failed:
            return self._compensate(order_id, state)
        finished = {one.step for one in state.done}
        step = next((one for one in steps if one not in finished), "")
        late = self._clock() > deadline and step not in ("confirm", "")
        if state.begun:
            return self._forward(order_id, state.begun)
        if late:
            return StepFailed(step, "the deadline has passed")
        return StepBegun(step) if step else ProcessEnded("confirmed")

    def _forward(self, order_id: str, step: str) -> Any:
        try:
            return StepDone(step, self._do(order_id, step))
        except (_Refused, PaymentRefused, CommandRejected) as why:
            return StepFailed(step, str(why))

    def _do(self, order_id: str, step: str) -> str:
        command_id, order_stream = derived_id(order_id, step), f"order-{order_id}"
        order = self._aggregates.load(order_decider, order_stream).state
        if step.startswith("reserve"):
            line = order.lines[int(step.split()[1])]
            promise = f"{order_id}/{step.split()[1]}"
            stream = f"stock-{line.sku}"
            self._aggregates.execute(
                stock_decider, stream, Allocate(promise, line.qty), command_id=command_id
            )
            if self._aggregates.load(stock_decider, stream).state.of(promise) is None:
                raise _Refused("out of stock")
            return line.sku
        if step == "authorise":
            return self._payments.authorise(command_id, order.total)
        command = {
            "mark reserved": MarkReserved(),
            "mark paid": MarkPaid(self._detail(order_id, "authorise")),
            "confirm": ConfirmOrder(),
        }[step]
        self._aggregates.execute(order_decider, order_stream, command, command_id=command_id)
        return ""

    def _compensate(self, order_id: str, state: Progress) -> Any:
        if state.done:
            last = state.done[-1]
            try:
                self._undo(order_id, last)
            except Exception as why:  # noqa: BLE001 - parked with its reason, whatever it is
                return CompensationParked(last.step, repr(why))
            return StepUndone(last.step)
        self._aggregates.execute(
            order_decider,
            f"order-{order_id}",
            CancelOrder(state.failed),
            command_id=derived_id(order_id, "cancel"),
        )
        return ProcessEnded("cancelled")

    def _undo(self, order_id: str, done: StepDone) -> None:
        command_id = derived_id(order_id, "undo", done.step)
        if done.step.startswith("reserve"):
            self._aggregates.execute(
                stock_decider,
                f"stock-{done.detail}",
                Release(f"{order_id}/{done.step.split()[1]}"),
                command_id=command_id,
            )
        elif done.step == "authorise":
            self._payments.refund(command_id, done.detail)

    def _detail(self, order_id: str, step: str) -> str:
        done = self._aggregates.load(process_decider, f"process-{order_id}").state.done
        return next((one.detail for one in done if one.step == step), "")

    def _record(self, stream: str, version: int, event: Any) -> None:
        new = [self._aggregates.registry.encode(event, event_id=uuid7())]
        with suppress(ConcurrencyError):  # another worker of this order was faster: look again
            self._aggregates.store.append(stream, new, expected=version)
