"""What a store cannot do it refuses: early, in its own words, and without half of it done."""

from __future__ import annotations

import socket
import struct
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

from velvet.services import Server
from velvet.services.ladder import free_port
from velvet_databases.domain import Customer, Dataset, Order, OrderLine, generate
from velvet_databases.latency import LatencyProxy
from velvet_databases.stores import (
    Conflict,
    DataError,
    ServerFull,
    StoreUnavailable,
    TransferHow,
    ValueOutOfRange,
    failures,
    make,
    mongo_store,
)
from velvet_databases.stores.address import CONNECT_SECONDS
from velvet_databases.stores.documents import JsonbOrders
from velvet_databases.stores.failures import translated

SQLITE = ["sqlite3", "sqlalchemy core", "sqlalchemy orm", "sqlalchemy async", "django", "peewee"]
POSTGRES = ["psycopg", "asyncpg", *SQLITE[1:]]
DATA = generate(3)
WHEN = DATA.orders[0].placed_at


@contextmanager
def shop(name: str, url: str) -> Iterator[Any]:
    store = make(name)
    store.open(url)
    with closing(store):
        store.drop_schema()
        store.create_schema()
        store.insert_reference(DATA)
        yield store
        store.drop_schema()


def with_last(order: Order) -> Dataset:
    """Two good orders, and one that will be refused."""
    return Dataset(orders=(*(Order(*one.head) for one in DATA.orders[:2]), order))


@pytest.mark.integration
@pytest.mark.parametrize("name", POSTGRES)
def test_a_number_beyond_four_bytes_is_refused_with_its_column(
    postgres_module_url: str, name: str
) -> None:
    with shop(name, postgres_module_url) as store:
        for method in store.bulk_methods():
            with pytest.raises(ValueOutOfRange, match="2147483648 does not fit") as caught:
                store.insert_orders(with_last(Order(3, 1, "new", WHEN, 2**31)), method)

            assert caught.value.column == "orders.version", method
            assert store.page(0, 10) == [], method


@pytest.mark.parametrize("name", SQLITE)
def test_a_number_beyond_eight_bytes_is_refused_by_sqlite_too(sqlite_url: str, name: str) -> None:
    with shop(name, sqlite_url) as store:
        for method in [one for one in store.bulk_methods() if one != "commit_each"]:
            with pytest.raises(ValueOutOfRange) as caught:
                store.insert_orders(with_last(Order(3, 2**63, "new", WHEN)), method)

            assert caught.value.column == "orders.customer_id", method
            assert store.page(0, 10) == [], method


@pytest.mark.integration
@pytest.mark.parametrize("name", POSTGRES)
def test_nul_is_refused_by_postgresql_with_its_column(postgres_module_url: str, name: str) -> None:
    with shop(name, postgres_module_url) as store:
        for method in store.bulk_methods():
            with pytest.raises(DataError, match="NUL") as caught:
                store.insert_orders(with_last(Order(3, 1, "a\0b", WHEN)), method)

            assert caught.value.column == "orders.status", method
            assert store.page(0, 10) == [], method


@pytest.mark.parametrize("name", SQLITE)
def test_nul_is_stored_by_sqlite(sqlite_url: str, name: str) -> None:
    with shop(name, sqlite_url) as store:
        store.insert_orders(with_last(Order(3, 1, "a\0b", WHEN)), store.bulk_methods()[-1])

        assert store.get_order(3).status == "a\0b"


@pytest.mark.parametrize("name", SQLITE)
def test_a_line_without_its_order_and_a_repeated_key_are_refused(
    sqlite_url: str, name: str
) -> None:
    with shop(name, sqlite_url) as store:
        method = store.bulk_methods()[-1]
        stray = Order(1, 1, "new", WHEN, lines=(OrderLine(1, 77, 1, 1, 1),))
        with pytest.raises(DataError, match="refused by the database"):
            store.insert_orders(Dataset(orders=(stray,)), method)
        with pytest.raises(DataError):
            store.insert_reference(Dataset((Customer(1, "again", None),)))

        assert store.page(0, 10) == []


@pytest.mark.parametrize("name", [*POSTGRES, "redis", "mongodb"])
def test_a_closed_port_is_reported_with_a_remedy_and_without_the_password(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_store, "SELECTION_MS", 200)
    scheme = name if name in ("redis", "mongodb") else "postgresql"

    with pytest.raises(StoreUnavailable) as caught:
        make(name).open(f"{scheme}://me:marmalade@127.0.0.1:{free_port()}/shop")

    assert "marmalade" not in str(caught.value)
    assert "velvet services up" in str(caught.value)


# Between two words that no message has: all that a password may hold as it is or escaped.
BETWEEN = ["", "!%40", "%2f", "%2F", "ä", "@", ":", "/", "?", "#", " ", "%", "%zz", "'", "+"]


@pytest.mark.parametrize("name", [*POSTGRES, "redis", "mongodb"])
def test_no_spelling_of_a_password_is_in_a_message(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_store, "SELECTION_MS", 50)
    scheme = name if name in ("redis", "mongodb") else "postgresql"
    at = f"127.0.0.1:{free_port()}/db"
    secrets = [f"marmalade{between}kjx" for between in BETWEEN]
    urls = [f"{scheme}://u:{secret}@{at}" for secret in secrets]
    urls += [f"{scheme}://u@{at}?password={secret}" for secret in secrets if "#" not in secret]

    for url in urls:
        with pytest.raises(StoreUnavailable) as caught:
            make(name).open(url)

        said = "".join(traceback.format_exception(caught.value))
        assert "marmalade" not in said, url
        assert "kjx" not in said, url


@pytest.mark.parametrize("name", SQLITE)
def test_a_folder_that_is_not_there_is_reported(tmp_path: Any, name: str) -> None:
    with pytest.raises(StoreUnavailable, match="give a path in a folder that exists"):
        make(name).open(f"sqlite:///{(tmp_path / 'missing' / 'shop.db').as_posix()}")


@pytest.mark.parametrize("name", SQLITE)
def test_a_file_that_is_no_database_is_reported_and_left_alone(tmp_path: Any, name: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("certainly no database, and long enough to tell " * 30, encoding="utf-8")

    with pytest.raises(StoreUnavailable, match="file is not a database"):
        make(name).open(f"sqlite:///{file.as_posix()}")

    assert file.read_text(encoding="utf-8").startswith("certainly no database")


@contextmanager
def refusing_server() -> Iterator[int]:
    """A port on which every password is wrong, in PostgreSQL's own words."""
    over = threading.Event()
    encryption = [struct.pack("!I", 80877103), struct.pack("!I", 80877104)]
    fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0"

    def serve() -> None:
        while not over.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            with client:
                # Requests for encryption come first; what is none introduces the client.
                while client.recv(4096)[4:8] in encryption:
                    client.sendall(b"N")
                client.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join(10)


@pytest.mark.parametrize("name", POSTGRES)
def test_a_wrong_password_is_a_cause_and_never_part_of_the_message(name: str) -> None:
    with refusing_server() as port, pytest.raises(StoreUnavailable) as caught:
        make(name).open(f"postgresql://me:marmalade@127.0.0.1:{port}/shop")

    assert "password authentication failed" in str(caught.value)
    assert "marmalade" not in str(caught.value)


@pytest.mark.integration
def test_a_server_that_takes_the_call_and_stays_silent_is_given_up(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert max(CONNECT_SECONDS, mongo_store.SELECTION_MS / 1000) < 5
    monkeypatch.setattr(failures, "CONNECT_SECONDS", 2)  # the least that libpq takes
    with LatencyProxy(postgres_url, rtt_ms=0) as proxy:
        proxy.blackhole(True)

        # The bound of the test itself would end what waits for ever.
        with pytest.raises(StoreUnavailable, match="timeout"):
            make("psycopg").open(proxy.url)


def test_a_port_that_never_answers_is_given_up_by_every_store() -> None:
    names = [*POSTGRES, "redis", "mongodb"]
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        with ThreadPoolExecutor(len(names)) as threads:
            opening = {
                name: threads.submit(
                    make(name).open,
                    f"{name if name in ('redis', 'mongodb') else 'postgresql'}://{at}/shop",
                )
                for name in names
            }
            # Some wait a little longer than CONNECT_SECONDS; what waited for ever failed here.
            unanswered = wait(opening.values(), timeout=3 * CONNECT_SECONDS).not_done
            silent.close()

    assert [name for name, one in opening.items() if one in unanswered] == []
    assert {type(one.exception()) for one in opening.values()} == {StoreUnavailable}


@pytest.mark.integration
@pytest.mark.parametrize("name", POSTGRES)
def test_the_settings_in_an_address_reach_the_server_whatever_the_store(
    postgres_url: str, name: str
) -> None:
    mark = f"velvet {uuid4().hex[:12]}"
    asked = f"application_name={quote(mark)}&sslmode=disable&connect_timeout=3"
    url = f"{postgres_url}?{asked}&options=-c%20lock_timeout%3D20"
    with shop(name, url) as store, psycopg.connect(postgres_url) as admin:
        found = admin.execute(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = %s", (mark,)
        ).fetchone()
        assert found == (True,)
        admin.execute("SELECT FROM account FOR UPDATE")
        with pytest.raises(Exception, match="lock timeout"):
            store.transfer(1, 2, 5, TransferHow.ATOMIC)
        admin.rollback()


@pytest.mark.integration
@pytest.mark.parametrize("name", POSTGRES)
@pytest.mark.parametrize("asked", ["sslmode=require", "no_such_setting=1"])
def test_what_an_address_asks_for_and_cannot_have_is_refused_by_every_store(
    postgres_url: str, name: str, asked: str
) -> None:
    with pytest.raises(StoreUnavailable):
        make(name).open(f"{postgres_url}?{asked}")


@pytest.mark.integration
@pytest.mark.parametrize("name", POSTGRES)
def test_a_full_server_says_so(postgres_url: str, postgres_server: Server, name: str) -> None:
    role = f"velvet_test_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0".encode())
        try:
            with pytest.raises(ServerFull, match="every connection is taken"):
                make(name).open(postgres_url.replace("velvet@", f"{role}@"))
        finally:
            connection.execute(f"DROP ROLE {role}".encode())


def test_a_file_that_another_connection_writes_to_is_a_conflict(sqlite_url: str) -> None:
    with shop("sqlite3", sqlite_url) as store, shop_beside(sqlite_url) as beside:
        store.connection.execute("PRAGMA busy_timeout = 20")
        beside.connection.execute("BEGIN IMMEDIATE")

        with pytest.raises(Conflict, match="run the transaction again"):
            store.transfer(1, 2, 5, TransferHow.ATOMIC)

        beside.connection.execute("ROLLBACK")
        store.transfer(1, 2, 5, TransferHow.ATOMIC)
        assert store.balance(1) == 99_995


def test_a_snapshot_that_grew_old_is_refused_at_once_whatever_the_timeout(sqlite_url: str) -> None:
    with shop("sqlite3", sqlite_url) as store, shop_beside(sqlite_url) as beside:
        store.connection.execute("PRAGMA busy_timeout = 60000")

        def read_then_write_beside_a_writer() -> None:
            with translated("sqlite"), store._transaction(reads_first=True):
                store.balance(1)
                beside.transfer(1, 2, 5, TransferHow.ATOMIC)
                store.connection.execute("UPDATE account SET balance_cents = 0 WHERE id = 1")

        with pytest.raises(Conflict, match="database is locked"):
            read_then_write_beside_a_writer()

        assert store.balance(1) == 99_995


@contextmanager
def shop_beside(url: str) -> Iterator[Any]:
    store = make("sqlite3")
    store.open(url)
    with closing(store):
        yield store


@pytest.mark.integration
@pytest.mark.parametrize("name", POSTGRES)
def test_a_moment_before_the_first_year_is_refused_by_every_reader(
    postgres_url: str, name: str
) -> None:
    with shop(name, postgres_url) as store:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("INSERT INTO orders VALUES (1, 1, 'new', '0044-03-15 BC', 1)")

        with pytest.raises(DataError, match=r"timestamp too small|date value out of range"):
            store.page(0, 1)


@pytest.mark.integration
@pytest.mark.parametrize("name", ["asyncpg", "sqlalchemy async"])
def test_the_first_moment_of_all_is_refused_where_it_would_become_an_infinity(
    postgres_url: str, name: str
) -> None:
    first = datetime.min  # noqa: DTZ901 - the shop has no zones
    with shop(name, postgres_url) as store:
        with pytest.raises(DataError, match="as an infinity") as caught:
            store.insert_orders(with_last(Order(3, 1, "new", first)), store.bulk_methods()[0])

        assert caught.value.column == "orders.placed_at"
        assert store.page(0, 10) == []


@pytest.mark.integration
def test_documents_in_jsonb_are_put_replaced_and_found(postgres_url: str) -> None:
    store = JsonbOrders()
    with pytest.raises(StoreUnavailable, match="not open"):
        store.get_order(1)
    store.open(postgres_url)
    with closing(store):
        store.create_schema()
        store.put(DATA.orders[0])
        store.put_many(DATA.orders)

        assert store.get_order(2) == DATA.orders[1]
        assert store.get_many([3, 1, 99]) == [DATA.orders[0], DATA.orders[2]]
        with pytest.raises(LookupError, match="no order 9"):
            store.get_order(9)
        store.drop_schema()
    store.close()
