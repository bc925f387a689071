"""The dashboard's data: requests, what children tell, curves, searches, stories and streams."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.caches.sieve import SieveCache
from velvet_algorithms.caches.simulate import belady_hits
from velvet_algorithms.contenders import families
from velvet_algorithms.explorer import (
    ALGORITHMS,
    FAMILIES,
    AttackRequest,
    LabRequest,
    TraceRequest,
    crossings,
    family_of,
    hit_curves,
    quick_assault,
    read_assault,
    read_hierarchy,
    read_lab,
    read_recording,
    searches,
    sieve_story,
    sizes_for,
    stream_checkpoints,
    town,
    unpacked,
)
from velvet_algorithms.explorer.assault import assault
from velvet_algorithms.explorer.child import main
from velvet_algorithms.explorer.measuring import grow, seconds_of


def _told(*argv: str) -> list[dict[str, Any]]:
    sink = io.StringIO()
    assert main(argv, sink=sink) == 0
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def test_every_family_is_offered_with_sizes_that_its_own_rules_accept() -> None:
    assert set(FAMILIES) == set(families())
    for name, offered in FAMILIES.items():
        problems = LabRequest(name, offered.smallest, offered.largest, 6, ()).problems()
        assert problems == ["choose 1 to 6 contenders, not 0"]


def test_a_family_without_a_place_in_the_list_is_offered_cautiously() -> None:
    assert family_of("something new").largest <= 3_000


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (LabRequest("maps", 10, 100, 5, ("x",)), "family must be one of closest_pair"),
        (LabRequest("hull", 9, 100, 5, ("monotone_chain",)), "at least 10, not 9"),
        (LabRequest("hull", 10, 10**7, 5, ("monotone_chain",)), "at most 100,000 for hull"),
        (LabRequest("hull", 10, 39, 5, ("monotone_chain",)), "four times the smallest"),
        (LabRequest("hull", 10, 100, 2, ("monotone_chain",)), "sizes must be 3 to 9, not 2"),
        (LabRequest("hull", 10, 100, 5, ("gift wrap",)), "hull has no contender 'gift wrap'"),
    ],
)
def test_a_measurement_that_cannot_be_is_refused(request_: LabRequest, said: str) -> None:
    assert said in "; ".join(request_.problems())
    with pytest.raises(ValueError, match=r"must be|contender"):
        request_.argv()


def test_sizes_are_equally_far_apart_and_end_where_they_were_asked_to() -> None:
    assert LabRequest("hull", 10, 1_000, 3, ()).sizes == [10, 100, 1_000]
    assert LabRequest("hull", 10, 12, 9, ()).sizes == [10, 11, 12]


def test_an_absent_contender_is_refused_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "velvet_algorithms.contenders.Contender.absent",
        property(lambda one: "pip install scipy" if one.needs else ""),
    )

    assert "scipy: pip install scipy" in LabRequest("hull", 10, 100, 5, ("scipy",)).problems()


def test_the_child_measures_and_its_lines_become_curves_with_fits() -> None:
    request = LabRequest("hull", 20, 640, 5, ("monotone_chain",))

    told = _told(*request.argv()[2:])

    run = read_lab(told)
    curve = run.curves["monotone_chain"]
    assert run.finished
    assert run.done == run.total == 5
    assert curve.sizes == request.sizes
    assert curve.power is not None
    assert curve.shape is not None
    assert curve.label.startswith("monotone_chain: n^")
    assert run.enough


def test_without_names_the_child_measures_all_that_are_here() -> None:
    told = _told("grow", "--family", "knapsack", "--sizes", "10", "20", "--clock", "cpu")

    run = read_lab(told)

    assert set(run.curves) == {"lists", "numpy"}
    assert run.curves["lists"].power is None
    assert run.curves["lists"].label == "lists"
    assert not run.enough


def test_nobody_is_asked_beyond_its_limit_or_the_time() -> None:
    told: list[dict[str, Any]] = []

    grow("closest_pair", ["every_pair", "grid"], [50, 400], told.append)
    grow("closest_pair", ["grid"], [50, 100], told.append, budget_s=0.0)

    left = [(event["name"], event["n"], event["why"]) for event in told if event["type"] == "left"]
    assert left[0] == ("every_pair", 400, "not asked beyond n = 300")
    assert {why for _, _, why in left[1:]} == {"the time was up"}


def test_a_size_that_would_take_most_of_what_is_left_is_left_out() -> None:
    told: list[dict[str, Any]] = []

    grow("closest_pair", ["grid"], [50, 100, 50_000], told.append, budget_s=2.0)

    (left,) = [event for event in told if event["type"] == "left"]
    assert left["n"] == 50_000
    assert "would take about" in left["why"]


def test_answers_that_differ_are_told_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from velvet_algorithms.contenders import Contender

    real = Contender.prepare
    monkeypatch.setattr(
        Contender,
        "prepare",
        lambda one, n, seed=0: (
            (lambda: "wrong") if one.name == "numpy" else real(one, n, seed=seed)
        ),
    )
    told: list[dict[str, Any]] = []

    grow("knapsack", ["lists", "numpy"], [10], told.append)

    assert read_lab(told).differs == ["lists and numpy answer differently at n = 10"]


def test_a_call_is_timed_over_rounds_that_are_long_enough() -> None:
    class Steps:
        now = 0.0
        calls = 0

        def run(self) -> None:
            self.calls += 1
            self.now += 0.0005 if self.calls < 20 else 0.0004

    steps = Steps()

    assert seconds_of(steps.run, lambda: steps.now) == pytest.approx(0.0004)
    assert steps.calls == 1 + 2 + 4 + 5 * 4


def _lab(curves: dict[str, list[float]]) -> Any:
    events = [
        {"type": "point", "name": name, "kind": "ours", "n": n, "seconds": cost}
        for name, costs in curves.items()
        for n, cost in zip((10, 100, 1000), costs, strict=True)
    ]
    return read_lab([{"type": "begin", "family": "f", "total": 9}, *events, {"type": "news"}])


def test_a_crossing_lies_between_the_sizes_where_the_lead_changes() -> None:
    run = _lab({"steep": [1, 10, 100], "flat": [5, 10.5, 20], "high": [900, 900, 900]})

    (found,) = crossings(list(run.curves.values()))

    assert (found.slower, found.faster) == ("steep", "flat")
    assert 100 < found.size < 130
    assert 10 < found.seconds < 13


def test_curves_that_never_part_do_not_cross() -> None:
    run = _lab({"one": [1.0, 1.02, 0.99], "other": [1.01, 1.0, 1.0]})

    assert crossings(list(run.curves.values())) == []


def test_curves_without_two_common_sizes_do_not_cross() -> None:
    run = _lab({"one": [1, 2, 3]})
    run.add("other", "ours", 10, 9.0)

    assert crossings(list(run.curves.values())) == []


def test_a_recording_holds_one_run_a_family() -> None:
    lines = [
        {"type": "begin", "family": "a", "total": 1},
        {"type": "point", "name": "x", "kind": "ours", "n": 10, "seconds": 1.0},
        {"type": "begin", "family": "b", "total": 1},
        {"type": "left", "name": "x", "n": 10, "why": "slow"},
    ]

    runs = read_recording("\n".join(map(json.dumps, lines)))

    assert runs["a"].curves["x"].seconds == [1.0]
    assert runs["b"].left == [("x", 10, "slow")]
    with pytest.raises(ValueError, match="begins with a line of type 'begin'"):
        read_recording(json.dumps(lines[1]))


def test_all_algorithms_find_the_same_length_and_the_hierarchy_settles_least() -> None:
    where = town(24, 1)

    found = searches(where, 120, 400, timer=iter(range(1000)).__next__)

    assert [one.name for one in found] == list(ALGORITHMS)
    assert len({one.result.distance for one in found}) == 1
    assert min(found, key=lambda one: len(one.result.settled)).name == "hierarchy"
    assert {one.seconds for one in found} == {1}


def test_shortcuts_unpack_to_the_streets_of_the_route() -> None:
    where = town(24, 1)
    assert where.hierarchy is not None
    result = searches(where, 30, 500)[-1].result

    parts = unpacked(where.hierarchy, result.packed)

    assert parts
    assert all(len(part) > 2 for part in parts)
    assert all(node in result.path for part in parts for node in part)


def test_a_large_town_has_a_hierarchy_only_when_one_is_given() -> None:
    told = _told("roads", "--side", "41", "--seed", "1")
    hierarchy = read_hierarchy(told)
    assert hierarchy is not None

    without, given = town(41, 1), town(41, 1, hierarchy)

    assert [one.name for one in searches(without, 0, 1)] == list(ALGORITHMS[:-1])
    assert len({one.result.distance for one in searches(given, 3, 1600)}) == 1
    assert read_hierarchy([{"type": "news"}]) is None


def test_towns_and_crossings_out_of_range_are_refused() -> None:
    where = town(4, 1)

    with pytest.raises(ValueError, match="side must be 2 to 80"):
        town(81, 1)
    with pytest.raises(ValueError, match="this hierarchy has 16 nodes, the town 25"):
        town(5, 1, where.hierarchy)
    with pytest.raises(ValueError, match="target must be a crossing from 0 to 15, not 16"):
        searches(where, 0, 16)


def test_streets_are_lines_with_gaps_and_main_roads_are_few() -> None:
    where = town(16, 1)

    main, other = where.streets(main=True), where.streets(main=False)

    assert len(main[0]) % 3 == len(other[1]) % 3 == 0
    assert np.isnan(main[0]).sum() + np.isnan(other[0]).sum() == len(where.graph.edges)
    assert [column.tolist() for column in where.dots([0])] == [[x] for x in where.graph.points[0]]
    assert where.dots([])[0].size == 0


@pytest.mark.parametrize("name", ["zipf", "zipf_scan", "loop", "drift"])
def test_no_policy_is_above_beladys_line(name: str) -> None:
    request = TraceRequest(name, requests=1_500, keys=200)
    trace = request.make()

    curves = hit_curves(trace, [10, 50, 182])

    assert len(trace) == 1_500
    assert list(curves) == ["Belady", "LRU", "LFU", "SIEVE", "S3-FIFO"]
    for name_, points in curves.items():
        assert all(
            y <= best for (_, y), (_, best) in zip(points, curves["Belady"], strict=True)
        ), name_
    assert curves["Belady"][0] == (10.0, belady_hits(trace, 10) / 1_500)


def test_traces_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="trace must be one of zipf"):
        TraceRequest("waves").make()
    with pytest.raises(ValueError, match="requests must be 500 to 20,000, not 20"):
        TraceRequest(requests=20).make()


def test_cache_sizes_reach_from_a_hundredth_to_all_keys() -> None:
    assert sizes_for(1100)[0] == 11
    assert sizes_for(1100)[-2:] == [1000, 1100]
    assert sizes_for(3) == [1, 2, 3]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 8), max_size=60), st.integers(1, 5))
def test_a_sieves_story_adds_up_to_the_sieve(trace: list[int], size: int) -> None:
    cache: SieveCache[int, bool] = SieveCache(size)

    steps = sieve_story(trace, size)

    for step, key in zip(steps, trace, strict=True):
        assert step.hit == (cache.get(key) is not None)
        if not step.hit:
            cache[key] = True
        assert (list(step.after), step.hand_after) == cache.queue()
        gone = {old for old, _ in step.before} - {now for now, _ in step.after}
        assert gone == ({step.evicted} if step.evicted is not None else set())
        assert str(key) in step.sentence


def test_a_step_says_what_the_hand_did() -> None:
    steps = sieve_story([1, 2, 1, 1, 3], 2)

    assert steps[0].sentence == "1 is not here and there is room: it comes in at the new end."
    assert steps[2].sentence == "1 is here. It gets a mark; nothing moves."
    assert steps[3].sentence == "1 is here. It is marked already."
    assert "The hand passes 1 and clears the mark. 2 has no mark and goes." in steps[4].sentence
    assert steps[4].spared == (1,)


def test_checkpoints_hold_truth_and_bounds() -> None:
    points = stream_checkpoints(2_000, 500, p=10, k=40)

    assert [point.seen for point in points] == [500, 1_000, 1_500, 2_000]
    for point in points:
        assert point.off_by < 4
        assert point.rank_error < 0.02
        for word in point.top:
            assert word.low <= word.true <= min(word.high, word.count_min)
        assert point.bytes_used["HyperLogLog"] == 1_024
    counts = Counter(word.true for word in points[-1].top)
    assert sum(counts.values()) == 8


def test_a_stream_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="500 to 50,000 items here, not 60,000"):
        stream_checkpoints(60_000, 500)


@pytest.mark.parametrize("name", ["hash flood", "quicksort killer", "sorted inserts"])
def test_hostile_keys_cost_quadratic_work_and_the_defence_does_not(name: str) -> None:
    run = quick_assault(name)

    hostile, defended = run.fit("hostile", "operations"), run.fit("defended", "operations")

    assert hostile is not None
    assert defended is not None
    assert 1.7 < hostile.exponent < 2.3
    assert defended.exponent < 1.6
    assert run.finished


def test_an_attack_is_told_point_by_point_and_ends_with_done() -> None:
    request = AttackRequest("sorted inserts", 256)

    told = _told(*request.argv()[2:])

    run = read_assault([*told, {"type": "news"}])
    assert request.sizes == [64, 128, 256]
    assert [point.n for point in run.points] == request.sizes
    assert run.finished
    assert run.series("hostile", "operations")[0] == (64.0, 64 * 63 / 2 + 64)


def test_an_attack_stops_asking_when_the_time_is_up() -> None:
    moments = iter([0.0, 0.0, 0.0, 10.0, 10.0, 10.0])
    told: list[dict[str, Any]] = []

    assault("sorted inserts", [64, 128, 256], told.append, clock=lambda: next(moments))

    assert read_assault(told).left == [128, 256]
    assert read_assault(told).fit("hostile", "seconds") is None


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (AttackRequest("teardrop", 1024), "attack must be one of hash flood"),
        (AttackRequest("hash flood", 64), "must be 256 to 4,000 for this, not 64"),
        (AttackRequest("hash flood", 10**6), "must be 256 to 4,000 for this, not 1,000,000"),
    ],
)
def test_an_attack_that_cannot_be_is_refused(request_: AttackRequest, said: str) -> None:
    assert said in "; ".join(request_.problems())
    with pytest.raises(ValueError, match="must be"):
        request_.argv()
