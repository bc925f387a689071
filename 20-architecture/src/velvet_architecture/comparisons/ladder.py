"""The ladder of layers: ten ways to take one unit of stock.

From `dict` to `middleware` each rung has one layer more. `container` resolves the handler anew for
each command behind a bus with two middlewares; `event_store` and `projection` are the handler
without a bus, beside a log in memory. Every rung answers the units that are left, so that all of
them do the same work; what differs is what stands between the caller and the subtraction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from velvet_architecture.adapters.container import Container
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.app.bus import Context, MessageBus, idempotent, logged, timed
from velvet_architecture.ports import START, NewEvent, uuid7

SKU, UNITS = "lamp", 1_000_000_000
Take = Callable[[], int]


@dataclass(frozen=True)
class TakeUnit:
    """Command: one unit is sold."""

    sku: str


@dataclass
class Item:
    """The domain object."""

    sku: str
    qty: int

    def take(self) -> int:
        """Take one unit; the rule of the domain."""
        if self.qty < 1:
            raise ValueError(f"no {self.sku} is left")
        self.qty -= 1
        return self.qty


class Repository:
    """A collection of items; hands out copies, as one with a database would."""

    def __init__(self) -> None:
        self._items = {SKU: Item(SKU, UNITS)}

    def get(self, sku: str) -> Item:
        """Return an item."""
        return replace(self._items[sku])

    def save(self, item: Item) -> None:
        """Keep an item."""
        self._items[item.sku] = item


class UnitOfWork:
    """Collects changes and commits them at the end."""

    def __init__(self, items: Repository) -> None:
        self._items = items
        self._changed: list[Item] = []

    @contextmanager
    def __call__(self) -> Iterator[UnitOfWork]:
        """Begin; commit when nothing was raised."""
        self._changed = []
        yield self
        for item in self._changed:
            self._items.save(item)

    def get(self, sku: str) -> Item:
        """Return an item whose changes will be saved."""
        item = self._items.get(sku)
        self._changed.append(item)
        return item


class Handler:
    """The use case."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def handle(self, command: TakeUnit, _: Context | None = None) -> int:
        """Take one unit in a unit of work."""
        with self._work() as work:
            return work.get(command.sku).take()


def _dict() -> Take:
    stock = {SKU: UNITS}

    def take() -> int:
        stock[SKU] -= 1
        return stock[SKU]

    return take


def _domain() -> Take:
    return Item(SKU, UNITS).take


def _repository() -> Take:
    items = Repository()

    def take() -> int:
        item = items.get(SKU)
        left = item.take()
        items.save(item)
        return left

    return take


def _unit_of_work() -> Take:
    begin = UnitOfWork(Repository())

    def take() -> int:
        with begin() as work:
            return work.get(SKU).take()

    return take


def _handler() -> Take:
    handler = Handler(UnitOfWork(Repository()))
    return lambda: handler.handle(TakeUnit(SKU))


def _bus(*middleware: Any) -> Take:
    bus = MessageBus(middleware)
    bus.command(TakeUnit, Handler(UnitOfWork(Repository())).handle)
    return lambda: int(bus.handle(TakeUnit(SKU)))


def _middleware() -> Take:
    log = logging.getLogger("velvet.architecture")
    return _bus(logged(log), timed({}), idempotent(lambda _: None))


def _container() -> Take:
    container = Container()
    container.add(Repository)
    container.add(UnitOfWork, lifetime="transient")
    container.add(Handler, lifetime="transient")
    bus = MessageBus((logged(logging.getLogger("velvet.architecture")), timed({})))
    bus.command(TakeUnit, lambda command, _: container.resolve(Handler).handle(command))
    return lambda: int(bus.handle(TakeUnit(SKU)))


def _event_log(projected: bool) -> Take:
    store, left, seen = MemoryEventStore(), {SKU: UNITS}, START
    handler = Handler(UnitOfWork(Repository()))

    def take() -> int:
        nonlocal seen
        answer = handler.handle(TakeUnit(SKU))
        event = NewEvent("Taken", b'{"qty":1}', uuid7())
        store.append(SKU, [event], expected=store.stream_version(SKU))
        if not projected:
            return answer
        for event_stored in store.read_all(after=seen):
            left[SKU] -= 1
            seen = event_stored.cursor
        return left[SKU]

    return take


RUNGS: dict[str, Callable[[], Take]] = {
    "dict": _dict,
    "domain_object": _domain,
    "repository": _repository,
    "unit_of_work": _unit_of_work,
    "handler": _handler,
    "bus": _bus,
    "middleware": _middleware,
    "container": _container,
    "event_store": lambda: _event_log(False),
    "projection": lambda: _event_log(True),
}
