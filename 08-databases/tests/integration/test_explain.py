"""Plans asked of real databases: what an index changes, and that asking changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import psycopg
import pytest

from velvet_databases.explain import advise, explain, indexed_columns
from velvet_databases.samples import event_table

ROWS = 20_000


@pytest.fixture(scope="module")
def postgres(postgres_module_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_module_url, autocommit=True) as connection:
        connection.execute("SET max_parallel_workers_per_gather = 0")
        event_table.fill(connection, ROWS)
        yield connection


@pytest.fixture
def sqlite() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    event_table.fill(connection, ROWS)
    yield connection
    connection.close()


@pytest.mark.integration
def test_every_better_index_touches_fewer_pages_for_the_same_rows(
    postgres: psycopg.Connection,
) -> None:
    query = event_table.QUERY.format(mark="%s")
    buffers, answers = [], set()
    for name in ("none", "single", "composite"):
        event_table.use_index(postgres, name)
        buffers.append(explain(postgres, query, (42,)).buffers)
        answers.add(tuple(postgres.execute(query, (42,)).fetchall()))

    assert buffers[0] > 10 * buffers[1] > 10 * buffers[2]
    assert len(answers) == 1


@pytest.mark.integration
def test_a_keyset_page_costs_the_same_at_any_depth_and_an_offset_does_not(
    postgres: psycopg.Connection,
) -> None:
    def buffers(page: str, place: int) -> int:
        return explain(postgres, page.format(mark="%s"), (place,)).buffers

    # Two or three pages of the index and one or two of the table, wherever the page begins.
    assert buffers(event_table.KEYSET_PAGE, ROWS - 50) <= 2 * buffers(event_table.KEYSET_PAGE, 50)
    assert buffers(event_table.OFFSET_PAGE, ROWS - 50) > 20 * buffers(event_table.OFFSET_PAGE, 50)


@pytest.mark.integration
@pytest.mark.parametrize("inside", [False, True])
def test_analysing_a_delete_deletes_nothing(postgres: psycopg.Connection, inside: bool) -> None:
    with postgres.transaction(force_rollback=True):
        if inside:
            postgres.execute("INSERT INTO event VALUES (0, 0, 'open', 0, '')")
        before = postgres.execute("SELECT count(*) FROM event").fetchone()

        found = explain(postgres, "DELETE FROM event WHERE status = 'done'")

        assert found.root.kind == "Delete"
        assert found.root.children[0].actual_rows == pytest.approx(ROWS * 0.9, rel=0.01)
        assert postgres.execute("SELECT count(*) FROM event").fetchone() == before


@pytest.mark.integration
@pytest.mark.parametrize("sql", ["SELECT 1; DROP TABLE event", "CREATE TABLE other (id INT)"])
def test_what_is_not_one_statement_with_a_plan_is_refused(
    postgres: psycopg.Connection, sqlite: sqlite3.Connection, sql: str
) -> None:
    for connection in (postgres, sqlite):
        with pytest.raises(ValueError, match="EXPLAIN takes one statement that has a plan"):
            explain(connection, sql)
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (ROWS,)


@pytest.mark.integration
def test_a_function_on_an_indexed_column_is_noticed(postgres: psycopg.Connection) -> None:
    event_table.use_index(postgres, "composite")

    found = explain(postgres, "SELECT id FROM event WHERE abs(customer_id) = 42")

    rules = {one.rule for one in advise(found, indexed_columns(postgres))}
    assert {"seq-scan", "function"} <= rules


@pytest.mark.parametrize(
    ("name", "kinds", "indexes"),
    [
        ("none", ["SCAN", "USE TEMP B-TREE FOR ORDER BY"], ()),
        ("single", ["SEARCH", "USE TEMP B-TREE FOR ORDER BY"], ("event_by",)),
        ("composite", ["SEARCH"], ("event_by",)),
    ],
)
def test_sqlite_says_which_index_it_takes_and_when_it_must_sort(
    sqlite: sqlite3.Connection, name: str, kinds: list[str], indexes: tuple[str, ...]
) -> None:
    event_table.use_index(sqlite, name)

    found = explain(sqlite, event_table.QUERY.format(mark="?"), (42,))

    assert [node.kind for node in found.nodes() if node.kind != "QUERY PLAN"] == kinds
    assert (found.indexes, found.dialect) == (indexes, "sqlite")


def test_both_databases_hold_the_same_rows(sqlite: sqlite3.Connection) -> None:
    newest = sqlite.execute(event_table.QUERY.format(mark="?"), (42,)).fetchall()

    expected = [n for n in range(42, ROWS, 2000) if (n // 2000 + n) % 10 == 0]
    assert [key for key, _ in newest] == expected[::-1]


def test_another_error_of_sqlite_is_not_hidden(sqlite: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        explain(sqlite, "SELECT * FROM missing")
    with pytest.raises(sqlite3.ProgrammingError, match="number of bindings"):
        explain(sqlite, "SELECT * FROM event WHERE id = ?")


@pytest.mark.parametrize("rows", [0, -5])
def test_an_empty_stage_is_refused(rows: int) -> None:
    connection = sqlite3.connect(":memory:")

    with pytest.raises(ValueError, match=f"rows must be at least 1, not {rows}"):
        event_table.fill(connection, rows)
    connection.close()


def test_an_unknown_index_is_refused_with_those_that_exist(sqlite: sqlite3.Connection) -> None:
    with pytest.raises(ValueError, match="known are none, single, composite, partial"):
        event_table.use_index(sqlite, "magic")


@pytest.mark.integration
@pytest.mark.parametrize("kind", [psycopg.ClientCursor, psycopg.RawCursor])
def test_a_connection_whose_cursors_fill_in_values_is_asked_all_the_same(
    postgres_url: str, kind: type[psycopg.Cursor]
) -> None:
    with psycopg.connect(postgres_url, cursor_factory=kind) as connection:
        plan = explain(connection, "SELECT n FROM generate_series(1, 3) n WHERE n > %s", (1,))

    assert plan.root.actual_rows == 2
