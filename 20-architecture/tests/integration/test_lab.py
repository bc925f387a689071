"""The experiments: races, gaps, layers, the price of change, Redis and PostgreSQL for real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import velvet_architecture
from velvet.services import Server
from velvet_architecture.adapters.brokers import RedisStreamsBroker
from velvet_architecture.comparisons import ladder
from velvet_architecture.lab import evolution, gap, shapes
from velvet_architecture.ports import START, Message, NewEvent, uuid7

HOME = Path(velvet_architecture.__file__).parent
HERE = Path(__file__).parents[2]


@pytest.mark.parametrize("name", shapes.SHAPES)
def test_only_the_naive_shop_sells_what_it_has_not(name: str, tmp_path: Path) -> None:
    told = shapes.race(name, tmp_path, units=15, writers=4, think_s=0.002)
    assert told["sold"] >= told["units"]
    if name != "naive":
        assert told["lost_updates"] == 0


def test_a_naive_update_is_lost_when_two_read_before_one_writes(tmp_path: Path) -> None:
    meet = threading.Barrier(2)
    shop = shapes.NaiveShop(tmp_path / "shop.db", 10, pause=lambda: meet.wait(60) and None)
    both = [threading.Thread(target=shop.sell, args=(name,)) for name in "ab"]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert shop.db.execute("SELECT qty FROM stock").fetchone() == (9,)
    shop.close()


def test_an_event_sourced_shop_pauses_before_it_decides(tmp_path: Path) -> None:
    paused = list[str]()
    shop = shapes.EventSourcedShop(tmp_path / "shop.db", 1, pause=lambda: paused.append("once"))
    assert shop.sell("o1")
    shop.close()
    assert paused == ["once"]


def test_a_naive_shop_publishes_after_its_commit_and_loses_the_message(tmp_path: Path) -> None:
    class Down:
        def publish(self, message: Message) -> None:
            raise ConnectionError(message.id)

        def receive(self, limit: int = 100) -> list[tuple[str, Message]]:
            return []

        def acknowledge(self, receipt: str) -> None: ...

    shop = shapes.NaiveShop(tmp_path / "shop.db", 10, broker=Down())
    with pytest.raises(ConnectionError):
        shop.sell("o1")
    assert shop.db.execute("SELECT order_id FROM sold").fetchall() == [("o1",)]
    shop.close()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rollbacks", [0.0, 0.1])
def test_the_cures_miss_nothing_and_the_sequence_does(rollbacks: float, seed: int) -> None:
    missed = {
        name: gap.play(name, seed=seed, rollbacks=rollbacks).missed for name in gap.STRATEGIES
    }
    assert missed["naive"] > 0
    assert (missed["lock"], missed["xid"]) == (0, 0)
    assert (missed["wait_for_gaps"] > 0) is (rollbacks > 0)


def test_a_simulation_is_the_same_twice_and_refuses_nonsense() -> None:
    assert gap.play("naive", seed=4) == gap.play("naive", seed=4)
    with pytest.raises(ValueError, match="strategy"):
        gap.play("hope")
    with pytest.raises(ValueError, match="at least 1"):
        gap.play("xid", writers=0)
    with pytest.raises(ValueError, match="rollbacks from 0 to 1"):
        gap.play("xid", rollbacks=float("nan"))


def test_every_rung_does_the_same_work() -> None:
    for name, make in ladder.RUNGS.items():
        take = make()
        first = take()
        assert [take(), take()] == [first - 1, first - 2], name
    with pytest.raises(ValueError, match="no lamp is left"):
        ladder.Item("lamp", 0).take()


def test_the_package_keeps_its_layers_and_a_bad_import_is_named(tmp_path: Path) -> None:
    copy = tmp_path / HOME.name
    shutil.copytree(HOME, copy, ignore=shutil.ignore_patterns("__pycache__", "*.txt", "*.jsonl"))
    shutil.copy(HERE / ".importlinter", tmp_path)

    def checked() -> subprocess.CompletedProcess[str]:
        lint = "from importlinter.cli import lint_imports as lint; raise SystemExit(lint(no_cache=True))"
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [sys.executable, "-c", lint],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    fine = checked()
    assert fine.returncode == 0, fine.stdout + fine.stderr
    bad = "import sqlite3\nfrom velvet_architecture.ports import uuid7\n"
    (copy / "domain" / "bad.py").write_text(bad, encoding="utf-8")
    broken = checked()
    assert broken.returncode == 1
    for outer in ("velvet_architecture.ports", "sqlite3"):
        assert f"velvet_architecture.domain.bad -> {outer}" in broken.stdout


@pytest.mark.parametrize("name", evolution.ARCHITECTURES)
def test_every_version_passes_its_tests_and_opens_yesterdays_data(
    name: str, tmp_path: Path
) -> None:
    for step in range(len(evolution.steps(name))):
        failed, count = evolution.failures(evolution.files_at(name, step), str(tmp_path))
        assert (failed, count > 2) == ([], True)
    costs = evolution.measure(name)
    assert [one.step for one in costs] == [f"c0{number}" for number in range(1, 9)]
    assert all(one.acceptance_passed == one.acceptance_total for one in costs)
    assert all(one.old_data_opens for one in costs)
    assert costs[-1].history_answer is (name == "eventsourced")


def test_a_change_is_counted_in_lines_of_code() -> None:
    text = '"""Doc\n\nmore."""\n\n# why\nx = 1  # one\n\n\ndef f():\n    "Doc."\n    return """a\nb"""\n'
    assert evolution.code_lines(text) == ["x = 1  # one", "def f():", '    return """a', 'b"""']
    assert evolution._diff("x = 1\ny = 2\n", "x = 1\ny = 3\nz = 4\n") == (2, 1)
    with pytest.raises(ValueError, match="architecture"):
        evolution.steps("baroque")


def test_data_that_a_new_version_cannot_open_is_counted_so(tmp_path: Path) -> None:
    before = evolution.files_at("naive", 0)
    after = evolution.files_at("naive", 1)
    after["app.py"] = after["app.py"].replace('if self.has("stock"):', "if False:")
    assert evolution._old_data(before, after, 1, tmp_path) == (False, False)
    broken = {**after, "app.py": "def open_app(path, clock):\n    raise ValueError(path)\n"}
    (tmp_path / "old.db").unlink()
    assert evolution._old_data(before, broken, 1, tmp_path) == (False, False)


def test_tests_of_yesterday_that_fail_today_are_counted(tmp_path: Path) -> None:
    shop = evolution.files_at("naive", 0)
    broken = {**shop, "app.py": "def open_app(path, clock):\n    raise ValueError(path)\n"}
    _, count = evolution.failures(shop, str(tmp_path))

    assert evolution._broken(shop, shop, str(tmp_path)) == 0
    assert evolution._broken(shop, broken, str(tmp_path)) == count


def test_redis_streams_keep_what_is_not_acknowledged(redis_server: Server) -> None:
    stream = f"velvet-{uuid.uuid4().hex}"
    one = RedisStreamsBroker(redis_server.url, stream=stream, claim_ms=0)
    two = RedisStreamsBroker(redis_server.url, stream=stream, consumer="two", claim_ms=0)
    told = [Message(str(n), "/", "t", "", {"n": n}) for n in range(4)]
    one.publish(told[0])
    one.publish_many(told[1:])

    taken = one.receive(2)
    assert [message for _, message in taken] == told[:2]
    one.acknowledge(taken[0][0])
    assert [message.id for _, message in two.receive()] == ["1", "2", "3"]
    two.close()
    one.close(drop=True)


def test_a_broker_that_is_gone_is_a_connection_error(private_redis: Server) -> None:
    broker = RedisStreamsBroker(private_redis.url)
    private_redis.kill()
    with pytest.raises(ConnectionError):
        broker.publish(Message("1", "/", "t", "", {}))
    broker.close()


def test_a_long_writer_delays_an_xid_follower_and_a_naive_one_loses_it(
    postgres_store: Callable[..., Any], own_postgres: Server
) -> None:
    import psycopg

    store = postgres_store("xid")
    table = f"{store._schema}.events"
    with psycopg.connect(own_postgres.url) as slow:
        sql = (
            f"INSERT INTO {table} (epoch, stream, version, type, schema, data, metadata,"
            " event_id, recorded_at) VALUES (pg_current_xact_id()::text::bigint, 'slow', 1, 'T',"
            " 1, '', '{}', 'slow', 0)"
        )
        slow.execute(sql)
        fast = store.append("fast", [NewEvent("T", b"", uuid7())]).cursors[0]
        assert store.read_all() == []
        assert store.head() == START
        with pytest.warns(UserWarning, match="loses events"):
            naive = postgres_store("naive")
        (seen,) = naive.read_all()
        slow.commit()
        assert [one.stream for one in store.read_all()] == ["slow", "fast"]
    assert seen.cursor == fast
    naive_position = seen.cursor.position
    assert [one.stream for one in store.read_all() if one.cursor.position < naive_position] == [
        "slow"
    ]


def test_a_writer_in_another_database_delays_an_xid_follower_and_a_reader_does_not(
    postgres_store: Callable[..., Any], own_postgres: Server
) -> None:
    import psycopg

    store = postgres_store("xid")
    with psycopg.connect(own_postgres.url, dbname="template1") as other:
        other.execute("SELECT 1")
        store.append("s-1", [NewEvent("T", b"", uuid7())])
        assert len(store.read_all()) == 1
        other.execute("SELECT pg_current_xact_id()")  # what a first write does
        store.append("s-1", [NewEvent("T", b"", uuid7())])
        assert len(store.read_all()) == 1
    assert len(store.read_all()) == 2


@pytest.mark.parametrize("options", [{"order": "hope"}, {"schema": "x; DROP"}, {"schema": "Upper"}])
def test_a_postgres_store_checks_its_options(options: dict[str, Any]) -> None:
    from velvet_architecture.adapters.postgres import PostgresEventStore

    with pytest.raises(ValueError, match="must be"):
        PostgresEventStore("postgresql://127.0.0.1:1/none", **options)
