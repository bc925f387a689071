"""Many connections held at once, over real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from collections import Counter

import pytest

from velvet_concurrency import connections
from velvet_concurrency.connections import Variant, _affordable, hold_connections
from velvet_concurrency.samples import connection_server

VARIANTS: list[Variant] = ["streams", "protocol", "threads"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_connections_are_held_and_answered(variant: Variant) -> None:
    held = hold_connections(60, variant)

    assert (held.asked, held.held, held.note) == (60, 60, "")
    assert held.errors == {}
    assert 0 < held.p50 <= held.p99
    assert held.connect_seconds > 0
    assert held.cpu_seconds >= 0


def test_n_is_scaled_down_to_the_descriptors_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "raise_fd_limit", lambda n: 256)

    assert _affordable(1000) == (156, "scaled down from 1000 to 156: at most 256 descriptors here")
    assert _affordable(100) == (100, "")


def test_macos_has_too_few_ports_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(connections, "raise_fd_limit", lambda n: n)

    assert _affordable(20_000)[0] == 15_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be an int >= 1"),
        ({"n": 1, "variant": "fibers"}, "variant must be one of"),
        ({"n": 1, "deadline": 0.0}, "deadline must be > 0"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hold_connections(**arguments)  # type: ignore[arg-type]


class _FakeServer:
    """Stands in for the child: a port, and reports that never change."""

    def __init__(self, port: int) -> None:
        self.greeting = {"port": port}

    def ask(self, order: dict[str, object]) -> dict[str, float]:
        return {"open": 0, "refused": 0, "rss": 0, "vms": 0, "cpu": 0.0}


def hold(port: int, n: int, limit: float) -> connections.HeldConnections:
    return asyncio.run(
        connections._hold(
            _FakeServer(port), "streams", n, asked=n, note="", limit=limit  # type: ignore[arg-type]
        )
    )


def test_a_port_that_refuses_is_counted() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))

        held = hold(unused.getsockname()[1], 3, 5.0)

    assert held.held == 0
    assert sum(held.errors.values()) == 3
    assert held.p99 != held.p99  # not a number: no server answered


def test_a_server_that_never_answers_is_counted_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held = hold(silent.getsockname()[1], 3, 0.2)

    assert held.errors == {"no echo": 3}


@pytest.mark.parametrize(("n", "hears", "limit"), [(2, True, 0.3), (1, False, 0.2)])
def test_a_connection_that_the_server_ends_is_counted(n: int, hears: bool, limit: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            for _ in range(n):
                connection, _ = listener.accept()
                with connection:
                    _ = connection.recv(64) if hears else b""

        other = threading.Thread(target=hang_up)
        other.start()
        held = hold(listener.getsockname()[1], n, limit)
        other.join(10.0)

    assert (held.held, sum(held.errors.values())) == (n, n)
    assert hears or held.errors == {"closed": 1}


def test_connections_that_do_not_open_in_time_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(connections, "_open_all", never)

    assert hold(1, 3, 0.05).errors == {"connect deadline": 3}


def test_opening_that_is_cut_short_leaves_no_task() -> None:
    async def main() -> int:
        clients, errors = list[connections._Client](), Counter[str]()
        opening = asyncio.ensure_future(connections._open_all(port, 1000, clients, errors))
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening], timeout=10.0)
        for _ in range(5):
            await asyncio.sleep(0)
        for client in clients:
            client.transport.abort()
        await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    with socket.create_server(("127.0.0.1", 0), backlog=2000) as listener:
        port = listener.getsockname()[1]

        assert asyncio.run(main()) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_childs_side_echoes_reports_and_ends_with_its_input(variant: str) -> None:
    orders, answers = os.pipe(), os.pipe()
    child = threading.Thread(
        target=connection_server.main,
        args=([variant, "10"],),
        kwargs={"source": orders[0], "sink": answers[1]},
    )
    child.start()
    with os.fdopen(answers[0], encoding="utf-8") as told:
        port = json.loads(told.readline())["port"]
        with socket.create_connection(("127.0.0.1", port), timeout=10.0) as client:
            client.sendall(b"ping\n")
            echo = client.recv(64)
            os.write(orders[1], b"{}\n")
            report = json.loads(told.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=10.0) as client:
            client.sendall(b"ping\n")
            again = client.recv(64)
        os.close(orders[1])
        child.join(10.0)
        os.close(answers[1])

    assert (echo, again) == (b"ping\n", b"ping\n")
    assert (report["open"], report["refused"]) == (1, 0)
    assert report["rss"] > 0
    assert not child.is_alive()
    os.close(orders[0])


def test_a_connection_that_gets_no_thread_is_closed_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class NoThread:
        def __init__(self, **_: object) -> None: ...

        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        counter = connection_server._Counter()
        accepting = threading.Thread(target=connection_server._accept, args=(listener, counter))
        accepting.start()
        monkeypatch.setattr(connection_server.threading, "Thread", NoThread)
        with socket.create_connection(listener.getsockname(), timeout=10.0) as client:
            told = client.recv(1)
        monkeypatch.undo()
        if hasattr(socket, "SHUT_RDWR") and sys.platform != "win32":
            listener.shutdown(socket.SHUT_RDWR)
    accepting.join(10.0)

    assert told == b""
    assert counter.refused == 1
    assert not accepting.is_alive()
