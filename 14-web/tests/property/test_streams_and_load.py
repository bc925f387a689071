"""Streams however they are cut, histograms however they are filled, limits however they are used."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from velvet_web.events import Event, Message, SseParser, sse_encode
from velvet_web.histogram import MAX_US, Histogram
from velvet_web.loadplan import LoadPlan, Shot
from velvet_web.middleware_asgi import LoadShed

LINE_ENDS = ("\n", "\r\n", "\r")
PIECES = st.sampled_from(
    ["data: a", "data", "data:  b", ": comment", "id: 7", "id: \0", "event: x", "retry: 9", "", "é"]
)


@given(st.lists(PIECES), st.sampled_from(LINE_ENDS), st.lists(st.integers(0, 200), max_size=6))
def test_a_stream_gives_the_same_events_however_it_is_cut(
    lines: list[str], end: str, cuts: list[int]
) -> None:
    stream = "".join(line + end for line in lines).encode()
    whole = SseParser().feed(stream)

    parser, found, at = SseParser(), [], 0
    for cut in sorted(cut for cut in cuts if cut < len(stream)):
        found += parser.feed(stream[at:cut])
        at = cut
    found += parser.feed(stream[at:])

    assert found == whole


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.integers(1, 10**9))
def test_an_event_comes_back_as_it_was_sent(text: str, number: int) -> None:
    expected = text.replace("\r\n", "\n").replace("\r", "\n")

    (found,) = SseParser().feed(sse_encode(Event(number, "changed", text.encode())))

    assert found == Message(str(number), "changed", expected)


@given(st.lists(st.integers(1, MAX_US), min_size=1), st.floats(0, 100))
def test_a_percentile_is_right_to_a_thousandth(values: list[int], percent: float) -> None:
    rank = max(1, int(percent / 100 * len(values) + 0.5))
    exact = sorted(values)[rank - 1]

    found = Histogram(values).percentile(percent)

    assert exact <= found <= exact * 1.001 + 1


@given(st.lists(st.integers(1, MAX_US)))
def test_a_histogram_survives_its_way_as_json(values: list[int]) -> None:
    pairs = Histogram(values).to_pairs()

    assert Histogram.from_pairs(pairs).to_pairs() == pairs
    assert Histogram.from_pairs(pairs).total == len(values)


@pytest.mark.parametrize("arrivals", ["poisson", "uniform"])
def test_arrivals_have_the_mean_that_was_asked_for(arrivals: str) -> None:
    plan = LoadPlan("", (Shot("/"),), rate=200, seconds=60, arrivals=arrivals)

    times = plan.times()

    assert len(times) == pytest.approx(12_000, rel=0.05)
    assert times == sorted(times)


def test_poisson_arrivals_are_as_irregular_as_independent_users() -> None:
    times = LoadPlan("", (Shot("/"),), rate=200, seconds=60).times()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5

    assert spread / mean == pytest.approx(1.0, rel=0.1)


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 4))
@settings(deadline=None, max_examples=40)
def test_a_limit_is_empty_after_any_mix_of_ends(seed: int, places: int, queue: int) -> None:
    rng = random.Random(seed)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)
        if rng.random() < 0.3:
            raise ConnectionResetError("the client is gone")

    async def mixes() -> tuple[LoadShed, int]:
        shed = LoadShed(app, places, queue, max_wait=5)
        highest = 0

        async def send(_: Any) -> None:
            return None

        calls = []
        for _ in range(20):
            scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
            calls.append(asyncio.ensure_future(shed(scope, send, send)))  # type: ignore[arg-type]
            if rng.random() < 0.5:
                await asyncio.sleep(0)
            if rng.random() < 0.3:
                rng.choice(calls).cancel()
            highest = max(highest, shed.inflight)
        await asyncio.gather(*calls, return_exceptions=True)
        return shed, highest

    shed, highest = asyncio.run(mixes())

    assert shed.inflight == 0
    assert highest <= places
    assert not shed._waiting
