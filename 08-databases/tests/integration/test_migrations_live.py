"""Changes of live tables on a real PostgreSQL: locks, giving way, expand and contract, stalls."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from velvet_databases.migrate.online import (
    MigrationBlocked,
    backfill,
    checkpoint,
    lock_report,
    names,
    safe_ddl,
)
from velvet_databases.migrate.stall import stall

pytestmark = pytest.mark.integration
ROWS = 500


def columns(connection: psycopg.Connection[Any]) -> set[tuple[str, str, str]]:
    return set(
        connection.execute(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_name = 'item'"
        )
    )


def values(connection: psycopg.Connection[Any], column: str) -> list[int]:
    query = f"SELECT {column} FROM item ORDER BY id"
    return [value for (value,) in connection.execute(query.encode())]


@pytest.mark.parametrize(
    ("ddl", "mode", "rewrites", "scans", "reads", "writes"),
    [
        ("ALTER TABLE item ADD COLUMN note TEXT", "AccessExclusiveLock", 0, 0, 1, 1),
        ("ALTER TABLE item ADD COLUMN n INT DEFAULT 7", "AccessExclusiveLock", 0, 0, 1, 1),
        ("ALTER TABLE item ALTER qty TYPE BIGINT", "AccessExclusiveLock", 1, 1, 1, 1),
        ("ALTER TABLE item ADD CHECK (qty > 0)", "AccessExclusiveLock", 0, 1, 1, 1),
        ("ALTER TABLE item ADD CHECK (qty > 0) NOT VALID", "AccessExclusiveLock", 0, 0, 1, 1),
        ("CREATE INDEX ON item (sku)", "ShareLock", 0, 1, 0, 1),
        ("COMMENT ON TABLE item IS 'stock'", "ShareUpdateExclusiveLock", 0, 0, 0, 0),
        ("CREATE TABLE other (id INT)", "", 0, 0, 0, 0),
        ("DROP TABLE item", "AccessExclusiveLock", 0, 0, 1, 1),
        ("REFRESH MATERIALIZED VIEW total", "AccessExclusiveLock", 1, 1, 1, 1),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY total", "ExclusiveLock", 0, 1, 0, 1),
    ],
)
def test_a_report_says_what_a_change_locks_rewrites_and_scans(
    item: psycopg.Connection[Any],
    ddl: str,
    mode: str,
    rewrites: int,
    scans: int,
    reads: int,
    writes: int,
) -> None:
    item.execute("CREATE TABLE part AS SELECT 1 AS pieces")
    item.execute("CREATE MATERIALIZED VIEW total AS SELECT pieces FROM part")
    item.execute("CREATE UNIQUE INDEX ON total (pieces)")
    before = columns(item)

    found = lock_report(item, ddl)

    assert (found.mode, found.rewrites_table, found.scans_table) == (mode, rewrites, scans)
    assert (found.blocks_reads, found.blocks_writes) == (reads, writes)
    assert columns(item) == before


def test_a_report_asks_the_server_whatever_cursors_the_connection_makes(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("CREATE TABLE item (id INT)")
        connection.commit()

        assert lock_report(connection, "DROP TABLE item").mode == "AccessExclusiveLock"


def test_a_report_takes_one_statement_and_a_quiet_connection(
    item: psycopg.Connection[Any],
) -> None:
    with pytest.raises(ValueError, match="one statement"):
        lock_report(item, "DROP TABLE item; DROP TABLE item")
    with pytest.raises(psycopg.errors.SyntaxError):
        lock_report(item, "ALTR TABLE item")
    with item.transaction(), pytest.raises(ValueError, match="no transaction open"):
        lock_report(item, "DROP TABLE item")
    assert len(values(item, "qty")) == ROWS


def test_a_change_that_gets_its_lock_runs_at_the_first_attempt(
    item: psycopg.Connection[Any],
) -> None:
    assert safe_ddl(item, "ALTER TABLE item ADD COLUMN note TEXT") == 1
    assert ("note", "text", "YES") in columns(item)


def test_a_change_gives_way_until_the_reader_is_gone(
    item: psycopg.Connection[Any], postgres_url: str
) -> None:
    with psycopg.connect(postgres_url) as reader:
        reader.execute("SELECT count(*) FROM item")

        attempt = safe_ddl(
            item,
            "ALTER TABLE item ADD COLUMN note TEXT",
            lock_timeout_ms=20,
            sleep=lambda pause: reader.rollback(),
        )

    assert attempt == 2


def test_a_change_that_never_gets_its_lock_names_who_held_it_and_changes_nothing(
    item: psycopg.Connection[Any], postgres_url: str
) -> None:
    with psycopg.connect(postgres_url) as reader:
        reader.execute("SELECT count(*) FROM item")
        pauses: list[float] = []

        with pytest.raises(MigrationBlocked, match="no lock in 3 attempts") as caught:
            safe_ddl(
                item,
                "ALTER TABLE item ADD COLUMN note TEXT",
                lock_timeout_ms=10,
                attempts=3,
                pause=0.5,
                sleep=pauses.append,
            )

        assert [one.pid for one in caught.value.blockers] == [reader.info.backend_pid]
        assert str(reader.info.backend_pid) in str(caught.value)
        assert (pauses, caught.value.attempts) == ([0.5, 0.5], 3)
    assert len(columns(item)) == 3


def test_changes_that_are_given_together_are_made_together_or_not_at_all(
    item: psycopg.Connection[Any],
) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn):
        safe_ddl(item, ["ALTER TABLE item ADD a INT", "ALTER TABLE item DROP missing"])
    assert len(columns(item)) == 3

    safe_ddl(item, ["ALTER TABLE item ADD a INT", "ALTER TABLE item DROP sku"])

    assert {name for name, *_ in columns(item)} == {"id", "qty", "a"}


def test_an_error_of_the_change_itself_is_not_retried(item: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        safe_ddl(item, "ALTER TABLE missing ADD COLUMN note TEXT", sleep=lambda pause: 1 / 0)


@pytest.mark.parametrize("bad", [{"lock_timeout_ms": 0}, {"attempts": 0}, {"pause": -1}])
def test_numbers_below_their_least_are_refused(
    item: psycopg.Connection[Any], bad: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="must be at least 1 and pause at least 0"):
        safe_ddl(item, "SELECT 1", **bad)
    with pytest.raises(ValueError, match="size must be at least 1"):
        backfill(item, "item", "qty", "qty", size=0)


def test_a_connection_that_holds_transactions_is_refused(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        with pytest.raises(ValueError, match="autocommit"):
            safe_ddl(connection, "SELECT 1")
        with pytest.raises(ValueError, match="autocommit"):
            backfill(connection, "item", "qty", "qty")


def test_an_expression_may_hold_a_percent_sign_and_names_may_be_anything(
    item: psycopg.Connection[Any],
) -> None:
    item.execute('CREATE SCHEMA "My Shop"')
    item.execute('CREATE TABLE "My Shop"."Order.1" ("Key" INT PRIMARY KEY, "select" INT, odd TEXT)')
    item.execute('INSERT INTO "My Shop"."Order.1" SELECT n FROM generate_series(1, 9) n')

    filled = backfill(
        item, 'My Shop."Order.1"', "select", '"Key" % 3', key="Key", only='"Key" % 2 = 1', size=4
    )

    assert filled == 9
    found = item.execute('SELECT "select" FROM "My Shop"."Order.1" ORDER BY "Key"').fetchall()
    assert [value for (value,) in found] == [1, None, 0, None, 2, None, 1, None, 0]


@pytest.mark.parametrize("bad", ["", ".", "a.", ".b", "a.b.c", 'a"b', '"a', 'a""', '"a"b'])
def test_what_is_no_name_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        names(bad)


def test_a_backfill_that_was_killed_half_way_goes_on_from_its_checkpoint(
    item: psycopg.Connection[Any], postgres_url: str
) -> None:
    item.execute("ALTER TABLE item ADD COLUMN copied INTEGER")
    item.execute(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.id = 250 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; "
        "RETURN NEW; END $$"
    )
    item.execute("CREATE TRIGGER die BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION die()")
    with (
        psycopg.connect(postgres_url, autocommit=True) as victim,
        pytest.raises(psycopg.errors.AdminShutdown),
    ):
        backfill(victim, "item", "copied", "item.qty", size=100)
    item.execute("DROP TRIGGER die ON item")

    assert checkpoint(item, "item.copied") == 200
    assert values(item, "copied") == [*range(1, 201), *[None] * 300]
    item.execute("UPDATE item SET copied = -1 WHERE id = 1")  # done already, and not done again
    assert backfill(item, "item", "copied", "item.qty", size=100) == 300
    assert values(item, "copied") == [-1, *range(2, ROWS + 1)]
    assert backfill(item, "item", "copied", "item.qty") == 0


def test_a_backfill_does_not_chase_rows_that_are_added_meanwhile(
    item: psycopg.Connection[Any],
) -> None:
    item.execute("ALTER TABLE item ADD COLUMN copied INTEGER")
    # Every filled row brings a new one behind it, as busy writers do.
    item.execute(
        "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO item (sku, qty) VALUES ('more', 1); RETURN NEW; END $$"
    )
    item.execute("CREATE TRIGGER more BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION more()")

    assert backfill(item, "item", "copied", "item.qty", size=100) == ROWS
    assert len(values(item, "copied")) == 2 * ROWS


WRITE = "INSERT INTO item (sku, qty) VALUES ('live', 1)"


def test_a_writer_waits_as_long_as_a_change_holds_its_table(
    item: psycopg.Connection[Any], postgres_url: str
) -> None:
    def hold() -> None:
        with item.transaction():
            item.execute("LOCK TABLE item")
            item.execute("SELECT pg_sleep(0.3)")

    found = stall(postgres_url, hold, write=WRITE)

    assert found.max_stall_ms >= 250
    assert found.p50_ms < found.max_stall_ms
    assert (found.errors, found.action_s >= 0.3) == (0, True)
    assert len(values(item, "qty")) == ROWS + found.writes


def test_failing_writes_are_counted_and_a_failing_action_stops_the_writer(
    item: psycopg.Connection[Any], postgres_url: str
) -> None:
    found = stall(postgres_url, lambda: None, write="INSERT INTO item (sku) VALUES ('no qty')")

    assert (found.writes, found.errors >= 1, found.p50_ms) == (0, True, 0)
    with pytest.raises(ZeroDivisionError):
        stall(postgres_url, lambda: 1 / 0, write=WRITE)
    assert not any(thread.name == "stall-writer" for thread in threading.enumerate())


def test_an_idle_reader_makes_a_short_change_stop_everybody_unless_it_gives_way(
    item: psycopg.Connection[Any], postgres_url: str
) -> None:
    def behind_a_reader(change: Any) -> float:
        with psycopg.connect(postgres_url) as reader:
            reader.execute("SELECT count(*) FROM item")
            timer = threading.Timer(0.8, reader.rollback)
            timer.start()
            try:
                return stall(postgres_url, change, write=WRITE).max_stall_ms
            finally:
                timer.join()

    queued = behind_a_reader(lambda: item.execute("ALTER TABLE item ADD COLUMN a INT"))
    giving_way = behind_a_reader(
        lambda: safe_ddl(item, "ALTER TABLE item ADD COLUMN b INT", 20, 200, pause=0.05)
    )

    assert giving_way < queued / 2
