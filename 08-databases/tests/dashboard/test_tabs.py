"""What the tabs draw from events, without a server and without a page."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet.ui import kit
from velvet_databases import dashboard
from velvet_databases.dashboard import (
    isolation,
    layers,
    migrations,
    n_plus_one,
    plans,
    pool,
    tasks,
)

RECORDED = Path(dashboard.__file__).parent / "recorded"


def recorded(name: str) -> kit.Seen:
    """Return a recorded run as a tab sees it, at the controls' defaults."""
    head, *events = map(json.loads, (RECORDED / name).read_text(encoding="utf-8").splitlines())
    return kit.Seen(events, head["options"], head["options"])


def test_the_detector_names_the_relation_and_a_fix() -> None:
    found = [page["finding"] for page in recorded("pages.jsonl").of("page") if "finding" in page]

    assert found
    assert "selectinload" in found[-1]["fix"]


def test_a_lazy_page_is_dearer_the_farther_away() -> None:
    near = recorded("pages.jsonl")
    far = kit.Seen(near.events, near.options, {**near.wanted, "rtt_ms": 10.0})

    assert "101 statements" in n_plus_one.finding(near)
    assert n_plus_one.finding(near) != n_plus_one.finding(far)
    pages = n_plus_one._by_strategy(near)
    assert n_plus_one.timeline(pages, (100, 10, 1.0)).data
    figure = n_plus_one.by_distance(pages, (100, 10, 1.0))
    assert all(line.y[-1] > line.y[0] for line in figure.data if line.mode == "lines")
    axis = figure.layout.yaxis
    assert [float(words.replace(",", "")) for words in axis.ticktext] == sorted(axis.tickvals)


@given(st.floats(0.01, 5), st.floats(0.001, 1), st.floats(0, 10), st.sampled_from(["lazy", "join"]))
def test_the_prices_of_made_up_pages_are_found_again(
    statement: float, row: float, rtt: float, strategy: str
) -> None:
    price = n_plus_one.Price(statement, row)
    pages = [
        {
            "strategy": strategy,
            "parents": parents,
            "children": children,
            "rtt_ms": rtt,
            "ms": price.page_ms(strategy, parents, children, rtt),
        }
        for parents, children in [(1, 1), (10, 1), (100, 10), (10, 50)]
    ]

    assert n_plus_one.fit(pages) == pytest.approx(price, rel=1e-3, abs=1e-6)


def test_a_price_of_no_page_is_refused() -> None:
    with pytest.raises(ValueError, match="one measured page or more"):
        n_plus_one.fit([])


def test_every_store_sends_something_or_says_why_not() -> None:
    seen = recorded("layers.jsonl")
    sent = {one["store"]: one["sent"] for one in seen.of("store")}

    assert {"sqlite3", "sqlalchemy orm", "django", "peewee"} <= set(sent)
    lazily = sent["peewee"]["10 orders with lines, lazy"]
    assert sum(times for times, _, _ in lazily) == 11
    assert "as long** as" in layers.finding(seen)


def test_only_the_breaks_of_a_statement_change() -> None:
    sql = "SELECT a FROM t LEFT OUTER JOIN u ON t.a = u.a WHERE a > 1 ORDER BY a LIMIT 5"

    assert layers.pretty(sql).split() == sql.split()
    assert layers.pretty(sql).count("\n") == 5


def test_every_cell_of_the_grid_was_played_and_what_waits_lasts() -> None:
    plays = recorded("plays.jsonl").of("play")
    where = "PostgreSQL, repeatable read"
    p4 = next(play for play in plays if (play["anomaly"], play["where"]) == ("P4", where))

    steps = isolation.played(p4["steps"])

    assert len(plays) == 40
    waited = [step for step in steps if step["blocked_by"]]
    assert waited
    assert all(step["end"] > step["row"] + 1 for step in waited)
    assert [step["row"] for step in steps] == list(range(len(steps)))
    for upto in range(len(steps) + 1):
        bars = isolation.lanes(steps, upto).data
        assert sum(len(bar.x) for bar in bars) == min(upto, len(steps))
    table = isolation.grid(plays, p4)
    assert table.count("outline") == 1
    for play in plays:  # no code stands without its words
        assert f"<tr title='{escape(play['meaning'])}'>" in table
        assert f"{play['anomaly']}: {play['title']}" in table
    assert "serializable **10**" in isolation.finding(recorded("plays.jsonl"))


def test_the_sentence_follows_the_steps() -> None:
    plays = recorded("plays.jsonl").of("play")
    where = "PostgreSQL, repeatable read"
    p4 = next(play for play in plays if (play["anomaly"], play["where"]) == ("P4", where))

    steps = isolation.played(p4["steps"])
    told = [isolation.sentence(steps, upto) for upto in range(len(steps) + 1)]

    assert told[0].startswith("Every session has begun")
    assert told[4].endswith("and waits for T1.")
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"skipped": True}, "not sent: its transaction had failed"),
        ({"sqlstate": "40001", "error": "no"}, "40001: no"),
        ({"rows": None, "rowcount": 2}, "2 changed"),
        ({"rows": None}, "done"),
        ({"rows": []}, "no row"),
        ({"rows": [[1, "a"], [2, "b"]]}, "1, a; 2, b"),
    ],
)
def test_an_outcome_is_told_in_a_few_words(change: dict[str, Any], words: str) -> None:
    step = {"skipped": False, "sqlstate": "", "error": "", "rows": [], "rowcount": 0}

    assert isolation.outcome({**step, **change}) == words


def test_the_simulation_answers_at_once_and_measured_curves_stand_beside_it() -> None:
    seen = recorded("pools.jsonl")
    measured: dict[str, list[dict[str, Any]]] = {}
    for event in seen.of("point"):
        measured.setdefault(event["pool"], []).append(event)

    points = pool._simulated(32, 2.0, 0.5)
    names = [line.name for line in pool.served(measured, points, 2.5).data]

    assert {"simulated", "ours", "Little's law: size / hold"} <= set(names)
    assert "The knee is at" in pool.finding(kit.Seen(wanted=seen.options))


def test_a_plan_is_drawn_with_its_shares_and_hostile_text_is_escaped() -> None:
    found = next(one for one in recorded("plans.jsonl").of("explained") if one["pages"])
    found = {**found, "tree": [{**found["tree"][0], "what": "<script>"}]}

    assert "&lt;script&gt;" in plans.tree_html(found)
    assert "x less" in plans.finding(recorded("plans.jsonl"))


def test_a_forgotten_reader_is_felt_by_the_writer_that_queues() -> None:
    seen = recorded("changes.jsonl")
    ways = [one for one in seen.of("change") if one["way"] in ("queued", "lock timeout")]

    assert len(migrations.strips(ways).data) == 2
    assert "makes a write wait" in migrations.finding(seen)
    assert len(seen.of("lock")) == len(tasks.DDL)


def test_a_missing_server_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from velvet import services

    def missing(**_: Any) -> Any:
        raise services.ServiceUnavailable("postgres", [("binary", "hidden")], "Install it.")

    monkeypatch.setattr(services, "postgres", missing)

    with pytest.raises(ValueError, match="no postgres here"):
        list(tasks.plans(rows=1_000))
