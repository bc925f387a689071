"""Who loses updates: the one strategy that says so, at the one level that allows it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from velvet.services import Server
from velvet_databases.races import LEVELS, STRATEGIES, Counter, deadlock_demo, race_counter
from velvet_databases.stores.base import StoreUnavailable, Unsupported

CAREFUL = [name for name in STRATEGIES if name != "read_modify_write"]


@pytest.mark.integration
@pytest.mark.parametrize("level", LEVELS["postgresql"])
@pytest.mark.parametrize("strategy", CAREFUL)
def test_a_careful_strategy_loses_nothing_at_any_level(
    postgres_server: Server, strategy: str, level: str
) -> None:
    result = race_counter(postgres_server.url, strategy, level, workers=4, increments=10)

    assert (result.expected, result.got, result.lost) == (40, 40, 0)
    assert result.ops_per_s > 0


@pytest.mark.integration
def test_reading_and_writing_back_loses_updates_at_read_committed(
    postgres_server: Server,
) -> None:
    result = race_counter(postgres_server.url, "read_modify_write", "read committed", 4, 50)

    assert result.lost == result.expected - result.got > 0
    assert result.retries == 0  # and no caller was told


@pytest.mark.integration
@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_above_it_the_same_code_loses_nothing_if_it_is_run_again(
    postgres_server: Server, level: str
) -> None:
    result = race_counter(postgres_server.url, "read_modify_write", level, 4, 20)

    assert result.lost == 0
    assert result.retries > 0


@pytest.mark.integration
def test_locks_need_no_second_attempt_at_read_committed(postgres_server: Server) -> None:
    for strategy in ("atomic_update", "select_for_update", "advisory_lock"):
        assert race_counter(postgres_server.url, strategy, "read committed", 3, 10).retries == 0


@pytest.mark.integration
def test_a_race_leaves_no_table(postgres_url: str) -> None:
    import psycopg

    race_counter(postgres_url, "atomic_update", "serializable", 2, 2)

    with psycopg.connect(postgres_url) as connection:
        left = connection.execute("SELECT 1 FROM pg_tables WHERE tablename LIKE 'race_%'")
        assert left.fetchall() == []


@pytest.mark.parametrize("level", LEVELS["sqlite"])
@pytest.mark.parametrize("strategy", ["atomic_update", "select_for_update", "version_column"])
def test_a_careful_strategy_loses_nothing_on_sqlite(
    sqlite_url: str, strategy: str, level: str
) -> None:
    result = race_counter(sqlite_url, strategy, level, workers=3, increments=5)

    assert result.lost == 0


def test_on_sqlite_updates_are_lost_between_transactions_and_not_within_one(
    sqlite_url: str,
) -> None:
    between = race_counter(sqlite_url, "read_modify_write", "autocommit", 4, 25)
    within = race_counter(sqlite_url, "read_modify_write", "serializable", 4, 10)

    assert between.lost > 0
    assert within.lost == 0
    path = sqlite_url.partition(":///")[2]
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()


def test_sqlite_has_no_advisory_lock_and_says_so(sqlite_url: str) -> None:
    with pytest.raises(Unsupported, match="BEGIN IMMEDIATE"):
        race_counter(sqlite_url, "advisory_lock", "serializable", 1, 1)


def test_a_counter_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "none.db", isolation_level=None)
    counter = Counter(connection, "sqlite", "nowhere", "serializable")

    for _ in range(2):  # a transaction left open would be the second one's error
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            counter.add_one("atomic_update")
    counter.close()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"strategy": "hope"}, "unknown strategy 'hope'; known are read_modify_write"),
        ({"level": "read committed"}, "known are autocommit, serializable"),
        ({"workers": 0}, "workers must be 1 or more"),
        ({"increments": 0}, "increments must be 1 or more"),
    ],
)
def test_an_impossible_race_is_refused(
    sqlite_url: str, arguments: dict[str, object], complaint: str
) -> None:
    usual: dict[str, object] = {"strategy": "atomic_update", "level": "serializable"}

    with pytest.raises(ValueError, match=complaint):
        race_counter(sqlite_url, **{**usual, **arguments})  # type: ignore[arg-type]


def test_a_race_on_a_server_that_is_away_says_so() -> None:
    with pytest.raises(StoreUnavailable):
        race_counter("postgresql://velvet@127.0.0.1:1/x", "atomic_update", "serializable", 1, 1)


@pytest.mark.integration
def test_locking_in_the_order_of_the_keys_only_waits(postgres_server: Server) -> None:
    played = deadlock_demo(postgres_server.url, ordered=True)

    assert played.failed == {}
    assert played.committed == {"T1", "T2"}
    assert played.results[1].blocked_by == ("T1",)
    assert played.final == ((1, 100), (2, 100))
