"""Every example, run the way a reader runs it: `python examples/LEVEL.py NAME` in a child process.

What is asserted is what a reader is promised to see. Figures that depend on the machine are only
compared with each other, and only where the difference is too large for a busy machine to hide.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from velvet.services import Server

MODULE = Path(__file__).parents[1]
NAMES = {
    "basic": ["layers", "transactions", "find_n_plus_one"],
    "intermediate": ["bulk_paths", "read_a_plan", "pool_under_load"],
    "advanced": ["lost_update", "anomaly_matrix", "live_migration", "document_and_kv"],
}
# The one that needs no server at all.
CAUGHT = "find_n_plus_one"
# Ten and six times what a reader is promised: this only ends a child that hangs.
PATIENCE = {"basic": 50.0, "intermediate": 50.0, "advanced": 90.0}
# What a machine without servers looks like to an example.
HIDE_THE_SERVERS = """
import runpy, sys, velvet.services as services

def missing(name):
    def climb(**options):
        raise services.ServiceUnavailable(name, [("binary", "hidden")], f"Install {name}.")
    return climb

for name in services.KINDS:
    setattr(services, name, missing(name))
level, sys.argv[1:] = sys.argv[1], sys.argv[2:]
runpy.run_path(f"examples/{level}.py", run_name="__main__")
"""


HIDDEN = dict.fromkeys(("VELVET_POSTGRES_URL", "VELVET_REDIS_URL", "VELVET_MONGODB_URL"), "")


@dataclass(frozen=True)
class Done:
    """What a child left: its exit status, what it printed, and the names of its files."""

    code: int
    printed: str
    complaint: str
    left: list[str]


# Whatever the order of the tests, these are what they look at; each takes seconds, many of waiting.
# Those that need the address of the shared server or compare rates are not among them.
EARLY: list[tuple[str, str, bool]] = [
    ("advanced", "live_migration", False),
    *((level, name, True) for level, names in NAMES.items() for name in names if name != CAUGHT),
    ("basic", CAUGHT, False),
]
_DONE: dict[tuple[str, str, bool], Done] = {}


@pytest.fixture(scope="module", autouse=True)
def _two_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the examples in pairs before the first test looks, unless only a few are wanted."""
    if sum(item.path == request.path for item in request.session.items) > len(EARLY):
        with ThreadPoolExecutor(2) as pool:
            _DONE.update(zip(EARLY, pool.map(lambda call: _early(*call), EARLY), strict=True))
    yield
    _DONE.clear()


def _early(level: str, name: str, hidden: bool) -> Done:
    if hidden:
        return _child(["-c", HIDE_THE_SERVERS, level, name], level, HIDDEN)
    return _child([f"examples/{level}.py", name], level, {})


def run(level: str, *words: str, code: int = 0, **environment: str) -> tuple[str, str]:
    """Run one file of examples; give what it printed, and what it complained about."""
    done = None if environment else _DONE.get((level, words[0], False))
    done = done or _child([f"examples/{level}.py", *words], level, environment)
    assert done.code == code, done.complaint
    assert done.left == [], "the example left files behind"
    return done.printed, done.complaint


def run_without_servers(level: str, name: str) -> str:
    """Run one example where no rung of any ladder gives a server."""
    done = _DONE.get((level, name, True)) or _early(level, name, hidden=True)
    assert (done.code, done.complaint, done.left) == (0, "", [])
    return _fitting(done.printed)


def _child(words: list[str], level: str, environment: dict[str, str]) -> Done:
    with tempfile.TemporaryDirectory() as private:
        Path(private).chmod(0o755)  # a server that root starts runs as somebody else
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), private)
        done = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", *words],
            cwd=MODULE,
            env={
                **os.environ,
                "COLUMNS": "80",
                "PYTHONIOENCODING": "utf-8",
                **places,
                **environment,
            },
            capture_output=True,
            timeout=PATIENCE[level],
            check=False,
        )
        # The toolkit's record of running servers is a folder of its own, which stays.
        left = [path.name for path in Path(private).iterdir() if "services" not in path.name]
    printed = done.stdout.decode("utf-8").replace("\r\n", "\n")
    return Done(done.returncode, printed, done.stderr.decode("utf-8", "replace"), left)


def _fitting(printed: str) -> str:
    too_wide = [line for line in printed.splitlines() if len(line) > 80]
    assert too_wide == []
    return printed


def shown(level: str, name: str, **environment: str) -> str:
    """Run one example; it has to end well, fit a terminal of 80 columns and warn of nothing."""
    printed, complaint = run(level, name, **environment)
    assert complaint == ""
    return _fitting(printed)


def row(printed: str, label: str) -> list[float]:
    """Give the numbers in the line that begins with `label`."""
    line = next(line for line in printed.splitlines() if line.startswith(label))
    return [
        float(found.replace(",", "")) for found in re.findall(r"-?\d[\d,.]*", line[len(label) :])
    ]


@pytest.mark.parametrize("level", NAMES)
def test_each_level_lists_its_examples_with_a_sentence_each(level: str) -> None:
    printed, _ = run(level, "--list")

    lines = printed.splitlines()
    assert [line.split()[0] for line in lines] == NAMES[level]
    assert all(len(line.split()) > 5 and line.endswith(".") for line in lines)


@pytest.mark.parametrize("level", NAMES)
def test_an_example_is_short_enough_to_be_read(level: str) -> None:
    printed, _ = run(level, "--source")

    sources = re.split(r"^(?=@example)", printed, flags=re.MULTILINE)[1:]
    lengths = {
        name: len(source.strip().splitlines())
        for name, source in zip(NAMES[level], sources, strict=True)
    }
    assert all(15 <= length <= 50 for length in lengths.values()), lengths


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    _, complaint = run("basic", "layerz", code=2)

    assert "layers" in complaint
    assert "Traceback" not in complaint


# One test an example follows, in the order of the files.


@pytest.mark.integration
def test_every_layer_sends_its_own_sql_for_the_same_page(postgres_server: Server) -> None:
    printed = shown("basic", "layers", VELVET_POSTGRES_URL=postgres_server.url)

    sqlite, postgres = printed.split("\nPostgreSQL\n")
    for part, count in ((sqlite, 6), (postgres, 7)):
        assert len(re.findall(r"\d ms  100 objects$", part, re.M)) == count
        assert part.count("    SELECT ") == count
    assert 'ORDER BY "orders"."id" ASC LIMIT 100' in " ".join(sqlite.split())
    assert "LIMIT $2" in postgres


def test_without_a_server_six_layers_read_sqlite() -> None:
    printed = run_without_servers("basic", "layers")

    assert len(re.findall(r"\d ms  100 objects$", printed, re.M)) == 6
    assert "skipped PostgreSQL: no postgres here (binary: hidden)" in printed


@pytest.mark.integration
def test_balances_follow_commit_rollback_and_savepoint(postgres_server: Server) -> None:
    printed = shown("basic", "transactions", VELVET_POSTGRES_URL=postgres_server.url)

    assert row(printed, "before:") == [1000, 1000]
    assert row(printed, "250.00 moved, committed:") == [750, 1250]
    assert row(printed, "900.00 refused, rolled back:") == [750, 1250]
    assert "account 1 holds 75000 cents, 90000 were asked for" in printed
    assert row(printed, "two fees, one to savepoint:") == [700, 1250]
    assert "and is open still: it answers" in printed
    assert "psycopg has committed and closed: True" in printed
    assert "SELECT 1: current transaction is aborted" in printed


def test_without_a_server_transactions_are_those_of_sqlite() -> None:
    printed = run_without_servers("basic", "transactions")

    assert row(printed, "two fees, one to savepoint:") == [700, 1250]
    assert "skipped PostgreSQL" in printed


@pytest.mark.integration
def test_copy_is_the_fastest_of_eight_ways_and_a_commit_for_each_row_the_slowest(
    postgres_server: Server,
) -> None:
    printed = shown("intermediate", "bulk_paths", VELVET_POSTGRES_URL=postgres_server.url)

    rates = {
        (store, method): float(rate.replace(",", ""))
        for store, method, rate in re.findall(
            r"^(sqlite3|psycopg) +(\w+) +([\d,]+) rows/s", printed, re.M
        )
    }
    assert len(rates) == 8
    assert rates["psycopg", "copy"] > rates["psycopg", "loop"]
    assert rates["sqlite3", "executemany"] > rates["sqlite3", "commit_each"]
    assert "fsync=off" in printed


def test_without_a_server_three_ways_are_those_of_sqlite() -> None:
    printed = run_without_servers("intermediate", "bulk_paths")

    assert len(re.findall(r"^sqlite3 .* rows/s", printed, re.M)) == 3
    assert "skipped PostgreSQL" in printed


@pytest.mark.integration
def test_a_document_is_one_trip_and_a_failed_transfer_leaves_the_payer_alone(
    postgres_server: Server, redis_server: Server
) -> None:
    printed = shown(
        "advanced",
        "document_and_kv",
        VELVET_POSTGRES_URL=postgres_server.url,
        VELVET_REDIS_URL=redis_server.url,
    )

    assert row(printed, "psycopg, 2 tables")[:1] == [2]
    assert row(printed, "psycopg, jsonb")[:1] == [1]
    assert row(printed, "redis, a hash")[:1] == [1]
    assert printed.count("no account 99: payer has 1,000.00") >= 2
    assert "mongodb, a document" in printed or "skipped MongoDB: no mongodb here" in printed


def test_without_any_server_a_document_is_read_inside_sqlite() -> None:
    printed = run_without_servers("advanced", "document_and_kv")

    assert row(printed, "SQLite reads")[:2] == [5, 5]
    for name in ("PostgreSQL", "Redis", "MongoDB"):
        assert f"skipped {name}: no " in printed


def test_a_lazy_page_is_caught_with_its_line_and_the_pasted_fix_ends_it() -> None:
    printed = shown("basic", "find_n_plus_one")

    assert "lazy: 101 queries" in printed
    found = re.search(r"^Order\.lines: 100 loads at basic\.py:(\d+); fix: (.+)$", printed, re.M)
    assert found is not None
    source = (MODULE / "examples" / "basic.py").read_text(encoding="utf-8").splitlines()
    assert "for line in order.lines" in source[int(found.group(1)) - 1]
    assert found.group(2) == ".options(selectinload(Order.lines))"
    assert f"select(Order){found.group(2)}" in "\n".join(source)
    assert " 100 x SELECT order_line.id" in printed
    assert "5 ms away the fix saves 495 ms a page" in printed
    assert "fixed: 0 findings, 2 queries, same pieces: True" in printed
    assert "raiseload: 'Order.lines' is not available due to lazy='raise'" in printed


@pytest.mark.integration
def test_better_indexes_shorten_the_plan_and_touch_fewer_pages(postgres_server: Server) -> None:
    printed = shown("intermediate", "read_a_plan", VELVET_POSTGRES_URL=postgres_server.url)

    sqlite, _, postgres = printed.partition("PostgreSQL also counts")
    assert "  none: SCAN on event\n    then USE TEMP B-TREE FOR ORDER BY\n" in sqlite
    assert "  composite: SEARCH using event_by on event (customer_id=? AND status=?)\n" in sqlite
    pages = [row(postgres, f"  {name}")[0] for name in ("none", "single", "composite", "partial")]
    assert pages == sorted(pages, reverse=True)
    assert pages[0] > 20 * pages[2]
    assert "seq-scan: read 50000 rows of event to keep" in postgres


def test_without_a_server_plans_are_read_in_sqlite_only() -> None:
    printed = run_without_servers("intermediate", "read_a_plan")

    assert "  composite: SEARCH using event_by" in printed
    assert "skipped PostgreSQL: no postgres here (binary: hidden)" in printed


@pytest.mark.integration
def test_a_pool_says_when_it_is_empty_who_leaks_and_who_died(postgres_server: Server) -> None:
    printed = shown("intermediate", "pool_under_load", VELVET_POSTGRES_URL=postgres_server.url)

    assert "PoolTimeout: no connection within" in printed
    assert "1 in use by this thread; return the first before asking" in printed
    assert "leaked = files.checkout()  # somebody forgets to give it back" in printed
    assert "check=none      AdminShutdown  1 replaced" in printed
    assert "check=checkout  nothing seen   1 replaced" in printed
    one, four, sixteen = (row(printed, f"{size:4} ") for size in (1, 4, 16))
    assert one[0] < four[0]
    assert one[3] > four[3] > sixteen[3]
    assert "keep 4 connections busy" in printed


def test_without_a_server_a_pool_of_files_still_times_out_and_reports_its_leak() -> None:
    printed = run_without_servers("intermediate", "pool_under_load")

    assert "PoolTimeout" in printed
    assert "leak: taken" in printed
    assert "skipped PostgreSQL: no postgres here (binary: hidden)" in printed


def counted(printed: str, strategy: str, level: str) -> tuple[int, int, int]:
    """Give what a race expected and got, and how often it ran again."""
    found = re.search(
        rf"^  {strategy} +{level} +expected (\d+) got +(\d+), (\d+) retries$", printed, re.M
    )
    assert found is not None, printed
    expected, got, retries = map(int, found.groups())
    return expected, got, retries


@pytest.mark.integration
def test_only_reading_and_writing_back_loses_updates(postgres_server: Server) -> None:
    printed = shown("advanced", "lost_update", VELVET_POSTGRES_URL=postgres_server.url)

    expected, got, retries = counted(printed, "read_modify_write", "read committed")
    assert got < expected == 200
    assert retries == 0
    assert counted(printed, "read_modify_write", "repeatable read")[:2] == (200, 200)
    for strategy in ("atomic_update", "select_for_update", "version_column", "advisory_lock"):
        assert counted(printed, strategy, "read committed")[:2] == (200, 200)
    assert re.search(r"debit first +T[12] given up \(40P01\); 200 of 200 cents", printed)
    assert re.search(r"lower key first +both committed; 200 of 200 cents", printed)


def test_without_a_server_updates_are_lost_in_sqlite_between_transactions() -> None:
    printed = run_without_servers("advanced", "lost_update")

    assert counted(printed, "read_modify_write", "autocommit")[1] < 100
    assert counted(printed, "read_modify_write", "serializable")[1] == 100
    assert "skipped PostgreSQL" in printed


@pytest.mark.integration
def test_the_grid_of_anomalies_is_the_published_one(postgres_server: Server) -> None:
    printed = shown("advanced", "anomaly_matrix", VELVET_POSTGRES_URL=postgres_server.url)

    assert "30 of 30 cells as published" in printed
    sqlite, postgres = (part.splitlines() for part in printed.split("postgresql  "))
    assert [line.count("ok") for line in sqlite if line.startswith("serializable")] == [10]
    grid = {line[:15].strip(): (line.count("ok"), line.count("--")) for line in postgres[1:4]}
    assert grid == {
        "read committed": (5, 5),
        "repeatable read": (8, 2),
        "serializable": (10, 0),
    }
    assert re.search(r"T2 UPDATE .* 40001 +waited for T1$", printed, re.M)


def test_without_a_server_sqlite_prevents_all_ten() -> None:
    printed = run_without_servers("advanced", "anomaly_matrix")

    assert "10 of 10 cells as published" in printed
    assert "skipped PostgreSQL" in printed


@pytest.mark.integration
def test_the_patient_way_of_each_change_is_felt_less_and_loses_no_row(
    postgres_server: Server,
) -> None:
    printed = shown("advanced", "live_migration")

    waits = {
        name: row(printed, f"  {name}")[1]
        for name in ("behind a reader", "giving way", "expand/contract", "type in place")
    }
    assert waits["giving way"] < waits["behind a reader"]
    rows, empty = row(printed, "taken back phase by phase:")
    assert (rows > 60_000, empty) == (True, 0)
    assert "fsync=off" in printed


def test_without_a_server_the_reader_is_told_what_a_live_migration_needs() -> None:
    printed = run_without_servers("advanced", "live_migration")

    assert "SQLite locks its whole file for any change" in printed
    assert "skipped PostgreSQL: no postgres here (binary: hidden)" in printed
