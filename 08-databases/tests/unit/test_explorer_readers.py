"""What the explorer shows: lines of jobs become pages, plays, plans and strips."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_databases.explorer import layers as layers_module
from velvet_databases.explorer.changes import Felt, read_changes
from velvet_databases.explorer.distance import (
    STRATEGIES,
    Key,
    Page,
    Price,
    bars,
    break_even,
    counts,
    expected,
    fit,
    read_pages,
)
from velvet_databases.explorer.layers import Sent, missing_libraries, read_layers
from velvet_databases.explorer.plans import read_plans, sqlite_plans, tree
from velvet_databases.explorer.plays import read_plays, sentence
from velvet_databases.explorer.pools import read_curves
from velvet_databases.explorer.requests import (
    ChangesRequest,
    LayersRequest,
    PagesRequest,
    PlansRequest,
    PlaysRequest,
    PoolRequest,
    Request,
)
from velvet_databases.explorer.telling import Budget, newest, read_lines, read_told, steps

LAZY = Key("sqlite", "django", "lazy")


def _page(key: Key, parents: int, children: int, ms: float, rtt_ms: float = 0.0) -> Page:
    return Page(key, parents, children, rtt_ms, ms, ())


def test_a_job_says_what_was_asked_where_it_ran_and_how_far_it_is() -> None:
    told = read_told(
        [
            {"type": "begin", "options": {"rows": 5}},
            {"type": "server", "name": "PostgreSQL", "version": "15.2", "notes": ["fsync=off"]},
            {"type": "step", "done": 1, "total": 4, "what": "django"},
            {"type": "play"},
        ]
    )

    assert (told.options, told.servers) == ({"rows": 5}, ("PostgreSQL 15.2, fsync=off",))
    assert (told.share, told.what, told.done) == (0.25, "django", False)


def test_a_job_that_was_refused_or_cut_says_so() -> None:
    refused = read_told([{"type": "refused", "text": "no postgres here"}])
    cut = read_told([{"type": "done", "cut": True, "seconds": 15.0}])

    assert refused.refused == "no postgres here"
    assert (cut.done, cut.cut) == (True, True)


@pytest.mark.parametrize(("text", "said"), [("{}\nx", "line 2"), ("[1]", "line 1")])
def test_a_recording_that_is_damaged_says_where(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_lines(text)


def test_own_lines_replace_the_recorded_ones_about_the_same_subject_only() -> None:
    recorded = [
        {"type": "begin", "options": {}},
        {"type": "server", "name": "recorded"},
        {"type": "anomaly", "name": "P4"},
        {"type": "play", "backend": "sqlite", "anomaly": "P4", "n": 1},
        {"type": "play", "backend": "sqlite", "anomaly": "G0", "n": 2},
        {"type": "play", "backend": "postgresql", "anomaly": "P4", "n": 3},
    ]
    own = [
        {"type": "begin", "options": {}},
        {"type": "play", "backend": "sqlite", "anomaly": "P4", "n": 4},
    ]

    shown = newest(recorded, own)

    assert [event["n"] for event in shown if event["type"] == "play"] == [2, 3, 4]
    assert sum(event["type"] == "begin" for event in shown) == 1
    assert any(event["type"] == "server" for event in shown)


def test_until_there_is_something_of_ones_own_the_recording_is_shown() -> None:
    recorded = [{"type": "point", "pool": "ours"}]

    assert newest(recorded, [{"type": "begin"}, {"type": "step"}]) == recorded


def test_a_new_server_takes_the_place_of_the_recorded_one() -> None:
    shown = newest(
        [{"type": "server", "n": 1}, {"type": "point"}],
        [{"type": "server", "n": 2}, {"type": "point"}],
    )

    assert [event["n"] for event in shown if event["type"] == "server"] == [2]


def test_a_budget_counts_from_its_start_and_remembers_that_it_is_over() -> None:
    now = [100.0]
    budget = Budget(15.0, clock=lambda: now[0])
    assert (budget.used, budget.over()) == (0.0, False)

    budget.start()
    now[0] += 14.9
    assert not budget.over()
    now[0] += 0.2

    assert budget.over()
    assert budget.cut


def test_steps_count_what_was_done_before_them() -> None:
    told: list[dict[str, Any]] = []
    next_one = steps(told.append, 2)

    next_one("first")
    next_one("second")

    assert [(one["done"], one["what"]) for one in told] == [(0, "first"), (1, "second")]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (LayersRequest(rows=99), "rows must be 100 to 10000, not 99"),
        (PagesRequest(parents=0), "parents must be 1 to 200, not 0"),
        (PagesRequest(rtt_ms=math.nan), "rtt_ms must be 0 to 10, not nan"),
        (PoolRequest(threads=65), "threads must be 1 to 64, not 65"),
        (PoolRequest(wait_ms=-1.0), "wait_ms must be 0 to 50, not -1"),
        (PlansRequest(rows=1), "rows must be 1000 to 200000, not 1"),
        (ChangesRequest(rows=10**6), "rows must be 1000 to 200000, not 1e+06"),
    ],
)
def test_a_request_out_of_range_says_what_would_do(request_: Request, said: str) -> None:
    assert request_.problems() == [said]
    with pytest.raises(ValueError, match="must be"):
        request_.argv()


def test_requests_become_command_lines() -> None:
    page = PagesRequest(100, 10, 1.5, postgres=True).argv()[2:]
    small = PagesRequest(10, 1).argv()[2:]

    assert page == [
        "pages",
        "--parents",
        "10",
        "100",
        "--children",
        "1",
        "10",
        "--rtt-ms",
        "1.5",
        "--postgres",
    ]
    assert small == ["pages", "--parents", "10", "--children", "1", "--rtt-ms", "0.0"]
    assert PagesRequest(orm="django").argv()[-2:] == ["--orm", "django"]
    assert PlaysRequest().argv()[2:] == ["plays"]
    assert PlaysRequest("P4", postgres=True).argv()[2:] == [
        "plays",
        "--anomaly",
        "P4",
        "--postgres",
    ]


def test_layers_are_read_by_database_with_what_was_refused() -> None:
    told = {"backend": "sqlite", "store": "django"}
    found = read_layers(
        [
            {"type": "begin"},
            {"type": "sql", **told, "operation": "a", "statements": [[2, "SELECT 1", ["int"]]]},
            {"type": "sql", **told, "operation": "b", "refused": "no such lock"},
            {"type": "cost", **told, "rows": 9, "ms": 1.5, "peak_kb": 8.0, "held_kb": 4.0},
            {"type": "absent", "backend": "sqlite", "store": "redis", "reason": "no server"},
        ]
    )["sqlite"]

    assert (found.operations, found.stores) == (["a", "b"], ["django"])
    assert found.sql["django", "a"] == [Sent(2, "SELECT 1", ("int",))]
    assert found.sql["django", "b"] == "no such lock"
    assert list(found.latest_costs()) == ["django"]
    assert (found.costs["django"].rows, found.absent) == (9, {"redis": "no server"})


def test_a_statement_gets_a_line_for_each_clause_and_keeps_its_words() -> None:
    sql = "SELECT a FROM b LEFT OUTER JOIN c ON c.x = b.x WHERE a > ? ORDER BY a LIMIT ? OFFSET ?"

    pretty = Sent(1, sql).pretty

    assert pretty.split() == sql.split()
    assert pretty.splitlines()[1:3] == ["FROM b", "LEFT OUTER JOIN c ON c.x = b.x"]


def test_a_store_without_its_library_names_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    libraries = {"sqlite3": (), "nowhere": ("no_such_library_at_all",)}
    monkeypatch.setattr(layers_module, "LIBRARIES", libraries)

    assert missing_libraries() == {"nowhere": "pip install no_such_library_at_all"}


def test_a_lazy_page_sends_one_statement_more_than_it_has_parents() -> None:
    assert counts("lazy", 100, 10) == (101, 1_100)
    assert counts("join", 100, 10) == (1, 1_000)
    assert counts("select_in", 100, 10) == (2, 1_100)
    with pytest.raises(ValueError, match="strategy must be one of lazy, join, select_in"):
        counts("eager", 1, 1)


@given(
    st.floats(0.01, 5),
    st.floats(0.001, 0.5),
    st.sampled_from(STRATEGIES),
    st.floats(0, 10),
)
def test_prices_are_found_again_in_pages_that_were_made_from_them(
    statement_ms: float, row_ms: float, strategy: str, rtt_ms: float
) -> None:
    price = Price(statement_ms, row_ms)
    key = Key("sqlite", "django", strategy)
    pages = [
        _page(key, parents, children, price.page_ms(strategy, parents, children, rtt_ms), rtt_ms)
        for parents in (1, 20, 100)
        for children in (1, 30)
    ]

    found = fit(pages)

    for page in pages:
        again = found.page_ms(strategy, page.parents, page.children, rtt_ms)
        assert again == pytest.approx(page.ms, rel=0.02)


def test_a_single_page_has_a_price_that_gives_it_again() -> None:
    found = fit([_page(LAZY, 100, 10, 50.0)])

    assert found.page_ms("lazy", 100, 10, 0.0) == pytest.approx(50.0)
    with pytest.raises(ValueError, match="one measured page"):
        fit([])


@pytest.mark.parametrize(
    "pages",
    [
        [_page(LAZY, 10, 1, 10.0), _page(LAZY, 10, 30, 5.0)],
        [_page(LAZY, 10, 1, 1.0), _page(LAZY, 100, 1, 9.0), _page(LAZY, 100, 30, 200.0)],
    ],
)
def test_no_price_is_below_zero(pages: list[Page]) -> None:
    found = fit(pages)

    assert found.statement_ms >= 0
    assert found.row_ms >= 0


@given(st.sampled_from(STRATEGIES), st.integers(1, 50), st.integers(1, 20), st.floats(0, 10))
def test_the_statements_of_a_page_add_up_to_its_price(
    strategy: str, parents: int, children: int, rtt_ms: float
) -> None:
    price = Price(0.3, 0.01)

    each = expected(price, strategy, parents, children, rtt_ms)

    assert len(each) == counts(strategy, parents, children)[0]
    assert sum(each) == pytest.approx(price.page_ms(strategy, parents, children, rtt_ms))


def test_bars_lie_behind_each_other_and_wait_for_the_round_trip_first() -> None:
    found = bars("lazy", [3.0, 2.0], 1.0)

    assert [(bar.kind, bar.start_s, bar.end_s) for bar in found] == [
        ("wait", 0.0, 0.001),
        ("run", 0.001, 0.003),
        ("wait", 0.003, 0.004),
        ("run", 0.004, pytest.approx(0.005)),
    ]
    assert {bar.kind for bar in bars("join", [1.0], 0.0)} == {"run"}


def test_the_distance_at_which_lazy_costs_twice_is_where_the_prices_say() -> None:
    lazy, eager = Price(0.1, 0.01), Price(0.4, 0.01)

    rtt_ms = break_even(lazy, eager, 100, 10)

    assert rtt_ms is not None
    slow = lazy.page_ms("lazy", 100, 10, rtt_ms)
    assert slow == pytest.approx(2 * eager.page_ms("select_in", 100, 10, rtt_ms))
    assert break_even(lazy, eager, 1, 1) is None


def test_pages_are_read_with_findings_and_refusals() -> None:
    told = {"backend": "sqlite", "orm": "django", "children": 2, "parents": 3, "rtt_ms": 0.0}
    shape = {"ms": 4.0, "statements_us": [1, 2], "sql": ["SELECT 1"]}
    finding = {"relation": "a.B.c", "loads": 3, "place": "x.py:1", "fix": "fix"}
    found = read_pages(
        [
            {"type": "page", **told, **shape, "strategy": "lazy", "finding": finding},
            {"type": "page", **told, **shape, "strategy": "select_in", "ms": 1.0},
            {"type": "refused_page", **told, "strategy": "join", "reason": "not that way"},
            {"type": "done"},
        ]
    )

    assert [key.strategy for key in found.keys("sqlite", "django")] == ["lazy", "select_in"]
    assert found.at(LAZY, 3, 2, 0.0) == Page(LAZY, 3, 2, 0.0, 4.0, (1, 2), ("SELECT 1",))
    assert found.at(LAZY, 3, 2, 1.0) is None
    assert found.findings["django"]["parents"] == 3
    assert found.refused == {Key("sqlite", "django", "join"): "not that way"}


def test_curves_are_read_by_pool_with_what_is_absent() -> None:
    found = read_curves(
        [
            {"type": "point", "pool": "psycopg_pool", "size": 1, "tps": 200.0, "p99_ms": 9.0},
            {"type": "point", "pool": "psycopg_pool", "size": 8, "tps": 900.0, "worst_wait_ms": 7},
            {"type": "point", "pool": "pgbench", "size": 8, "tps": 2000.0},
            {"type": "absent", "pool": "ours", "reason": "nothing answers"},
            {"type": "done"},
        ]
    )

    assert found.series("tps")["psycopg_pool"] == [(1.0, 200.0), (8.0, 900.0)]
    assert "pgbench" not in found.series("p99_ms")
    assert found.hold_ms() == pytest.approx(5.0)
    assert found.worst_waits(8) == {"psycopg_pool": 7.0}
    assert found.absent == {"ours": "nothing answers"}
    assert read_curves([]).hold_ms() is None


def _step(session: str, sql: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    usual = {"rows": None, "rowcount": 0, "sqlstate": "", "error": "", "blocked_by": ()}
    rest = {"released_by": None, "skipped": False, "label": "", "blocked_s": None}
    return {
        **usual,
        **rest,
        "session": session,
        "sql": sql,
        "started_s": start,
        "finished_s": end,
        **more,
    }


PLAYED = [
    _step("T1", "UPDATE a", 0.0, 0.1, rowcount=1),
    _step(
        "T2",
        "UPDATE b",
        0.2,
        0.45,
        blocked_by=["T1"],
        released_by="T1: COMMIT",
        sqlstate="40001",
        error="could not serialize",
    ),
    _step("T1", "COMMIT", 0.3, 0.4),
    _step("T2", "UPDATE c", 0.5, 0.5, skipped=True),
    _step("T2", "ROLLBACK", 0.6, 0.7),
]


def _play() -> Any:
    events = [
        {"type": "anomaly", "name": "P4", "title": "lost update", "meaning": "one is gone"},
        {
            "type": "play",
            "backend": "postgresql",
            "level": "serializable",
            "anomaly": "P4",
            "verdict": "prevented",
            "final": [[1, 11]],
            "steps": PLAYED,
        },
        {"type": "done"},
    ]
    plays = read_plays(events)
    assert plays.levels() == [("postgresql", "serializable")]
    assert plays.verdict("postgresql", "serializable", "P4") == "prevented"
    assert plays.verdict("sqlite", "serializable", "P4") == ""
    return next(iter(plays.plays.values()))


def test_a_step_that_waited_lasts_until_the_step_that_let_it_go_on() -> None:
    play = _play()

    assert [(one.row, one.end, one.kind) for one in play.steps] == [
        (0, 1, "ran"),
        (1, 3, "given up"),
        (2, 3, "ran"),
        (3, 4, "not sent"),
        (4, 5, "ran"),
    ]
    assert play.sessions == ["T1", "T2"]


def test_the_player_tells_a_play_step_by_step() -> None:
    play = _play()

    told = [sentence(play, upto) for upto in range(6)]

    assert "nothing was sent yet" in told[0]
    assert told[1].startswith("Step 1 of 5: T1 sends `UPDATE a`")
    assert told[2].endswith("and waits for T1.")
    assert [one.sql for one in play.waiting(2)] == ["UPDATE b"]
    assert not play.waiting(3)
    assert "would send `UPDATE c`" in told[4]
    assert told[5].endswith("`ROLLBACK`: done.")


def test_what_a_wait_ended_in_is_told_when_it_has_ended() -> None:
    steps_ = [*PLAYED[:2], PLAYED[2] | {"started_s": 0.1, "finished_s": 0.15}]
    event = {"type": "play", "backend": "b", "level": "l", "anomaly": "P4", "verdict": "possible"}
    (play,) = read_plays([{**event, "final": [], "steps": steps_}]).plays.values()

    said = sentence(play, 3)

    assert "waits for T1, for 250.0 ms; it goes on after T1: COMMIT: 40001" in said


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"rows": [[1, 10], [2, 20]]}, "1, 10; 2, 20"),
        ({"rows": []}, "no row"),
        ({"rowcount": 3}, "3 changed"),
        ({}, "done"),
        ({"sqlstate": "40001", "error": "no"}, "40001: no"),
        ({"skipped": True}, "not sent: its transaction had failed"),
    ],
)
def test_an_outcome_is_said_in_a_few_words(more: dict[str, Any], outcome: str) -> None:
    event = {"type": "play", "backend": "b", "level": "l", "anomaly": "a", "verdict": "possible"}

    plays = read_plays([{**event, "final": [], "steps": [_step("T1", "x", 0, 1, **more)]}])

    assert next(iter(plays.plays.values())).steps[0].outcome == outcome


def test_a_step_that_only_waited_is_drawn_as_waiting() -> None:
    event = {"type": "play", "backend": "b", "level": "l", "anomaly": "a", "verdict": "possible"}
    waited = _step("T1", "x", 0, 1, blocked_by=["T2"], released_by="T2: COMMIT")

    (play,) = read_plays([{**event, "final": [], "steps": [waited]}]).plays.values()

    assert play.steps[0].kind == "waited"


def test_sqlite_plans_are_there_at_once_and_the_right_index_needs_no_sort() -> None:
    found = sqlite_plans(500)

    kinds = {name: [row.kind for row in tree(one.plan)] for name, one in found.by_index.items()}

    assert kinds["none"] == ["SCAN", "USE TEMP B-TREE FOR ORDER BY"]
    assert kinds["composite"] == ["SEARCH"]
    assert tree(found.by_index["single"].plan)[0].what.startswith("using event_by on event")
    assert all(row.depth == 0 and row.figures == "" for row in tree(found.by_index["none"].plan))


def _node(**values: Any) -> dict[str, Any]:
    usual = {"kind": "Limit", "relation": None, "index": None, "condition": "", "loops": 1}
    counted = {"estimated_rows": 2.0, "actual_rows": 2.0, "removed": 0, "milliseconds": 1.0}
    return {**usual, **counted, "buffers": 10, "disk_kb": 0, "children": [], **values}


def test_a_plan_is_read_with_its_tree_its_figures_and_its_advice() -> None:
    scan = _node(kind="Seq Scan", relation="event", removed=98, buffers=5)
    told = {"dialect": "postgresql", "rows": 100, "buffers": 10}
    found = read_plans(
        [
            {
                "type": "plan",
                **told,
                "index": "none",
                "made_by": "",
                "root": _node(children=[scan]),
                "advice": [{"rule": "seq-scan", "evidence": "read 100"}],
            },
            {"type": "plan", **told, "page": "offset", "depth": 9, "root": _node(), "advice": []},
            {"type": "done"},
        ]
    )

    first, second = tree(found.by_index["none"].plan)
    assert (first.depth, second.depth) == (0, 1)
    assert second.figures == "2 rows, 5 pages, 98 thrown away"
    assert second.share == pytest.approx(0.5)
    assert found.by_index["none"].advice == (("seq-scan", "read 100"),)
    assert (list(found.pages), found.depth, found.rows) == (["offset"], 9, 100)


def test_a_strip_knows_the_longest_write_that_met_the_change() -> None:
    writes = ((0.0, 9.0), (0.2, 1.0), (0.29, 50.0), (0.9, 70.0))
    felt = Felt("c", "w", 0.3, 0.5, 0, writes)

    assert felt.max_stall_ms == 50.0
    assert felt.seconds == pytest.approx(0.2)
    assert felt.p50_ms == 29.5
    assert (Felt("c", "w", 0, 1, 0, ()).max_stall_ms, Felt("c", "w", 0, 1, 0, ()).p50_ms) == (0, 0)


def test_changes_are_read_by_what_is_changed() -> None:
    felt = {"type": "change", "change": "an index", "start_s": 0.1, "end_s": 0.2, "errors": 0}
    lock = {"rewrites": False, "scans": True, "blocks_reads": False, "blocks_writes": True}
    found = read_changes(
        [
            {**felt, "way": "CREATE INDEX", "writes": [[0.1, 2.0]]},
            {**felt, "way": "CONCURRENTLY", "writes": []},
            {"type": "lock", "ddl": "CREATE INDEX", "mode": "ShareLock", **lock},
            {"type": "done"},
        ]
    )

    (ways,) = found.by_change().values()
    assert [one.way for one in ways] == ["CREATE INDEX", "CONCURRENTLY"]
    assert found.locks[0].blocks_writes


def test_costs_of_lists_of_another_length_are_left_out() -> None:
    cost = {"type": "cost", "backend": "sqlite", "ms": 1.0, "peak_kb": 2.0, "held_kb": 1.0}
    events = [
        {**cost, "store": "peewee", "rows": 10},
        {**cost, "store": "django", "rows": 20},
        {**cost, "store": "sqlite3", "rows": 20},
    ]

    found = read_layers(events)["sqlite"]

    assert list(found.latest_costs()) == ["sqlite3", "django"]
