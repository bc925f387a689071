"""The instrument itself: its histogram against HdrHistogram, its schedule, its honesty."""

from __future__ import annotations

import asyncio
import json
import math
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from hdrh.histogram import HdrHistogram

from velvet_web.comparisons.pressure import read_wrk
from velvet_web.dashboard.virtual import omission
from velvet_web.histogram import MAX_US, Histogram
from velvet_web.loadgen import _main, find_capacity, measure, precise_loop, run_load, stream
from velvet_web.loadplan import LoadPlan, Result, Shot

SHOT = (Shot("/"),)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def test_every_bucket_equals_that_of_hdrhistogram() -> None:
    rng = random.Random(4)
    values = [1, 2047, 2048, 2049, 4095, 4096, MAX_US]
    values += [int(rng.lognormvariate(8, 3)) + 1 for _ in range(3000)]
    ours, theirs = Histogram(values), HdrHistogram(1, MAX_US, 3)
    for value in values:
        theirs.record_value(min(value, MAX_US))

    found = [
        (int(item.value_iterated_to), item.count_added_in_this_iter_step)
        for item in theirs.get_recorded_iterator()
    ]

    assert [(min(v, MAX_US), n) for v, n in ours.items()] == [(min(v, MAX_US), n) for v, n in found]
    for percent in (0, 1, 50, 90, 99, 99.9, 100):
        assert ours.percentile(percent) == theirs.get_value_at_percentile(percent)


def test_a_correction_adds_what_a_closed_loop_left_out() -> None:
    ours, theirs = Histogram([1000] * 99 + [10_000]), HdrHistogram(1, MAX_US, 3)
    for value in [1000] * 99 + [10_000]:
        theirs.record_corrected_value(value, 1000)

    corrected = ours.corrected(1000)

    assert corrected.total == theirs.get_total_count()
    assert corrected.percentile(99) == theirs.get_value_at_percentile(99)


SAID_BY_WRK = """Running 5s test @ http://127.0.0.1:39111/healthz
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    24.46ms   71.92ms 425.98ms   92.50%
  Latency Distribution
     50%  334.00us
     75%   10.14ms
     99%    1.05s
  12314 requests in 5.05s, 1.59MB read
Requests/sec:   2437.03
"""


def test_what_wrk_says_is_read_with_its_units() -> None:
    assert read_wrk(SAID_BY_WRK) == {"p50": 0.334, "p99": 1050.0, "rate": 2437.03}


@pytest.mark.parametrize(
    "text", ["", SAID_BY_WRK.replace("99%", "98%"), SAID_BY_WRK + "  Non-2xx or 3xx responses: 3"]
)
def test_what_wrk_does_not_say_is_no_figure(text: str) -> None:
    with pytest.raises(ValueError, match="no clean result"):
        read_wrk(text)


def test_a_corrected_closed_loop_sees_the_pause_that_it_left_out() -> None:
    closed, opened = omission(stall=0.4, period=2.0, users=4)
    sent_every = int(60e6 / (closed.total / 4))

    assert opened.percentile(99) > 10 * closed.percentile(99)
    assert closed.corrected(sent_every).percentile(99) == pytest.approx(
        opened.percentile(99), rel=0.1
    )


def test_an_empty_histogram_has_no_latency() -> None:
    assert Histogram().percentile(99) == 0
    with pytest.raises(ValueError, match="from 0 to 100"):
        Histogram().percentile(101)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": -1},
        {"rate": 20_001},
        {"seconds": 0},
        {"seconds": 121},
        {"users": 0},
        {"users": 501},
        {"connections": 0},
        {"connections": 501},
        {"arrivals": "normal"},
        {"rate": 10, "surge": (0, 1, 101)},
        *({"rate": 10, "surge": (0, 1, factor)} for factor in (0, -1, math.inf, math.nan)),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"rate|users|arrivals"):
        LoadPlan("http://127.0.0.1", SHOT, **wrong)  # type: ignore[arg-type]


def test_the_ends_of_a_plan_are_allowed() -> None:
    LoadPlan("", SHOT, rate=0, users=1, connections=1, timeout=0, deadline=0, every=0)
    most = {"seconds": 120, "users": 500, "connections": 500, "surge": (0, 0, 100)}
    LoadPlan("", SHOT, rate=20_000, **most)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="numbers from 0 up"):
        LoadPlan("", SHOT, retries=-1)


def test_a_plan_without_requests_is_refused() -> None:
    with pytest.raises(ValueError, match="name at least one"):
        LoadPlan("http://127.0.0.1", ())


def test_a_surge_multiplies_the_rate_between_its_times() -> None:
    plan = LoadPlan("", SHOT, rate=100, seconds=30, surge=(10, 20, 3.0))

    inside = [at for at in plan.times() if 10 <= at < 20]

    assert len(inside) == pytest.approx(3000, rel=0.1)
    assert len(plan.times()) - len(inside) == pytest.approx(2000, rel=0.1)


def run_against(handler: Handler, make: Callable[[str], LoadPlan]) -> Result:
    """Run a plan against a server of a few lines in the same loop."""

    async def both() -> Result:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            return await run_load(make(f"http://127.0.0.1:{port}"))
        finally:
            server.close()
            await asyncio.sleep(0.01)

    loop = precise_loop()
    try:
        return loop.run_until_complete(both())
    finally:
        loop.close()


def answering(*answers: bytes, closes: bool = False) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                for part in answers:
                    writer.write(part)
                    await writer.drain()
                if closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return handle


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ((OK,), "200"),
        ((OK[:20], OK[20:]), "200"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",), "200"),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), "204"),
        ((b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",), "503"),
    ],
)
def test_a_response_is_whole_when_its_framing_says_so(
    answers: tuple[bytes, ...], outcome: str
) -> None:
    result = run_against(
        answering(*answers), lambda url: LoadPlan(url, SHOT, users=2, requests=6, seconds=5)
    )

    assert result.outcomes == {outcome: 6}


def test_a_connection_that_the_server_closes_is_opened_again() -> None:
    result = run_against(
        answering(OK, closes=True), lambda url: LoadPlan(url, SHOT, users=1, requests=4, seconds=5)
    )

    assert result.outcomes == {"200": 4}


def test_a_half_answer_is_a_reset() -> None:
    result = run_against(
        answering(OK[:25], closes=True),
        lambda url: LoadPlan(url, SHOT, users=1, requests=2, seconds=5),
    )

    assert result.outcomes == {"reset": 2}


def test_a_server_that_never_answers_is_a_timeout_and_retries_are_counted() -> None:
    result = run_against(
        answering(),
        lambda url: LoadPlan(url, SHOT, rate=50, seconds=0.2, timeout=0.1, retries=1),
    )

    assert set(result.outcomes) == {"timeout"}
    assert result.retried == result.sent


def test_a_request_that_was_answered_well_is_not_tried_again() -> None:
    result = run_against(
        answering(OK), lambda url: LoadPlan(url, SHOT, requests=3, seconds=5, retries=2)
    )

    assert (result.sent, result.retried, result.outcomes) == (3, 0, {"200": 3})


def test_a_connection_that_timed_out_is_not_used_again() -> None:
    result = run_against(
        answering(), lambda url: LoadPlan(url, SHOT, requests=3, seconds=5, timeout=0.02)
    )

    assert (result.outcomes, result.seconds < 5) == ({"timeout": 3}, True)


def test_what_a_load_ends_is_not_tried_again() -> None:
    result = run_against(answering(), lambda url: LoadPlan(url, SHOT, seconds=0.05, retries=1))

    assert (result.sent, result.retried, result.outcomes) == (1, 0, {"reset": 1})


def test_users_send_no_more_requests_than_are_wanted() -> None:
    few = run_against(answering(OK), lambda url: LoadPlan(url, SHOT, users=5, requests=2))
    free = run_against(answering(OK), lambda url: LoadPlan(url, SHOT, users=2, seconds=0.05))

    assert (few.sent, few.outcomes) == (2, {"200": 2})
    assert free.sent > 2


def test_a_generator_that_nothing_listens_to_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[str] = []
    child = SimpleNamespace(
        stdout=iter([b'{"at": 1}']), poll=lambda: None, kill=lambda: killed.append("child")
    )
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: nullcontext(child))
    events = stream(LoadPlan("", SHOT))

    assert next(events) == {"at": 1}
    events.close()  # type: ignore[attr-defined]
    assert killed == ["child"]


def test_a_port_without_a_server_is_refused() -> None:
    result = run_against(
        answering(),
        lambda _: LoadPlan("http://127.0.0.1:9", SHOT, rate=50, seconds=0.1, timeout=0.5),
    )

    assert set(result.outcomes) == {"refused"}


def test_waiting_for_a_connection_counts() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(0.05)
                writer.write(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    result = run_against(
        slow, lambda url: LoadPlan(url, SHOT, rate=60, seconds=0.5, connections=1, timeout=5)
    )

    assert result.latency.percentile(99) > 3 * result.service.percentile(99)


def test_a_load_never_has_more_connections_than_it_may() -> None:
    now = seen = 0

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, seen
        now += 1
        seen = max(seen, now)
        await answering(OK)(reader, writer)
        now -= 1

    result = run_against(
        counting, lambda url: LoadPlan(url, SHOT, rate=5_000, seconds=0.02, connections=2)
    )

    assert (set(result.outcomes), seen) == ({"200"}, 2)


def test_a_result_survives_its_journey_as_json() -> None:
    result = Result(100, 2.0, sent=3, good=1)
    result.latency.record(1500)
    result.outcomes["200"] = 3

    again = Result.from_json(result.to_json())

    assert again.to_json() == result.to_json()
    assert (again.p(50), again.completed, again.errors, again.goodput) == (1.5, 3, 0, 0.5)


def test_a_generator_that_lags_makes_its_result_invalid() -> None:
    result = Result(10, 1.0, sent=10)
    result.latency.record(50_000)
    result.lag.record(1000)
    assert result.valid

    result.lag.record(20_000)
    assert not result.valid


def test_a_generator_that_sends_too_few_makes_its_result_invalid() -> None:
    assert not Result(100, 1.0, sent=90).valid
    assert Result(0, 1.0).valid


def test_users_that_come_irregularly_are_no_fault_of_the_generator() -> None:
    result = run_against(
        answering(OK), lambda url: LoadPlan(url, SHOT, rate=30, seconds=0.5, seed=5)
    )

    assert result.lag.percentile(50) < 0.25e6  # half of the load's time
    result.lag = Histogram()

    assert result.sent < 0.9 * 30 * 0.5
    assert result.valid


@pytest.mark.parametrize(
    "argument", [[], ["no JSON"], ["{}"], ['{"url": "", "mix": [{"target": "/"}], "rat": 1}']]
)
def test_a_plan_that_cannot_be_read_is_one_sentence_with_an_example(argument: list[str]) -> None:
    with pytest.raises(SystemExit, match="in the plan; give one such as"):
        _main(argument)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_person_gets_a_summary_and_a_program_the_histograms(
    terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)

    _main(['{"url": "http://127.0.0.1:9", "mix": [{"target": "/"}], "rate": 40, "seconds": 0.1}'])
    said = json.loads(capsys.readouterr().out)

    assert set(said) == {"summary" if terminal else "result"}
    assert set(next(iter(said.values()))["outcomes"]) == {"refused"}


def test_capacity_is_the_last_rate_that_met_the_objective() -> None:
    def server(plan: LoadPlan) -> Result:
        result = Result(plan.rate, 1.0)
        result.latency.record(int(1e6 / max(1.0, 100 - plan.rate)))
        return result

    best, tried = find_capacity(LoadPlan("", SHOT), 60.0, start=20, factor=2, run=server)

    assert (best, [rate for rate, _ in tried]) == (80, [20, 40, 80, 160])


def test_the_generator_runs_in_a_process_of_its_own() -> None:
    with pytest.raises(RuntimeError, match="without a result"):
        measure(LoadPlan("http://[", SHOT))
