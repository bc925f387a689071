"""Messages that are refused with their path; a ledger that counts without the queue."""

from __future__ import annotations

import math
import os
import random
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from velvet_queues import envelope as messages
from velvet_queues.envelope import Envelope, decode, encode
from velvet_queues.errors import (
    BadMessage,
    NotSerializable,
    PayloadTooLarge,
    PermanentFailure,
    PromiseBroken,
)
from velvet_queues.ledger import Delivery, Entry, Ledger, judge
from velvet_queues.load import Histogram, arrivals, open_loop
from velvet_queues.retry import JITTERS, Backoff, RetryPolicy, herd

DEEP: Any = []
for _ in range(60):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"a": {1}}, "payload.a"),
        ({"a": [1, {"b": math.nan}]}, r"payload.a\[1\].b"),
        ([math.inf], r"payload\[0\]"),
        (lambda: None, "payload is a function"),
        ({"raw": b"x"}, "payload.raw is a bytes"),
        ({1: "x"}, "payload is a dict with the key 1"),
        ({"t": (1, 2)}, "payload.t is a tuple"),
        ([2**63], "64 bits"),
        ("\ud800", "surrogate"),
        (DEEP, "nested deeper"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_path(payload: Any, path: str) -> None:
    with pytest.raises(NotSerializable, match=path):
        Envelope("work", payload)


def test_a_payload_that_was_changed_since_is_refused_when_it_is_sent() -> None:
    payload: dict[str, Any] = {"order": 7}
    made = Envelope("work", payload)
    payload["order"] = math.nan

    with pytest.raises(NotSerializable, match=r"payload\.order is nan"):
        encode(made)


def test_a_message_over_the_limit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(PayloadTooLarge, match="store the content and send its address") as refused:
        encode(Envelope("work", "x" * 1000), limit=1000)

    assert refused.value.limit == 1000
    assert decode(encode(Envelope("work", "\u00e9\u4e2d", id="a"))).payload == "\u00e9\u4e2d"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"priority": 10}, "priority"),
        ({"priority": -1}, "priority"),
        ({"priority": True}, "priority"),
        ({"attempts": "3"}, "attempts"),
        ({"attempts": -1}, "attempts"),
        ({"attempts": math.nan}, "attempts"),
        ({"not_before": True}, "not_before"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_attempts": True}, "max_attempts"),
        ({"not_before": -1}, "not_before"),
        ({"not_before": "soon"}, "not_before"),
        ({"enqueued_at": math.nan}, "enqueued_at"),
        ({"task": ""}, "task"),
    ],
)
def test_a_field_out_of_its_range_is_named(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Envelope(**{"task": "work", **options})


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("7", "version 'int'"),
        ('{"version": 0, "task": "x"}', "version 0"),
        ('{"version": 1, "task": "x", "colour": 1}', "unknown fields: colour"),
        ('{"version": 1, "payload": 1}', "bad field"),
        ('{"version": 1, "task": "x", "priority": 99}', "priority"),
        ('{"version": 1, "task": "x", "attempts": 0, "max_attempts": "3"}', "bad field"),
    ],
)
def test_a_message_that_cannot_be_read_says_why(text: str, word: str) -> None:
    with pytest.raises(BadMessage, match=word):
        decode(text)


@pytest.mark.parametrize("delay", [-1, math.nan, math.inf, messages.MAX_DELAY_S + 1])
def test_a_delay_out_of_range_is_refused(delay: float) -> None:
    with pytest.raises(ValueError, match="delay"):
        messages.check_delay(delay)


def entry(event: str, id: str, at: float) -> Entry:
    return Entry(event, id, at, 1)


def test_a_verdict_counts_what_was_lost_and_what_ran_twice() -> None:
    told = [entry("sent", id, at) for at, id in enumerate("abcd")]
    told += [entry("started", id, 10 + at) for at, id in enumerate("bac")]
    told += [entry("started", "a", 14), entry("finished", "a", 15), entry("finished", "b", 20)]
    told += [entry("effect", "a", 15), entry("effect", "a", 16), entry("finished", "c", 17)]
    told += [entry("finished", "canary-1", 1)]

    verdict = judge(told)

    assert (verdict.sent, verdict.started, verdict.finished) == (4, 3, 3)
    assert (verdict.lost, verdict.twice, verdict.effects_twice) == (("d",), ("a",), ("a",))
    with pytest.raises(PromiseBroken, match="1 lost: d") as broken:
        verdict.check(Delivery.AT_LEAST_ONCE)
    assert broken.value.ids == ("d",)
    with pytest.raises(PromiseBroken, match="started twice: a"):
        verdict.check(Delivery.AT_MOST_ONCE)


def test_a_task_of_another_run_breaks_every_promise() -> None:
    verdict = judge([entry("sent", "a", 0), entry("started", "stranger", 1)])

    with pytest.raises(PromiseBroken, match="never sent: stranger"):
        verdict.check(Delivery.AT_MOST_ONCE)
    judge([entry("sent", "a", 0), entry("finished", "a", 1)]).check(Delivery.AT_LEAST_ONCE)


def test_the_ledger_merges_files_and_leaves_a_torn_line_out(tmp_path: Path) -> None:
    with Ledger(tmp_path) as first:
        first.record("sent", "a")
        first.record("started", "a", "lane 1")
        (tmp_path / "999999.ledger").write_bytes(
            b'["finished", "a", 1.0, 999999, ""]\nno json\n["finished", "b", 2.0, 99'
        )

        assert [one[:2] for one in first.entries()] == [
            ("finished", "a"),
            ("sent", "a"),
            ("started", "a"),
        ]
        assert first.count("finished") == 1
        assert first.verdict().lost == ()
        with pytest.raises(ValueError, match="event must be one of"):
            first.record("vanished", "a")
    first.close()


@pytest.mark.parametrize(
    ("jitter", "expected"),
    [("none", [1, 2, 4, 8, 10, 10]), ("equal", None), ("full", None), ("decorrelated", None)],
)
def test_delays_follow_their_formula(jitter: Any, expected: list[float] | None) -> None:
    backoff = Backoff(1, 2, 10, jitter, rng=random.Random(3))

    delays = list(backoff.delays(6))

    if expected is not None:
        assert delays == expected
    assert all(0 <= delay <= 10 for delay in delays)
    if jitter == "equal":
        assert all(
            delay >= full / 2 for delay, full in zip(delays, [1, 2, 4, 8, 10, 10], strict=True)
        )
    if jitter == "decorrelated":
        assert all(delay >= 1 for delay in delays)


@pytest.mark.parametrize(
    ("options", "word"),
    [({"base": 0}, "base"), ({"factor": 0.5}, "factor"), ({"cap": 0.1}, "cap")]
    + [({"cap": math.inf}, "cap")]
    + [({"jitter": "some"}, "jitter")],
)
def test_a_backoff_out_of_range_is_refused(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Backoff(**options)


def test_backoffs_of_equal_settings_are_equal_whatever_their_chance() -> None:
    assert Backoff(1, rng=random.Random(1)) == Backoff(1, rng=random.Random(2)) != Backoff(2)
    assert Backoff(1, rng=random.Random(1)).delay(1) != Backoff(1, rng=random.Random(2)).delay(1)
    assert repr(Backoff(1)) == "Backoff(base=1, factor=2.0, cap=60.0, jitter='full')"


def test_a_ledger_opens_one_file_for_all_its_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, real = [], os.open

    def counted(path: Path, *rest: int) -> int:
        opened.append((path, real(path, *rest)))
        return opened[-1][1]

    monkeypatch.setattr(os, "open", counted)
    with Ledger(tmp_path) as ledger:
        for id in "abc":
            ledger.record("sent", id)

    [(path, file)] = opened
    assert path == tmp_path / f"{os.getpid()}.ledger"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)


def test_a_policy_gives_up_on_what_no_retry_mends() -> None:
    policy = RetryPolicy(Backoff(1, jitter="none"), retry_on=(OSError, PermanentFailure))

    assert policy.delay_after(OSError(), 2) == 2
    assert policy.delay_after(PermanentFailure(), 1) is None
    assert policy.delay_after(ValueError(), 1) is None
    assert Backoff(1, cap=5, jitter="none").delay(10_000) == 5


def test_full_jitter_spares_the_server_that_a_herd_without_jitter_hits() -> None:
    herds = {jitter: herd(jitter) for jitter in JITTERS}

    assert herds["none"].peak == 180
    assert herds["full"].calls < herds["none"].calls
    assert herds["full"].peak < herds["none"].peak


def test_percentiles_are_within_a_bucket_of_the_exact_ones() -> None:
    rng = random.Random(1)
    values = sorted(rng.expovariate(10) for _ in range(2000))
    histogram = Histogram()
    for value in values:
        histogram.add(value)

    for q in (50, 95, 99):
        assert histogram.percentile(q) == pytest.approx(values[20 * q - 1], rel=0.02)
    assert histogram.percentile(100) == pytest.approx(values[-1], rel=0.01)
    assert copy(histogram).percentile(99) == histogram.percentile(99)
    assert set(histogram.as_ms()) == {"p50", "p95", "p99", "p999"}
    assert Histogram().percentile(50) == 0
    with pytest.raises(ValueError, match="q must"):
        histogram.percentile(101)


def test_an_open_loop_measures_from_the_intended_time() -> None:
    now = [0.0]
    sent: list[tuple[int, float]] = []

    def send(number: int, intended: float) -> None:
        sent.append((number, intended))
        now[0] += 0.5  # a send that takes longer than the gap

    def sleep(seconds: float) -> None:
        now[0] += seconds

    late = open_loop(send, [0.1, 0.2, 2.0], clock=lambda: now[0], sleep=sleep)

    assert sent == [(0, 0.1), (1, 0.2), (2, 2.0)]
    assert late == pytest.approx(0.4)


def test_arrivals_have_the_rate_that_was_asked_for() -> None:
    assert all(0 < at < 50 for at in arrivals(100, 50))
    assert len(arrivals(100, 50)) == pytest.approx(5000, rel=0.1)
    assert arrivals(10, 1) == arrivals(10, 1)
    for bad in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="must be"):
            arrivals(*bad)
