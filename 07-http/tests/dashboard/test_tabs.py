"""Each tab says what its figure shows, and nothing before there is something to say."""

from __future__ import annotations

import pytest

from velvet.ui.kit import Seen
from velvet_http.dashboard import cache_transfer, fault_atlas, race, storm, tasks, timeline

LAB = {"offered": 80, "outage": 10, "attempts": 4, "jitter": "full"}


@pytest.mark.parametrize(("budget", "said"), [(0, "never comes back"), (10, "is back **0 s**")])
def test_the_storm_ends_with_a_budget(budget: int, said: str) -> None:
    options = {**LAB, "budget": budget}

    assert said in storm.finding(Seen(wanted=options))
    assert len(storm.figure_of(storm.result_of(options)).data) == 2


def test_the_atlas_counts_what_is_dangerous() -> None:
    base = {"type": "cell", "client": "a", "text": "x"}
    cells = [
        {**base, "fault": "ok", "kind": "correct"},
        {**base, "fault": "truncated gzip", "kind": "accepted"},
        {**base, "fault": "drip", "kind": "hung"},
    ]

    said = fault_atlas.finding(Seen(cells))

    assert "Of 3 runs, **1** accept" in said
    assert "**1** outlast" in said
    assert fault_atlas.figure_of(cells).data[0].text[1][0] == "YES!"
    assert fault_atlas.finding(Seen([])) == ""


def test_the_race_compares_the_ends() -> None:
    last = tasks.FLIGHTS[-1]
    points = [
        {"type": "point", "client": name, "in_flight": n, "us": us}
        for name, n, us in (("aiohttp", last, 100.0), ("httpx", 1, 1000.0), ("httpx", last, 4000.0))
    ]

    assert "**4.0x**" in race.finding(Seen(points))
    assert "**40x**" in race.finding(Seen(points))
    assert race.finding(Seen(points[:1])) == ""


@pytest.mark.parametrize("hedge", [False, True])
def test_calls_tell_their_attempts(hedge: bool) -> None:
    service = timeline.SERVICES[1 if hedge else 0]

    attempts = list(tasks.calls(service, hedge))

    sorts = {timeline.sort_of(one) for one in attempts}
    assert ("hedge" in sorts) is hedge
    assert "12 calls, all answered" in timeline.finding(Seen(attempts))
    assert len(timeline.figure_of(attempts).data) == 3
    assert timeline.finding(Seen([])) == ""


def test_a_life_of_a_response_and_a_map_of_a_download() -> None:
    strip = cache_transfer.strip("max-age=60, stale-while-revalidate=60", "nothing")
    assert strip == [("hit", 0, 60), ("stale", 60, 121), ("revalidate", 121, 180)]

    parts = list(tasks.resume(22))
    assert "6 requests moved **120,000 bytes**" in cache_transfer.finding(Seen(parts))
    assert cache_transfer.finding(Seen([])) == ""
