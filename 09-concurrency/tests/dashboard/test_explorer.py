"""The explorer's data: what becomes of spans, samples, benchmark events and simulations."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_concurrency.samples.child import ChildError
from velvet_concurrency.explorer import (
    LIMITERS,
    PATTERNS,
    Grid,
    Parameters,
    between,
    breaker_segments,
    breaker_story,
    busiest,
    depth_series,
    drawable,
    flights,
    follow,
    in_cell,
    overload_results,
    probe,
    read_probe,
    read_recording,
    read_run,
    replay_all,
    series,
    shares,
    turn_taking,
    utilisation_grid,
)
from velvet_concurrency.trace import Span, utilisation

MS = 1_000_000


def _span(lane: str, kind: Any, start: float, end: float, task: str = "") -> Span:
    return Span(lane, f"{kind} of {lane}", kind, round(start * MS), round(end * MS), task)


def _event(**values: Any) -> dict[str, Any]:
    told = {"type": "span", "lane": "a", "name": "f", "kind": "run", "t0_ns": 0, "t1_ns": 5}
    return {**told, **values}


SAMPLE = {"type": "sample", "t": 0.5, "rss_mb": 30.0, "cpu_pct": 9.0, "threads": 2}
READING = {**SAMPLE, "loop_lag_ms": 0.1}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (Parameters(model="fibers"), "model must be one of serial, threads, asyncio, processes"),
        (Parameters(tasks=9), "tasks must be 10 to 500, not 9"),
        (Parameters(tasks=501), "tasks must be 10 to 500, not 501"),
        (Parameters(limit=0), "limit must be 1 to 500, not 0"),
        (Parameters(latency_ms=float("nan")), "latency_ms must be 0 to 5000, not nan"),
        (Parameters(cpu_ms=-0.5), "cpu_ms must be 0 to 500, not -0.5"),
        (Parameters(model="serial", tasks=100, latency_ms=996.0), "about 100 s"),
    ],
)
def test_parameters_out_of_range_say_what_would_do(parameters: Parameters, said: str) -> None:
    assert said in "; ".join(parameters.problems())
    with pytest.raises(ValueError, match=r"must be|would take"):
        parameters.argv()


def test_good_parameters_become_the_childs_command_line() -> None:
    argv = Parameters(model="threads", tasks=20, seed=7).argv()

    assert argv[:3] == ["-m", "velvet_concurrency.demo", "--json-lines"]
    assert argv[argv.index("--latency-ms") + 1] == "60.0"
    assert argv[argv.index("--seed") + 1] == "7"


def test_the_predicted_length_follows_the_model() -> None:
    serial = Parameters(model="serial", tasks=10, latency_ms=100, cpu_ms=0)
    waves = Parameters(model="asyncio", tasks=10, latency_ms=100, cpu_ms=0, limit=5)
    bound = Parameters(model="threads", tasks=100, latency_ms=0, cpu_ms=10, limit=100)

    assert serial.seconds == pytest.approx(1.0)
    assert waves.seconds == pytest.approx(0.2)
    assert bound.seconds == pytest.approx(1.0)
    assert Parameters(model="processes").seconds > 1.0


def test_a_run_is_read_from_its_lines() -> None:
    done = {"type": "done", "wall_s": 1.5, "stopped": True, "dropped": 3, "workers": 2}
    progress = {"type": "progress", "done": 4, "total": 10}

    run = read_run(Parameters(), [READING, _event(), progress, {"type": "news"}, done])

    assert (run.done, run.total, run.wall_s, run.stopped, run.dropped) == (4, 10, 1.5, True, 3)
    assert run.readings[0].rss_mb == 30.0
    assert run.spans[0].lane == "a"
    assert run.seconds == 1.5
    assert run.name == "asyncio, 12 at a time"


def test_a_run_that_is_cut_off_is_as_long_as_what_is_known() -> None:
    run = read_run(Parameters(model="serial"), [READING, _event(t1_ns=2_000_000_000)])

    assert run.seconds == 2.0
    assert run.wall_s is None
    assert run.name == "serial"
    assert read_run(Parameters(), []).seconds == 0.0


def test_a_recording_holds_a_run_per_model() -> None:
    heads = [{"type": "run", "model": model} for model in ("asyncio", "threads")]
    lines = [heads[0], _event(), heads[1], _event(), _event()]

    runs = read_recording("\n".join(json.dumps(line) for line in lines))

    assert {model: len(run.spans) for model, run in runs.items()} == {"asyncio": 1, "threads": 2}


def test_a_recording_without_its_head_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with a line of type 'run'"):
        read_recording(json.dumps(_event()))


def test_between_cuts_spans_and_drops_those_outside() -> None:
    spans = [_span("a", "run", 0, 10), _span("a", "run", 20, 30)]

    (only,) = between(spans, 0.005, 0.015)

    assert (only.t0_ns, only.t1_ns) == (5 * MS, 10 * MS)


def test_a_jobs_wait_is_not_covered_by_the_job() -> None:
    spans = [_span("a", "run", 0, 100), _span("a", "wait", 10, 60)]

    bars, lanes = drawable(spans)

    assert [(bar.kind, bar.t0_ns // MS, bar.t1_ns // MS) for bar in bars] == [
        ("run", 0, 10),
        ("wait", 10, 60),
        ("run", 60, 100),
    ]
    assert lanes == 1


def test_slices_that_a_screen_cannot_tell_apart_become_one_bar() -> None:
    slices = [_span("a", "run", n, n + 0.999, "t") for n in range(100)]
    blocks = [_span("a", "block", n + 0.999, n + 1, "t") for n in range(100)]

    bars, _ = drawable([*slices, *blocks, _span("b", "run", 0, 1000)])

    assert len([bar for bar in bars if bar.lane == "a"]) == 1


def test_a_pools_queue_is_one_lane_without_overlaps() -> None:
    spans = [_span("queue", "queue", 0, n, f"job-{n}") for n in (10, 20, 30)]

    bars, _ = drawable([*spans, _span("queue", "queue", 40, 50)])

    assert [(bar.t0_ns // MS, bar.t1_ns // MS) for bar in bars] == [(0, 30), (40, 50)]
    assert bars[0].name == "3 jobs in the queue"


def test_lanes_that_run_survive_the_cut_before_those_that_wait() -> None:
    waiting = [_span(f"task-{n}", "wait", 0, 50) for n in range(10)]

    bars, lanes = drawable([*waiting, _span("MainThread", "run", 5, 9)], most_lanes=3)

    assert len({bar.lane for bar in bars}) == 3
    assert "MainThread" in {bar.lane for bar in bars}
    assert lanes == 11


def test_nothing_to_draw_is_no_error() -> None:
    assert drawable([]) == ([], 0)
    assert turn_taking([]) == "Nothing has run yet."


def test_a_job_is_in_flight_from_its_first_to_its_last_moment() -> None:
    spans = [
        _span("queue", "queue", 0, 5, "job"),
        _span("a", "wait", 5, 20, "job"),
        _span("b", "run", 20, 25, "job"),
        _span("c", "run", 0, 99),
    ]

    (job,) = flights(spans)

    assert (job.t0_ns, job.t1_ns) == (5 * MS, 25 * MS)


def test_threads_that_take_turns_are_called_so() -> None:
    spans = [
        _span("a", "run", 0, 10, "x"),
        _span("b", "block", 0, 10, "y"),
        _span("b", "run", 10, 20, "y"),
    ]

    assert shares(spans) == pytest.approx({"run": 0.02, "block": 0.01})
    assert "they take turns" in turn_taking(spans)
    assert "1 lane:" in turn_taking(spans[:1])


span_lists = st.lists(
    st.builds(
        lambda lane, kind, start, length: Span(lane, "n", kind, start, start + length),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["run", "wait", "block"]),
        st.integers(0, 1000),
        st.integers(0, 500),
    ),
    min_size=1,
    max_size=30,
)


@given(span_lists)
def test_bars_of_a_lane_never_overlap(spans: list[Span]) -> None:
    bars, _ = drawable(spans)

    for lane in {bar.lane for bar in bars}:
        mine = sorted((bar for bar in bars if bar.lane == lane), key=lambda bar: bar.t0_ns)
        assert all(a.t1_ns <= b.t0_ns for a, b in zip(mine, mine[1:]))  # noqa: B905, RUF007
        assert all(bar.t1_ns > bar.t0_ns for bar in mine)


@given(span_lists)
def test_shares_agree_with_the_tracers_utilisation(spans: list[Span]) -> None:
    extent = max(s.t1_ns for s in spans) - min(s.t0_ns for s in spans)

    mine = shares(spans).get("run", 0.0) * 1e9

    assert mine == pytest.approx(sum(utilisation(spans).values()) * max(1, extent), abs=1e-3)


def test_the_loops_lag_is_the_first_row_and_its_cell_shows_what_ran() -> None:
    spans = [
        _span("MainThread", "run", 0, 50, "task-1"),
        _span("MainThread", "run", 90, 100, "task-2"),
        _span("loop lag", "queue", 0, 50),
        _span("task-2", "wait", 0, 90, "task-2"),
    ]

    grid = utilisation_grid(spans, bins=10)
    row, column = busiest(grid)

    assert grid.lanes == ["loop lag", "MainThread"]
    assert (row, grid.cells[row][column]) == (0, 1.0)
    assert [span.lane for span in in_cell(spans, grid, 0, column)] == ["MainThread"]
    assert [span.task for span in in_cell(spans, grid, 1, 9)] == ["task-2"]
    assert grid.middles[0] == pytest.approx(0.005)


def test_quiet_lanes_are_left_out_and_counted() -> None:
    spans = [_span(f"w{n}", "run", 0, n) for n in range(1, 6)]

    grid = utilisation_grid(spans, most_lanes=2)

    assert grid.lanes == ["w4", "w5"]
    assert grid.hidden == 3


def test_an_empty_grid_has_no_busiest_cell() -> None:
    assert utilisation_grid([]) == Grid([], [], [], 0.0)
    with pytest.raises(ValueError, match="empty grid"):
        busiest(utilisation_grid([]))


def test_memory_comes_with_the_level_before_the_first_job() -> None:
    runs = [
        read_run(Parameters(model=model), [{**READING, "rss_mb": mb}, {**READING, "rss_mb": 99.0}])
        for model, mb in (("asyncio", 31.0), ("threads", 30.0))
    ]

    found, floor = series([*runs, read_run(Parameters(), [])])

    assert floor == 30.0
    assert [mb for _, mb in found["threads, 12 at a time"]] == [30.0, 99.0]
    assert series([]) == ({}, None)


def test_the_probe_tells_growth_and_snapshots_that_its_reader_understands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probe, "STEPS", (10, 2_000))  # tracemalloc and coverage together are slow
    sink = io.StringIO()

    assert probe.main(["--connections", "0"], sink=sink) == 0

    found = read_probe(json.loads(line) for line in sink.getvalue().splitlines())
    last = {growth.limiter: growth.points[-1][1] for growth in found.growth}
    assert found.done
    assert last["naive list"] > 10 * last["token bucket"]
    assert len(found.snapshots) == len(found.growth) == 4
    assert all(len(snapshot.lines) <= 10 for snapshot in found.snapshots)


def test_the_probe_says_which_server_could_not_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def hold(n: int, variant: str) -> Any:
        raise ChildError(f"{variant} did not start")

    monkeypatch.setattr(probe, "hold_connections", hold)
    told: list[dict[str, Any]] = []

    probe.connection_costs(told.append, n=10)

    assert len(read_probe(told).remarks) == 3
    assert "did not start" in read_probe(told).remarks[0]


@pytest.mark.slow
def test_the_probe_holds_real_connections() -> None:
    told: list[dict[str, Any]] = []

    probe.connection_costs(told.append, n=40)

    found = read_probe([*told, {"type": "later"}])
    assert [one.variant for one in found.connections] == ["protocol", "streams", "threads"]
    assert all(one.held == 40 and one.errors == 0 for one in found.connections)


def _round(process: int, **wall: float | None) -> dict[str, Any]:
    return {"event": "round", "bench": "b", "process": process, "wall": wall, "cpu": wall}


def test_samples_are_sorted_by_size_contender_and_process() -> None:
    begin = {"event": "begin", "bench": "b", "size": "n=1", "done": 0}

    found = follow(
        [
            {"event": "plan", "total": 4},
            begin,
            _round(0, x=2e9, y=None),
            _round(1, x=4e9, y=1e9),
            {**_round(1, x=1e9), "bench": "other"},
            {"event": "finish", "bench": "b", "size": "n=1", "done": 2},
        ],
        bench="b",
    )

    assert found.samples["n=1"]["x"] == [[2.0], [4.0]]
    assert math.isnan(found.samples["n=1"]["y"][0][0])
    assert (found.share, found.rounds, found.where) == (0.5, 2, "b n=1")


def test_runs_are_placed_by_their_round_and_floors_left_out() -> None:
    sample = {"event": "sample", "bench": "b", "contender": "x", "what": "run", "wall": 3.0}

    found = follow(
        [
            {**sample, "what": "floor", "round": 0},
            {**sample, "round": 1},
            {"event": "error", "bench": "b", "contender": None, "error": "died"},
            {"event": "refused", "bench": "b", "contender": "y", "error": "differs"},
            {"event": "claim", "text": "t", "verdict": "HOLDS"},
            {"event": "second_look"},
        ],
        bench="b",
    )

    assert math.isnan(found.samples[""]["x"][0][0])
    assert found.samples[""]["x"][0][1] == 3.0
    assert found.errors == ["b: died", "y: differs"]
    assert found.claims == [("t", "HOLDS")]
    assert found.share == 0.0


def test_the_last_event_carries_the_results() -> None:
    found = follow(
        [{"event": "plan", "total": 3}, {"event": "results", "results": {"claims": []}}], bench="b"
    )

    assert found.results == {"claims": []}
    assert found.share == 1.0


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_limiter_sees_the_same_arrivals(pattern: str) -> None:
    replays = replay_all(pattern, limit=10)

    assert [one.limiter for one in replays] == list(LIMITERS)
    assert len({one.admissions.times for one in replays}) == 1
    log = next(one for one in replays if one.limiter == "sliding log")
    assert log.worst_ratio <= 1.0


def test_an_unknown_pattern_is_refused() -> None:
    with pytest.raises(ValueError, match="pattern must be one of Poisson"):
        replay_all("tsunami")


def test_the_breakers_segments_join_and_cover_the_story() -> None:
    story = breaker_story(outage=(10.0, 20.0), seconds=40.0)

    segments = breaker_segments(story, 40.0)

    assert [state for state, _, _ in segments] == ["closed", "open", "closed"]
    assert segments[0][1] == 0.0
    assert segments[-1][2] == 40.0
    assert all(a[2] == b[1] for a, b in zip(segments, segments[1:]))  # noqa: B905, RUF007


def test_an_unbounded_queue_answers_few_in_time_and_codel_most() -> None:
    results = overload_results(["unbounded", "codel"])

    unbounded, codel = results
    assert codel.goodput > 10 * unbounded.goodput
    depths = depth_series(results, until=20.0)
    assert max(depth for _, depth in depths["unbounded"]) > 1000
    assert len(depths["codel"]) <= 401
