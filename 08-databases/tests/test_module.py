"""What holds for every module, with what each example of this one shows."""

from __future__ import annotations

import re

import pytest

from velvet.services import Server
from velvet.testing import ModuleTests, printed

ONE_PAGE = r"(?s)(\d ms  100 objects\n.*){%d}PostgreSQL\n(.*\d ms  100 objects\n){%d}"


@pytest.fixture(scope="module", autouse=True)
def _one_server(postgres_server: Server, redis_server: Server) -> object:
    """Let all examples use the servers of this run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VELVET_POSTGRES_URL", postgres_server.url)
        patch.setenv("VELVET_REDIS_URL", redis_server.url)
        yield


def row(text: str, label: str) -> list[float]:
    """Return the numbers in the line that begins with `label`."""
    line = next(line for line in text.splitlines() if line.startswith(label))
    found = re.findall(r"-?\d[\d,.]*", line[len(label) :])
    return [float(number.replace(",", "")) for number in found]


@pytest.mark.integration
class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "layers": (ONE_PAGE % (6, 7), r'ORDER BY "orders"\."id" ASC LIMIT 100', r"LIMIT\s+\$2"),
        "transactions": (
            r"^before: +1,000.00 1,000.00$",
            r"^250.00 moved, committed: +750.00 1,250.00$",
            r"^900.00 refused, rolled back: +750.00 1,250.00$",
            "account 1 holds 75000 cents, 90000 were asked for",
            r"^two fees, one to savepoint: +700.00 1,250.00$",
            "and is open still: it answers",
            "psycopg has committed and closed: True",
            "SELECT 1: current transaction is aborted",
        ),
        "find_n_plus_one": (
            "lazy: 101 queries",
            r"^Order\.lines: 100 loads at basic\.py:\d+; fix: "
            r"\.options\(selectinload\(Order\.lines\)\)$",
            " 100 x SELECT order_line.id",
            "5 ms away the fix saves 495 ms a page",
            "fixed: 0 findings, 2 queries, same pieces: True",
            "raiseload: 'Order.lines' is not available due to lazy='raise'",
        ),
        "bulk_paths": (r"(?s)((sqlite3|psycopg) +\w+ +[\d,]+ rows/s.*){8}", "fsync=off"),
        "read_a_plan": (
            r"  none: SCAN on event\n    then USE TEMP B-TREE FOR ORDER BY\n",
            r"  composite: SEARCH using event_by on event \(customer_id=\? AND status=\?\)\n",
            "seq-scan: read 50000 rows of event to keep",
        ),
        "pool_under_load": (
            "PoolTimeout: no connection within",
            "1 in use by this thread; return the first before asking",
            r"leaked = files\.checkout\(\)  # and never given back",
            "check=none      AdminShutdown  1 replaced",
            "check=checkout  nothing seen   1 replaced",
            "keep 4 connections busy",
        ),
        "lost_update": (
            r"read_modify_write  repeatable read expected 200 got 200, \d+ retries",
            *(
                rf"{name} +read committed +expected 200 got 200, \d+ retries"
                for name in (
                    "atomic_update",
                    "select_for_update",
                    "version_column",
                    "advisory_lock",
                )
            ),
            r"debit first +T[12] given up \(40P01\); 200 of 200 cents",
            r"lower key first +both committed; 200 of 200 cents",
        ),
        "anomaly_matrix": (
            r"^G0 dirty write; G1a aborted read;",
            r"OTV\s+observed\s+transaction\s+vanishes",
            "10 of 10 cells as published",
            "30 of 30 cells as published",
            r"^read committed +(ok +){5}(-- *){5}$",
            r"^repeatable read +(ok +){8}(-- *){2}$",
            r"^serializable +(ok *){10}$",
            r"T2 UPDATE .* 40001 +waited for T1$",
        ),
        "live_migration": ("fsync=off", r"taken back phase by phase: \d{5,} rows, 0 without"),
        "document_and_kv": (
            "SQLite reads 5 as quantity of line 5",
            r"psycopg, 2 tables +2 trips",
            r"psycopg, jsonb +1 trips",
            r"redis, a hash +1 trips",
            r"(?s)(no account 99: payer has 1,000\.00.*){2}",
            "mongodb, a document|skipped MongoDB: no mongodb here",
        ),
    }

    def shown(self, level: str, name: str) -> str:
        """Return what an example printed."""
        return printed(self.module().folder, level)[name]

    def test_the_line_that_the_detector_names_is_the_one_that_loads(self) -> None:
        text = self.shown("basic", "find_n_plus_one")

        found = re.search(r"basic\.py:(\d+); fix: (.+)$", text, re.M)
        assert found is not None
        source = (self.module().folder / "examples" / "basic.py").read_text(encoding="utf-8")
        assert "for line in order.lines" in source.splitlines()[int(found[1]) - 1]
        assert f"select(Order){found[2]}" in source

    def test_copy_beats_a_loop_and_one_transaction_beats_a_commit_each(self) -> None:
        text = self.shown("intermediate", "bulk_paths")

        assert row(text, "psycopg  copy")[0] > row(text, "psycopg  loop")[0]
        assert row(text, "sqlite3  executemany")[0] > row(text, "sqlite3  commit_each")[0]

    def test_better_indexes_touch_fewer_pages(self) -> None:
        _, _, text = self.shown("intermediate", "read_a_plan").partition("PostgreSQL also counts")

        pages = [row(text, f"  {name} ")[0] for name in ("none", "single", "composite", "partial")]
        assert pages == sorted(pages, reverse=True)
        assert pages[0] > 20 * pages[2]

    def test_a_larger_pool_serves_more_and_lets_fewer_wait(self) -> None:
        text = self.shown("intermediate", "pool_under_load")

        one, four, sixteen = (row(text, f"{size:4} ") for size in (1, 4, 16))
        assert one[0] < four[0]
        assert one[3] > four[3] > sixteen[3]

    def test_only_reading_and_writing_back_loses_updates(self) -> None:
        _, _, text = self.shown("advanced", "lost_update").partition("PostgreSQL")

        expected, got, retries = row(text, "  read_modify_write  read committed")
        assert (expected, retries) == (200, 0)
        assert got < expected

    def test_the_patient_way_of_adding_a_column_is_felt_less(self) -> None:
        text = self.shown("advanced", "live_migration")

        assert row(text, "  giving way")[1] < row(text, "  behind a reader")[1]
