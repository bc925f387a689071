"""The explorer's jobs, run for real in this process: what they tell can be read and is true."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet import services
from velvet.services import Server, ServiceUnavailable
from velvet_databases.explorer import changes_job, distance_job, layers_job, pools_job
from velvet_databases.explorer.__main__ import main
from velvet_databases.explorer.changes import read_changes
from velvet_databases.explorer.distance import Key, read_pages
from velvet_databases.explorer.layers import read_layers
from velvet_databases.explorer.plans import read_plans
from velvet_databases.explorer.plays import Cell, read_plays
from velvet_databases.explorer.pools import read_curves
from velvet_databases.explorer.telling import read_lines, read_told

SAMPLES = Path(__file__).parents[2] / "samples"
ORM = "sqlalchemy orm"
Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run() -> Run:
    def run_job(*argv: str) -> list[dict[str, Any]]:
        sink = io.StringIO()
        assert main(argv, sink=sink) == 0
        return [json.loads(line) for line in sink.getvalue().splitlines()]

    return run_job


@pytest.fixture
def on_server(run: Run, postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("VELVET_POSTGRES_URL", postgres_server.url)
    return run


def test_layers_on_sqlite_tell_sql_and_cost_of_every_store(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers_job, "ROUNDS", 1)

    found = read_layers(run("layers", "--rows", "100"))["sqlite"]

    assert {"sqlite3", "sqlalchemy orm", "django", "peewee"} <= set(found.stores)
    assert set(found.absent) == {"psycopg", "asyncpg", "mongodb", "redis"}
    lazily = found.sql["sqlalchemy orm", "10 orders with lines, lazily"]
    assert sum(one.times for one in lazily if not isinstance(one, str)) == 11
    assert isinstance(found.sql["django", "10 orders with lines, joined"], str)
    assert all(cost.peak_kb >= cost.held_kb > 0 for cost in found.costs.values())


def test_pages_on_sqlite_tell_each_way_with_what_the_detector_found(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distance_job, "ROUNDS", 1)

    found = read_pages(run("pages", "--parents", "3", "5", "--children", "2"))

    lazy = found.at(Key("sqlite", "sqlalchemy orm", "lazy"), 5, 2, 0.0)
    eager = found.at(Key("sqlite", "peewee", "select_in"), 3, 2, 0.0)
    assert lazy is not None
    assert eager is not None
    assert (len(lazy.statements_us), len(eager.statements_us)) == (6, 2)
    assert found.findings["sqlalchemy orm"]["fix"] == ".options(selectinload(Order.lines))"
    assert "prefetch_related" in found.refused[Key("sqlite", "django", "join")]


def test_plays_on_sqlite_agree_with_the_recorded_ones(run: Run) -> None:
    recorded = read_plays(
        read_lines((SAMPLES / "recorded_plays.jsonl").read_text(encoding="utf-8"))
    )

    found = read_plays(run("plays", "--anomaly", "P4"))

    cell = Cell("sqlite", "serializable", "P4")
    assert found.plays[cell].verdict == recorded.plays[cell].verdict == "prevented"
    assert [one.sql for one in found.plays[cell].steps] == [
        one.sql for one in recorded.plays[cell].steps
    ]


@pytest.mark.parametrize("job", ["layers", "plays", "pages"])
def test_a_job_whose_time_is_up_ends_itself(run: Run, job: str) -> None:
    options = ["--rows", "100"] if job == "layers" else []

    told = read_told(run("--seconds", "0", job, *options))

    assert told.done
    assert told.cut


@pytest.mark.parametrize("job", ["layers", "plays", "pages"])
def test_without_a_server_a_job_tells_the_ladders_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    def none() -> Any:
        raise ServiceUnavailable("postgres", [("binary", "none")], "Install PostgreSQL.")

    monkeypatch.setattr(services, "postgres", none)

    told = read_told(run(job, "--postgres"))

    assert told.refused == "no postgres here (binary: none). Install PostgreSQL."
    assert told.done


def test_a_pool_tells_its_points_and_the_floor(
    on_server: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools_job, "SIZES", (1, 2))
    monkeypatch.setattr(pools_job, "POOLS", ("ours",))
    monkeypatch.setattr(pools_job, "SECONDS", 0.1)
    monkeypatch.setattr(pools_job, "pgbench", lambda: Path("pgbench"))
    monkeypatch.setattr(pools_job, "pgbench_tps", lambda *asked: 100.0 * asked[2])

    events = on_server("pool", "--threads", "4", "--wait-ms", "1", "--compute-ms", "0")

    series = read_curves(events).series("tps")
    assert [size for size, _ in series["ours"]] == [1.0, 2.0]
    assert series["pgbench"] == [(1.0, 100.0), (8.0, 800.0), (32.0, 3_200.0)]
    assert "fsync=" in read_told(events).servers[0]


def test_a_pool_whose_library_is_missing_says_so(
    on_server: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> Any:
        raise ModuleNotFoundError("No module named 'psycopg_pool'")

    monkeypatch.setattr(pools_job, "pool_curve", missing)
    monkeypatch.setattr(pools_job, "pgbench", lambda: None)

    found = read_curves(on_server("pool"))

    assert found.absent["psycopg_pool"] == "No module named 'psycopg_pool'"
    assert found.absent["pgbench"] == "no pgbench beside the server"


def test_work_waits_computes_and_looks_up() -> None:
    assert pools_job.work(0, 0) == ("SELECT 1",)
    assert pools_job.work(2, 0.5)[0] == "SELECT pg_sleep(0.002)"
    assert "5000" in pools_job.work(2, 0.5)[1]


def test_plans_tell_fewer_pages_for_a_better_index(on_server: Run) -> None:
    found = read_plans(on_server("plans", "--rows", "20000"))

    pages = {name: shown.plan.buffers for name, shown in found.by_index.items()}
    assert pages["none"] > 5 * pages["composite"]
    assert found.by_index["none"].advice[0][0] == "seq-scan"
    assert found.pages["offset"].plan.buffers > found.pages["keyset"].plan.buffers


def test_changes_tell_what_the_writer_felt_and_what_is_locked(
    on_server: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_job, "CALM_SECONDS", 0.02)
    monkeypatch.setattr(changes_job, "READER_HOLDS_S", 0.4)

    found = read_changes(on_server("changes", "--rows", "1000"))

    queued, patient = found.by_change()["a new column, behind a forgotten reader"]
    assert queued.max_stall_ms > patient.max_stall_ms
    assert [(one.errors, bool(one.writes)) for one in found.felt] == [(0, True)] * 6
    locks = {one.ddl: one for one in found.locks}
    assert locks["ALTER TABLE item ALTER COLUMN qty TYPE BIGINT"].rewrites
    assert not locks["CREATE INDEX item_sku ON item (sku)"].blocks_reads


def test_a_distance_is_added_by_the_proxy(on_server: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distance_job, "SLOW_SECONDS", 0.0)

    found = read_pages(
        on_server(
            "pages",
            "--parents",
            "4",
            "--children",
            "1",
            "--rtt-ms",
            "5",
            "--postgres",
            "--orm",
            ORM,
        )
    )

    lazy = found.at(Key("postgresql", "sqlalchemy orm", "lazy"), 4, 1, 5.0)
    assert lazy is not None
    assert lazy.ms > 20


@pytest.mark.parametrize("job", ["plans", "changes", "pool"])
def test_a_job_on_a_server_ends_itself_too(on_server: Run, job: str) -> None:
    options = [] if job == "pool" else ["--rows", "1000"]

    told = read_told(on_server("--seconds", "0", job, *options))

    assert told.cut


def test_the_recordings_hold_what_every_tab_needs() -> None:
    texts = {
        path.stem.removeprefix("recorded_"): path.read_text(encoding="utf-8")
        for path in SAMPLES.glob("recorded_*.jsonl")
    }
    events = {name: read_lines(text) for name, text in texts.items()}

    assert set(read_layers(events["layers"])) == {"sqlite", "postgresql"}
    assert len(read_plays(events["plays"]).plays) == 40
    assert set(read_curves(events["pool"]).points) >= {"ours", "psycopg_pool", "pgbench"}
    assert len(read_changes(events["changes"]).felt) == 6
    assert len(read_plans(events["plans"]).by_index) == 4
    assert len(read_pages(events["pages"]).measured) > 100
    assert all(read_told(one).done and not read_told(one).cut for one in events.values())
    assert sum(map(len, texts.values())) < 400_000


def test_a_mapper_that_does_not_exist_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match="orm must be one of sqlalchemy orm, django, peewee"):
        run("pages", "--orm", "hibernate")
