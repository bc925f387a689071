"""The proxy changes when bytes arrive and never which; it counts what passes, and it can fail."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest

from velvet_databases import latency
from velvet_databases.latency import LatencyProxy, ProxyStats, split_target

PATIENCE = 10.0
LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def serve(listener: socket.socket, stopping: threading.Event) -> None:
    """Answer every connection with what it says, in upper case, until it ends."""

    def answer(peer: socket.socket) -> None:
        with closing(peer):
            try:
                while said := peer.recv(65536):
                    peer.sendall(said.upper())
                peer.shutdown(socket.SHUT_WR)
            except OSError:
                return

    threads = []
    while not stopping.is_set():
        try:
            peer, _ = listener.accept()
        except OSError:
            break
        peer.settimeout(PATIENCE)
        threads.append(threading.Thread(target=answer, args=(peer,), daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join()


@pytest.fixture
def shouting() -> Iterator[str]:
    """The address of a server that shouts back."""
    stopping = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    thread = threading.Thread(target=serve, args=(listener, stopping), daemon=True)
    thread.start()
    yield f"127.0.0.1:{port}"
    stopping.set()
    with closing(socket.create_connection(("127.0.0.1", port))):
        pass
    thread.join()
    listener.close()


def dial(proxy: LatencyProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE)


def ask(client: socket.socket, words: bytes) -> bytes:
    client.sendall(words)
    heard = b""
    while len(heard) < len(words):
        piece = client.recv(65536)
        assert piece, "the connection ended too early"
        heard += piece
    return heard


def ended(proxy: LatencyProxy) -> bool:
    """Wait until no connection is left."""
    until = time.monotonic() + PATIENCE
    while proxy.stats.open and time.monotonic() < until:
        time.sleep(0.001)
    return proxy.stats.open == 0


def took(client: socket.socket, turns: int) -> float:
    began = time.perf_counter()
    for _ in range(turns):
        ask(client, b"x")
    return time.perf_counter() - began


def test_bytes_pass_unchanged_and_in_order(shouting: str) -> None:
    words = bytes(range(97, 123)) * 100_000  # 2.6 MB: many pieces

    with (
        LatencyProxy(shouting, rtt_ms=1) as proxy,
        closing(dial(proxy)) as client,
    ):
        threading.Thread(target=client.sendall, args=(words,), daemon=True).start()
        heard = b""
        while len(heard) < len(words):
            heard += client.recv(1 << 20)

        assert heard == words.upper()
        assert proxy.stats.bytes_up == proxy.stats.bytes_down == len(words)


def test_a_line_that_holds_too_much_stops_reading_and_loses_nothing(shouting: str) -> None:
    words = b"abcdefgh" * (2 * 1024 * 1024)  # 16 MB: four times what a line may hold

    with LatencyProxy(shouting, rtt_ms=40) as proxy, closing(dial(proxy)) as client:
        sender = threading.Thread(target=client.sendall, args=(words,), daemon=True)
        sender.start()
        heard = bytearray()
        while len(heard) < len(words):
            heard += client.recv(1 << 20)
        sender.join()

    assert heard == words.upper()


def test_a_client_that_does_not_read_is_not_read_from(shouting: str) -> None:
    words = b"abcdefgh" * (8 * 1024 * 1024)  # 64 MB: more than all buffers on the way hold

    with LatencyProxy(shouting, rtt_ms=0) as proxy, closing(dial(proxy)) as client:
        sender = threading.Thread(target=client.sendall, args=(words,), daemon=True)
        sender.start()
        passed, before = -1, -2
        while passed != before or passed < 1 << 20:  # until nothing moves any more
            before = passed
            sender.join(0.05)
            passed = proxy.stats.bytes_up
        assert passed < len(words)

        heard = 0
        while heard < len(words):
            heard += len(client.recv(1 << 20))
        sender.join()

    assert heard == len(words)


def test_every_round_trip_takes_the_distance_longer(shouting: str) -> None:
    with LatencyProxy(shouting, rtt_ms=0) as proxy, closing(dial(proxy)) as client:
        near = took(client, 10)
        proxy.rtt_ms = 20.0
        far = took(client, 10)

    # A machine that is busy adds to both, and never takes away.
    assert far >= 10 * 0.020
    assert far > near


def test_a_round_trip_is_counted_when_the_client_speaks_after_an_answer(shouting: str) -> None:
    with LatencyProxy(shouting, rtt_ms=0) as proxy, closing(dial(proxy)) as client:
        for _ in range(5):
            ask(client, b"select")

        assert proxy.stats == ProxyStats(
            accepted=1, open=1, refused=0, round_trips=5, bytes_up=30, bytes_down=30
        )


def test_what_is_sent_before_the_answer_belongs_to_the_same_round_trip(shouting: str) -> None:
    with LatencyProxy(shouting, rtt_ms=100) as proxy, closing(dial(proxy)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        before = proxy.stats
        for _ in range(10):
            client.sendall(b"pipelined ")
        heard = b""
        while len(heard) < 100:
            heard += client.recv(200)

        assert (proxy.stats - before).round_trips == 1


def test_a_cut_resets_both_ends_and_the_next_connection_passes(shouting: str) -> None:
    with LatencyProxy(shouting, rtt_ms=0) as proxy:
        with closing(dial(proxy)) as client:
            ask(client, b"hello")

            assert proxy.cut() == 1
            with pytest.raises(ConnectionError):
                client.recv(10)

        with closing(dial(proxy)) as second:
            assert ask(second, b"again") == b"AGAIN"
        assert proxy.stats.accepted == 2


def test_a_black_hole_is_silent_and_delivers_what_was_sent_once_it_closes(shouting: str) -> None:
    with LatencyProxy(shouting, rtt_ms=0) as proxy, closing(dial(proxy)) as client:
        ask(client, b"hello")
        proxy.blackhole(True)
        client.sendall(b"anybody?")
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(10)

        proxy.blackhole(False)
        client.settimeout(PATIENCE)
        assert client.recv(10) == b"ANYBODY?"


def test_a_connection_made_in_the_black_hole_is_taken_and_not_answered(shouting: str) -> None:
    with LatencyProxy(shouting, rtt_ms=0) as proxy:
        proxy.blackhole(True)
        with closing(dial(proxy)) as client:
            client.sendall(b"anybody?")
            client.settimeout(0.05)
            with pytest.raises(TimeoutError):
                client.recv(10)


def test_a_client_that_is_done_is_told_so_by_the_other_side(shouting: str) -> None:
    with LatencyProxy(shouting, rtt_ms=1) as proxy, closing(dial(proxy)) as client:
        client.sendall(b"last words")
        client.shutdown(socket.SHUT_WR)

        heard = b""
        while piece := client.recv(100):
            heard += piece
        assert heard == b"LAST WORDS"


def test_a_client_that_resets_takes_its_server_connection_with_it(shouting: str) -> None:
    with LatencyProxy(shouting, rtt_ms=0) as proxy:
        client = dial(proxy)
        ask(client, b"hello")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        client.close()

        assert ended(proxy)


def test_a_target_that_does_not_listen_is_counted_and_resets_the_client() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with LatencyProxy(f"127.0.0.1:{port}", rtt_ms=0) as proxy:
        # The reset may come before the system has reported the connection as made.
        with suppress(ConnectionError), closing(dial(proxy)) as client:
            assert client.recv(10) == b""

        assert proxy.stats.refused == 1
        assert proxy.stats.open == 0


def test_a_proxy_is_cut_and_closed_while_it_is_connecting(
    shouting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LatencyProxy(shouting, rtt_ms=0) as proxy:

        async def never(*_: Any) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(proxy._loop, "create_connection", never)
        with closing(dial(proxy)) as client:
            while proxy.stats.accepted == 0:
                pass
            proxy.cut()
            with pytest.raises(ConnectionError):
                client.recv(10)
        assert ended(proxy)

        late = dial(proxy)
    late.close()


def test_a_proxy_that_cannot_listen_ends_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "HOST", "192.0.2.1")  # reserved for documentation (RFC 5737)
    proxy = LatencyProxy("127.0.0.1:5432", 1)

    with pytest.raises(OSError, match=r"192\.0\.2\.1"):
        proxy.__enter__()

    assert not proxy._thread.is_alive()


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("db.internal:6000", ("db.internal", 6000, "", "")),
        ("postgresql://db/shop", ("db", 5432, "postgresql://", "/shop")),
        (
            "postgresql+psycopg://velvet:a%40b@db:77/shop?sslmode=off",
            ("db", 77, "postgresql+psycopg://velvet:a%40b@", "/shop?sslmode=off"),
        ),
        ("redis://:marmalade@[::1]:7000/0", ("::1", 7000, "redis://:marmalade@", "/0")),
        ("mongodb://db", ("db", 27017, "mongodb://", "")),
    ],
)
def test_an_address_is_split_around_its_host_and_port(
    target: str, parts: tuple[str, int, str, str]
) -> None:
    assert split_target(target) == parts


@pytest.mark.parametrize(
    "target",
    ["", "db", "sqlite:///shop.db", "postgresql://u:marmalade@/shop", "db:high", "db:99999"],
)
def test_a_target_without_host_and_port_is_refused_without_repeating_it(target: str) -> None:
    with pytest.raises(ValueError, match="host and a port") as caught:
        LatencyProxy(target, 1)

    assert "marmalade" not in str(caught.value)


@pytest.mark.parametrize("rtt_ms", [-1, -0.5, float("nan")])
def test_a_time_below_zero_is_refused(rtt_ms: float) -> None:
    with pytest.raises(ValueError, match="_ms must be milliseconds >= 0"):
        LatencyProxy("127.0.0.1:5432", rtt_ms)


def test_its_address_is_the_target_s_with_another_host_and_port(shouting: str) -> None:
    with LatencyProxy(f"postgresql://velvet@{shouting}/shop?x=1", rtt_ms=0) as proxy:
        assert proxy.url == f"postgresql://velvet@127.0.0.1:{proxy.port}/shop?x=1"


def test_a_proxy_that_is_not_running_says_so() -> None:
    proxy = LatencyProxy("127.0.0.1:5432", 1)

    with pytest.raises(RuntimeError, match="`with` statement"):
        proxy.cut()
    proxy.close()
    proxy.close()


def test_a_proxy_starts_once_and_goes_on(shouting: str) -> None:
    with LatencyProxy(shouting, rtt_ms=0) as proxy, closing(dial(proxy)) as client:
        with pytest.raises(RuntimeError, match="once"):
            proxy.__enter__()

        assert ask(client, b"still") == b"STILL"
