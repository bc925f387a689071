"""The player of interleavings on SQLite, which needs no server: order, waiting, failing, ending."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from velvet_databases import isolation
from velvet_databases.anomalies import ANOMALIES, SETUP, Anomaly, matrix, reference, verdict
from velvet_databases.isolation import Interleaving, Played, Step, StepResult
from velvet_databases.isolation_stage import SqliteStage
from velvet_databases.stores.base import StoreUnavailable

SQLITE = "sqlite://"
READ = "SELECT pieces FROM shelf WHERE id = 1"
WRITE = "UPDATE shelf SET pieces = {} WHERE id = 1"


def play(*steps: tuple[str, str] | tuple[str, str, str], final: str = READ) -> Played:
    return Interleaving(SQLITE, "serializable", SETUP, steps, final=final).play()


def test_steps_are_played_in_order_and_their_results_kept() -> None:
    played = play(
        ("T1", READ, "before"), ("T1", WRITE.format(11)), ("T1", READ, "after"), ("T1", "COMMIT")
    )

    assert (played.value("before"), played.value("after")) == (10, 11)
    assert [one.rowcount for one in played.results][1] == 1
    assert played.final == ((11,),)
    assert played.committed == {"T1"}
    assert played.failed == {}
    moments = [moment for one in played.results for moment in (one.started_s, one.finished_s)]
    assert moments == sorted(moments)


@pytest.mark.parametrize(
    "commit", ["COMMIT;", "commit", " Commit work ;", "END", "end transaction"]
)
def test_a_commit_is_one_however_it_is_written(commit: str) -> None:
    played = play(("T1", WRITE.format(11)), ("T1", commit))

    assert (played.committed, played.final) == ({"T1"}, ((11,),))


@pytest.mark.parametrize("end", ["rollback;", "ROLLBACK TRANSACTION"])
def test_a_rollback_is_one_however_it_is_written(end: str) -> None:
    played = play(("T1", "savepoint a"), ("T1", WRITE.format(11)), ("T1", end))

    assert (played.committed, played.final, played.failed) == (frozenset(), ((10,),), {})


def test_a_session_that_does_not_commit_leaves_nothing() -> None:
    played = play(("T1", WRITE.format(99)))

    assert played.final == ((10,),)
    assert played.committed == frozenset()


def test_a_second_writer_waits_for_the_first_and_is_released_by_its_end() -> None:
    played = play(
        ("T1", WRITE.format(11)),
        ("T2", WRITE.format(12)),
        ("T1", READ, "own"),
        ("T1", "COMMIT"),
        ("T2", "COMMIT"),
    )

    second = played.results[1]
    assert (second.blocked_by, second.released_by) == (("T1",), "T1: COMMIT")
    assert second.blocked_s is not None
    assert second.started_s < second.blocked_s < second.finished_s
    assert second.finished_s > played.results[3].started_s
    assert played.value("own") == 11
    assert played.final == ((12,),)


def test_steps_of_a_waiting_session_are_sent_when_it_goes_on() -> None:
    played = play(
        ("T1", WRITE.format(11)),
        ("T2", WRITE.format(12)),
        ("T2", READ, "late"),
        ("T2", "COMMIT"),
        ("T1", "ROLLBACK"),
    )

    assert played.results[1].released_by == "T1: ROLLBACK"
    assert played.value("late") == 12
    assert played.results[2].started_s > played.results[1].finished_s
    assert played.committed == {"T2"}


def test_a_session_named_first_that_waits_goes_on_too() -> None:
    played = play(
        ("T1", "SELECT 1"),
        ("T2", WRITE.format(12)),
        ("T1", WRITE.format(11)),
        ("T2", "COMMIT"),
        ("T1", READ, "own"),
        ("T1", "COMMIT"),
    )

    assert played.results[2].released_by == "T2: COMMIT"
    assert played.final == ((11,),)


def test_a_stale_snapshot_fails_for_good_and_the_rest_of_its_session_is_skipped() -> None:
    played = play(
        ("T1", READ),
        ("T2", WRITE.format(12)),
        ("T2", "COMMIT"),
        ("T1", WRITE.format(11), "late"),
        ("T1", READ, "never"),
        ("T1", "COMMIT"),
    )

    assert played.failed == {"T1": "SQLITE_BUSY_SNAPSHOT"}
    late, never, end = played.results[3:]
    assert late.blocked_by == ()
    assert "locked" in late.error
    assert never.skipped
    assert played.rows("never") is None
    assert end.sql == "ROLLBACK"
    assert played.committed == {"T2"}
    assert played.final == ((12,),)


def test_the_busy_timeout_does_not_help_a_stale_snapshot(tmp_path: Any) -> None:
    """Documented by SQLite, and measured here by the clock that the timeout would move."""
    path = tmp_path / "stale.db"
    first, second = (sqlite3.connect(path, isolation_level=None, timeout=60.0) for _ in range(2))
    first.execute("PRAGMA journal_mode = WAL")
    for sql in SETUP:
        first.execute(sql)
    first.execute("BEGIN")
    first.execute(READ).fetchall()
    second.execute(WRITE.format(12))

    # With a writer in the way this would take the sixty seconds, and this test its timeout.
    with pytest.raises(sqlite3.OperationalError, match="locked") as caught:
        first.execute(WRITE.format(11))

    name = getattr(caught.value, "sqlite_errorname", "SQLITE_BUSY_SNAPSHOT")
    assert name == "SQLITE_BUSY_SNAPSHOT"
    first.execute("ROLLBACK")
    first.execute("BEGIN IMMEDIATE")  # the way out: take the lock before reading
    first.execute(WRITE.format(11))
    first.execute("COMMIT")
    assert second.execute(READ).fetchone() == (11,)
    first.close()
    second.close()


def test_without_error_names_a_stale_snapshot_is_told_by_the_missing_writer() -> None:
    """Python 3.10 knows only the text, which is the same for both."""
    stage = SqliteStage()
    try:
        stage.prepare(SETUP)
        stage.begin("T2")
        locked = sqlite3.OperationalError("database is locked")
        if hasattr(locked, "sqlite_errorname"):
            pytest.fail("an error made here has no name")

        assert stage._state("T1", locked) == "SQLITE_BUSY_SNAPSHOT"
        stage.run("T2", WRITE.format(12))
        assert stage._state("T1", locked) == "SQLITE_BUSY"
        assert stage._state("T1", sqlite3.OperationalError("no such table: x")) == "SQLITE_ERROR"
    finally:
        stage.close()


def test_an_error_in_a_statement_is_a_result() -> None:
    played = play(("T1", "SELECT * FROM nowhere", "wrong"), ("T1", "COMMIT"))

    assert played.rows("wrong") is None
    assert "nowhere" in played.results[0].error
    assert played.results[0].sqlstate.startswith("SQLITE_ERROR")


def test_a_session_that_waits_for_ever_ends_the_play(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "PATIENCE_SECONDS", 0.05)

    with pytest.raises(TimeoutError, match="T2 did not finish"):
        play(("T1", WRITE.format(11)), ("T2", WRITE.format(12)))


@pytest.mark.parametrize("steps", [[], [("", "SELECT 1")], [("T1", "")]])
def test_a_script_without_steps_or_names_is_refused(steps: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError, match="steps must be"):
        Interleaving(SQLITE, "serializable", SETUP, steps)


def test_a_level_that_the_database_does_not_have_is_refused_with_those_it_has() -> None:
    player = Interleaving(SQLITE, "read committed", SETUP, [("T1", "SELECT 1")])

    with pytest.raises(ValueError, match="no level 'read committed'; known are serializable"):
        player.play()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(StoreUnavailable, match="redis"):
        Interleaving("redis://localhost", "serializable", (), [("T1", "SELECT 1")]).play()


def test_an_unknown_label_and_an_unknown_anomaly_are_key_errors() -> None:
    played = Played("serializable", (StepResult("T1", "SELECT 1"),), ())

    with pytest.raises(KeyError, match="wrong"):
        played.value("wrong")
    with pytest.raises(KeyError, match="G9"):
        verdict(SQLITE, "serializable", "G9")


def test_sqlite_prevents_all_ten_anomalies() -> None:
    assert matrix(SQLITE) == reference("sqlite")
    assert set(reference("sqlite").values()) == {"prevented"}


def test_the_ten_anomalies_have_names_titles_and_two_or_three_sessions() -> None:
    assert list(ANOMALIES) == (
        ["G0", "G1a", "G1b", "G1c", "OTV", "PMP", "P4", "G-single", "G2-item", "G2"]
    )
    for anomaly in ANOMALIES.values():
        assert anomaly.meaning.endswith(".")
        assert {step.session for step in anomaly.steps} <= {"T1", "T2", "T3"}
        assert all(isinstance(step, Step) and step.sql for step in anomaly.steps)


# No database that is asked here shows the first four, so their verdicts are tried on inventions.
@pytest.mark.parametrize(
    ("name", "seen", "final"),
    [
        ("G0", {}, {1: 11, 2: 22}),
        ("G1a", {"before": 101, "after": 10}, {1: 10, 2: 20}),
        ("G1b", {"before": 101, "after": 11}, {1: 11, 2: 20}),
        ("G1c", {"first": 22, "second": 11}, {1: 11, 2: 22}),
        ("OTV", {"one": 12, "two": 19, "two again": 18, "one again": 12}, {1: 12, 2: 18}),
    ],
)
def test_an_anomaly_that_no_database_here_shows_would_be_recognised(
    name: str, seen: dict[str, int], final: dict[int, int]
) -> None:
    anomaly: Anomaly = ANOMALIES[name]
    results = tuple(
        StepResult(*step, rows=((seen[step.label],),) if step.label else None)
        for step in anomaly.steps
    )

    assert anomaly.happened(Played("read uncommitted", results, tuple(final.items())))
