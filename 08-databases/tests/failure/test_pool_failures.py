"""A pool between callers and a server that fails: terminated, silent, restarted, full, or locked."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import psycopg
import pytest

from velvet.services import Server, ServiceUnavailable, postgres
from velvet_databases.latency import LatencyProxy
from velvet_databases.pool import Pool, PoolTimeout
from velvet_databases.pool_adapters import ping
from velvet_databases.races import race_counter
from velvet_databases.stores.address import read_address
from velvet_databases.stores.base import ServerFull
from velvet_databases.stores.failures import connect

PATIENCE = 20.0
Line = psycopg.Connection[tuple[Any, ...]]


def line_to(url: str, **options: Any) -> Callable[[], Line]:
    return lambda: psycopg.connect(url, autocommit=True, connect_timeout=5, **options)


@contextmanager
def talking(script: str, argument: str) -> Iterator[Any]:
    """A child process that talks on its standard streams."""
    argv = [sys.executable, "-c", script, argument]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(argv, text=True, encoding="utf-8", **pipes) as child:
        yield child


def pid_of(pool: Pool[Line]) -> int:
    with pool.connection() as connection:
        return connection.info.backend_pid


def end(server: Server, pid: int) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.mark.integration
def test_an_idle_connection_that_was_terminated_is_lent_dead_without_a_check(
    postgres_server: Server,
) -> None:
    with Pool(line_to(postgres_server.url)) as pool:
        end(postgres_server, pid_of(pool))

        with (
            pytest.raises(psycopg.errors.AdminShutdown),
            pool.connection() as connection,
        ):
            connection.execute("SELECT 1")

        assert pool.stats().discarded == 1  # it could not be rolled back
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.integration
def test_the_check_makes_a_terminated_connection_transparent(postgres_server: Server) -> None:
    with Pool(line_to(postgres_server.url), check="checkout", ping=ping) as pool:
        before = pid_of(pool)
        end(postgres_server, before)

        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert connection.info.backend_pid != before


@pytest.mark.integration
def test_a_check_in_a_black_hole_ends_within_its_limit_and_the_pool_recovers(
    postgres_server: Server,
) -> None:
    with (
        LatencyProxy(postgres_server.url, rtt_ms=0) as proxy,
        ThreadPoolExecutor(1) as threads,
        Pool(
            line_to(proxy.url),
            max_size=1,
            check="checkout",
            ping=lambda connection: ping(connection, 0.05),
        ) as pool,
    ):
        before = pid_of(pool)
        proxy.blackhole(True)
        caller = threads.submit(pid_of, pool)
        turn = threading.Event()
        until = time.monotonic() + PATIENCE
        while pool.stats().discarded == 0 and time.monotonic() < until:
            turn.wait(0.001)
        # Given up by the check; the caller is connecting, and hears nothing either.
        assert pool.stats().discarded == 1
        assert not caller.done()
        with pytest.raises(PoolTimeout):
            pool.checkout(0.01)

        proxy.blackhole(False)

        assert caller.result(PATIENCE) != before
        assert pool.stats().size == pool.stats().idle == 1


@pytest.mark.integration
def test_a_server_that_closed_the_connection_is_told_by_the_ping(postgres_server: Server) -> None:
    with closing(line_to(postgres_server.url)()) as connection:
        ping(connection)
        end(postgres_server, connection.info.backend_pid)

        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            ping(connection)
        with pytest.raises(psycopg.OperationalError):
            ping(connection)


@pytest.mark.integration
def test_a_cut_network_costs_each_caller_one_error(postgres_server: Server) -> None:
    with (
        LatencyProxy(postgres_server.url, rtt_ms=0) as proxy,
        Pool(line_to(proxy.url), min_size=3, max_size=3) as pool,
    ):
        assert proxy.cut() == 3

        errors = 0
        for _ in range(6):
            try:
                with pool.connection() as connection:
                    connection.execute("SELECT 1")
            except psycopg.OperationalError:
                errors += 1

        assert errors == 3
        assert pool.stats().discarded == 3


@pytest.mark.integration
def test_a_network_cut_in_the_middle_of_a_copy_leaves_no_row(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE TABLE copied (id int)")
        with (
            LatencyProxy(postgres_url, rtt_ms=0) as proxy,
            Pool(line_to(proxy.url), max_size=1) as pool,
        ):

            def copy(connection: Line) -> None:
                with connection.cursor() as cursor, cursor.copy("COPY copied FROM STDIN") as lines:
                    for number in range(200_000):
                        lines.write_row((number,))
                        if number == 100_000:
                            proxy.cut()

            with pytest.raises(psycopg.OperationalError), pool.connection() as connection:
                copy(connection)
            assert proxy.stats.bytes_up > 100_000  # much was on its way

            assert admin.execute("SELECT count(*) FROM copied").fetchone() == (0,)
            with pool.connection() as connection:
                assert connection.execute("SELECT count(*) FROM copied").fetchone() == (0,)


@pytest.mark.integration
def test_killing_a_client_that_holds_a_row_lock_releases_it(postgres_url: str) -> None:
    holder = (
        "import sys, psycopg\n"
        "connection = psycopg.connect(sys.argv[1])\n"
        "connection.execute('UPDATE held SET id = 2')\n"
        "print('holding', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE held AS SELECT 1 AS id")
        with talking(holder, postgres_url) as child:
            assert child.stdout.readline() == "holding\n"
            connection.execute("SET lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                connection.execute("UPDATE held SET id = 3")

            child.kill()
            child.wait(PATIENCE)

        connection.execute("SET lock_timeout = '20s'")
        connection.execute("UPDATE held SET id = id + 10")
        # What the killed client wrote was never committed.
        assert connection.execute("SELECT id FROM held").fetchall() == [(11,)]


FORKED = """
import os, sys, psycopg
from velvet_databases.pool import Pool

with Pool(lambda: psycopg.connect(sys.argv[1], autocommit=True), 1, 1, timeout=20) as pool:
    with pool.connection() as line:
        before = line.info.backend_pid
        child = os.fork()
    for _ in range(50):
        with pool.connection() as line:
            (pid,) = line.execute("SELECT pg_backend_pid()").fetchone()
            assert (pid == before) == bool(child), (pid, before)
    if child:
        print(os.waitpid(child, 0)[1])  # which has closed its pool
        with pool.connection() as line:
            print(line.info.backend_pid == before and line.execute("SELECT 1").fetchone())
"""


@pytest.mark.integration
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_and_its_parent_share_no_connection(postgres_url: str) -> None:
    with talking(FORKED, postgres_url) as process:
        assert process.stdout.read() == "0\n(1,)\n"


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server to be filled and broken: never the shared one, nor one at an address."""
    try:
        server = postgres(private=True, settings=("max_connections=8",))
    except ServiceUnavailable as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.mark.integration
def test_a_restart_under_load_costs_a_few_errors_and_then_all_is_well(own_server: Server) -> None:
    with psycopg.connect(own_server.url) as setup:
        setup.execute("CREATE TABLE seen (worker int, number int, PRIMARY KEY (worker, number))")
    stop = threading.Event()
    back = threading.Event()
    gone = threading.Event()

    def caller(worker: int) -> tuple[set[int], int, int]:
        """Insert one row after the other; what was confirmed, errors, successes afterwards."""
        confirmed: set[int] = set()
        errors = afterwards = number = 0
        while not stop.is_set():
            number += 1
            try:
                with pool.connection() as connection:
                    connection.execute("INSERT INTO seen VALUES (%s, %s)", (worker, number))
                confirmed.add(number)
                afterwards += back.is_set()
                if afterwards >= 5:
                    return confirmed, errors, afterwards
            except psycopg.OperationalError:
                errors += 1
                gone.set()
                back.wait(0.02)
        return confirmed, errors, afterwards

    with (
        Pool(line_to(own_server.url), max_size=3) as pool,
        ThreadPoolExecutor(4) as threads,
        ExitStack() as stack,
    ):
        stack.callback(stop.set)
        running = [threads.submit(caller, worker) for worker in range(4)]
        own_server.kill()
        assert gone.wait(PATIENCE)
        own_server.restart()
        back.set()
        results = [one.result(PATIENCE) for one in running]
        size = pool.stats().size

    assert all(afterwards == 5 for _, _, afterwards in results)
    assert size <= 3
    with psycopg.connect(own_server.url) as connection:
        stored = set(connection.execute("SELECT worker, number FROM seen").fetchall())
    confirmed = {(worker, n) for worker, (kept, _, _) in enumerate(results) for n in kept}
    assert confirmed <= stored  # nothing that was confirmed is lost
    unconfirmed = sum(errors for _, errors, _ in results)
    assert len(stored) <= len(confirmed) + unconfirmed


@pytest.mark.integration
def test_a_server_without_a_free_connection_is_full_and_says_what_to_do(
    own_server: Server,
) -> None:
    address = read_address(own_server.url, frozenset({"postgresql"}))

    def fill(stack: ExitStack) -> None:
        while True:
            stack.enter_context(closing(connect(address)))

    with ExitStack() as stack, pytest.raises(ServerFull, match="max_connections"):
        fill(stack)

    with closing(connect(address)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.integration
def test_a_pool_larger_than_the_server_refuses_and_keeps_nothing(own_server: Server) -> None:
    address = read_address(own_server.url, frozenset({"postgresql"}))

    with pytest.raises(ServerFull):
        Pool(lambda: connect(address), min_size=20, max_size=20)

    with Pool(lambda: connect(address), min_size=4, max_size=4) as pool:
        assert pool.stats().idle == 4


def test_a_file_locked_by_another_process_is_waited_for_and_nothing_is_lost(
    sqlite_url: str,
) -> None:
    locker = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('CREATE TABLE mine (id)')\n"
        "connection.execute('BEGIN EXCLUSIVE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.readline()\n"
        "connection.execute('COMMIT')\n"
        "connection.close()\n"
    )
    path = sqlite_url.partition(":///")[2]
    with talking(locker, path) as child:
        assert child.stdout.readline() == "locked\n"
        let_go = threading.Timer(0.2, child.stdin.close)
        let_go.start()

        result = race_counter(sqlite_url, "atomic_update", "serializable", 2, 5)

        let_go.join()
        assert child.wait(PATIENCE) == 0
    assert result.lost == 0
    assert result.got == 10
