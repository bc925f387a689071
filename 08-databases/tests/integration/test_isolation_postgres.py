"""What PostgreSQL's levels prevent, cell by cell, and what the player shows of its locks."""

from __future__ import annotations

import psycopg
import pytest

from velvet.services import Server
from velvet_databases.anomalies import SETUP, matrix, reference, verdict
from velvet_databases.isolation import Interleaving, Played
from velvet_databases.isolation_stage import LEVELS
from velvet_databases.races import deadlock_demo
from velvet_databases.stores.base import StoreUnavailable

pytestmark = pytest.mark.integration


def play(server: Server, *steps: tuple[str, str], level: str = "read committed") -> Played:
    final = "SELECT id, pieces FROM shelf ORDER BY id"
    return Interleaving(server.url, level, SETUP, steps, final=final).play()


@pytest.mark.parametrize("level", LEVELS["postgresql"])
def test_every_cell_of_a_level_is_as_published(postgres_server: Server, level: str) -> None:
    expected = {cell: found for cell, found in reference("postgresql").items() if cell[0] == level}

    assert matrix(postgres_server.url, [level]) == expected
    assert len(expected) == 10


def test_the_published_table_has_thirty_cells_of_which_seven_are_possible() -> None:
    table = reference("postgresql")

    assert len(table) == 30
    assert sum(found == "possible" for found in table.values()) == 7


def test_a_lost_update_is_lost_at_read_committed_and_refused_above(
    postgres_server: Server,
) -> None:
    lost, low = verdict(postgres_server.url, "read committed", "P4")
    refused, high = verdict(postgres_server.url, "repeatable read", "P4")

    assert (lost, refused) == ("possible", "prevented")
    waited = low.results[3]
    assert (waited.blocked_by, waited.released_by) == (("T1",), "T1: COMMIT")
    assert low.final == ((1, 12), (2, 20))
    assert high.failed == {"T2": "40001"}
    assert high.final == ((1, 11), (2, 20))


def test_a_rule_over_two_rows_is_kept_by_refusing_the_second_commit(
    postgres_server: Server,
) -> None:
    _, played = verdict(postgres_server.url, "serializable", "G2-item")

    assert played.failed == {"T2": "40001"}
    assert played.results[-1].sql == "COMMIT"
    assert played.results[-1].blocked_by == ()


def test_a_deadlock_gives_up_one_lets_the_other_go_on_and_loses_no_money(
    postgres_server: Server,
) -> None:
    played = deadlock_demo(postgres_server.url, ordered=False)

    # Which of the two is the victim is the server's choice.
    ((victim, state),) = played.failed.items()
    assert state == "40P01"
    (survivor,) = played.committed
    assert {victim, survivor} == {"T1", "T2"}
    waits = {one.session: one for one in played.results[2:4]}
    assert waits[victim].released_by == "deadlock detector"
    assert waits[survivor].released_by == f"{victim}: 40P01"
    assert waits[survivor].blocked_by == (victim,)
    assert sum(cents for _, cents in played.final) == 200


def test_a_wait_for_another_process_names_it(
    postgres_server: Server,
) -> None:
    """The monitor sees every session of the server; here one holds an advisory lock."""
    with psycopg.connect(postgres_server.url, autocommit=True) as stranger:
        stranger.execute("SELECT pg_advisory_lock(88001)")
        pid = stranger.info.backend_pid
        let_go = f"SELECT pg_terminate_backend({pid})"

        played = play(
            postgres_server,
            ("T1", "SELECT pg_advisory_xact_lock(88001)"),
            ("T2", let_go),
            ("T1", "COMMIT"),
        )

    assert played.results[0].blocked_by == (f"pid {pid}",)
    assert played.results[0].released_by == f"T2: {let_go}"


def test_plays_leave_no_schema_behind(postgres_server: Server) -> None:
    with pytest.raises(ValueError, match="no level"):
        play(postgres_server, ("T1", "SELECT 1"), level="snapshot")
    with pytest.raises(psycopg.errors.SyntaxError):
        Interleaving(
            postgres_server.url, "serializable", ["MAKE TABLE"], [("T1", "SELECT 1")]
        ).play()

    with psycopg.connect(postgres_server.url) as connection:
        left = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'velvet_play_%'")
        assert left.fetchall() == []


def test_a_session_that_is_stuck_is_cancelled(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("velvet_databases.isolation.PATIENCE_SECONDS", 0.1)

    with pytest.raises(TimeoutError, match="T1 did not finish"):
        play(postgres_server, ("T1", "SELECT pg_sleep(100)"))


def test_a_server_that_is_not_there_is_unavailable_and_not_waited_for() -> None:
    with pytest.raises(StoreUnavailable):
        verdict("postgresql://velvet@127.0.0.1:1/x", "serializable", "G0")
