"""The Redis limiters against a real server: exact counts, expiry, lost scripts, pauses and death."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from velvet_concurrency.redis_limiter import SCRIPT_SHA, RacyRedisLimiter, RedisLimiter, connect

pytestmark = pytest.mark.integration

SLOW = 1e-3  # tokens a second: nothing refills while a test runs
PATIENCE = 5.0  # socket timeout where the server is well and only the machine may be slow


@pytest.fixture
def client(redis_server: Any) -> Iterator[redis.Redis]:
    with connect(redis_server.url, socket_timeout=PATIENCE) as connected:
        yield connected


def test_a_burst_passes_and_then_the_key_is_refused(client: redis.Redis, prefix: str) -> None:
    limiter = RedisLimiter(client, SLOW, 3, prefix=prefix)

    answers = [limiter.check("user") for _ in range(4)]

    assert [answer.allowed for answer in answers] == [True, True, True, False]
    assert [answer.remaining for answer in answers] == [2, 1, 0, 0]
    assert answers[0].reset_after == pytest.approx(1000)
    assert answers[2].retry_after == -1.0
    assert 990 < answers[3].retry_after <= 1000
    assert answers[3].limit == 3


def test_peeking_takes_nothing_and_too_much_never_passes(client: redis.Redis, prefix: str) -> None:
    limiter = RedisLimiter(client, SLOW, 3, prefix=prefix)

    peek, too_much = limiter.check("user", 0), limiter.check("user", 10**400)

    assert (peek.allowed, peek.remaining, peek.reset_after) == (True, 3, 0.0)
    assert (too_much.allowed, too_much.retry_after) == (False, -1.0)
    assert client.exists(prefix + "user") == 0
    assert limiter.allow("user", 3)
    assert limiter.allow("user", 0)


def test_tokens_come_back_at_the_rate(client: redis.Redis, prefix: str) -> None:
    limiter = RedisLimiter(client, 50, 1, prefix=prefix)
    assert limiter.allow("user")
    deadline = time.monotonic() + 10

    while not limiter.allow("user"):
        assert time.monotonic() < deadline

    assert limiter.check("user", 0).reset_after <= 1 / 50


def test_a_limit_is_one_small_string_that_expires_when_the_bucket_is_full(
    client: redis.Redis, prefix: str
) -> None:
    limiter = RedisLimiter(client, 1000, 1000, prefix=prefix)

    limiter.allow("user", 500)
    kind, lifetime = client.type(prefix + "user"), client.pttl(prefix + "user")
    size = client.memory_usage(prefix + "user")

    assert kind == b"string"
    assert 0 < lifetime <= 501
    assert isinstance(size, int)
    assert size < 200
    deadline = time.monotonic() + 10
    while client.exists(prefix + "user"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert limiter.allow("user", 1000)


def test_a_flushed_script_cache_costs_nothing_but_a_reload(
    client: redis.Redis, prefix: str
) -> None:
    limiter = RedisLimiter(client, SLOW, 10, prefix=prefix)
    answers = [limiter.allow("user") for _ in range(5)]

    client.script_flush()
    assert client.script_exists(SCRIPT_SHA) == [False]
    answers += [limiter.allow("user") for _ in range(10)]

    assert answers == [True] * 10 + [False] * 5
    assert client.script_exists(SCRIPT_SHA) == [True]


def test_a_script_cache_that_is_flushed_all_the_time_never_changes_the_count(
    redis_server: Any, client: redis.Redis, prefix: str
) -> None:
    limiter = RedisLimiter(client, SLOW, 100, prefix=prefix)
    done = threading.Event()

    def flush() -> None:
        with connect(redis_server.url, socket_timeout=PATIENCE) as admin:
            while not done.is_set():
                admin.script_flush()

    vandal = threading.Thread(target=flush)
    vandal.start()
    try:
        admitted = sum(limiter.allow("user") for _ in range(60))
        for _ in range(12):
            admitted += sum(limiter.allow_many([("user", 1)] * 10))
    finally:
        done.set()
        vandal.join(10)

    assert admitted == 100


def test_a_batch_is_decided_in_order_and_key_by_key(client: redis.Redis, prefix: str) -> None:
    limiter = RedisLimiter(client, SLOW, 3, prefix=prefix)
    client.script_flush()

    answers = limiter.allow_many([("a", 2), ("b", 3), ("a", 2), ("a", 1), ("b", 1), ("c", 4)])

    assert answers == [True, True, False, True, False, False]
    assert limiter.allow_many([]) == []


HOSTILE = ["line\r\nbreak", "nul\0nul", "ключ \N{SNOWMAN}", " ", "", "a{b}c", "*", "x" * 900]
HOSTILE += ["e\u0301", "\u00e9"]


def test_hostile_keys_work_and_never_share_a_bucket(client: redis.Redis, prefix: str) -> None:
    limiter = RedisLimiter(client, SLOW, 1, prefix=prefix)

    first = [limiter.allow(key) for key in HOSTILE]
    second = limiter.allow_many([(key, 1) for key in HOSTILE])

    assert first == [True] * len(HOSTILE)
    assert second == [False] * len(HOSTILE)


def test_a_key_that_holds_something_else_raises_whatever_on_error_says(
    client: redis.Redis, prefix: str
) -> None:
    client.rpush(prefix + "user", "not a limit")
    limiter = RedisLimiter(client, SLOW, 1, prefix=prefix, on_error="open")

    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        limiter.allow("user")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        limiter.allow_many([("user", 1)])


CONTENDER = """
import sys, threading
from velvet_concurrency.redis_limiter import RedisLimiter, connect

client = connect(sys.argv[1], socket_timeout=5.0)
limiter = RedisLimiter(client, 1e-3, 100, prefix=sys.argv[2])
client.ping()
print("ready", flush=True)
sys.stdin.readline()
admitted = []
def work():
    admitted.append(sum(limiter.allow("shared") for _ in range(25)))
crowd = [threading.Thread(target=work) for _ in range(8)]
for thread in crowd: thread.start()
for thread in crowd: thread.join()
client.close()
print(sum(admitted), len(admitted))
"""


def test_two_processes_of_eight_threads_admit_exactly_the_burst(
    redis_server: Any, prefix: str
) -> None:
    command = [sys.executable, "-c", CONTENDER, redis_server.url, prefix]
    crowd = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        for process in crowd:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        outputs = []
        for process in crowd:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in crowd:
            output, _ = process.communicate(timeout=30)
            outputs.append([int(number) for number in output.split()])
    finally:
        for process in crowd:
            process.kill()
            process.wait()

    assert [threads for _, threads in outputs] == [8, 8]
    assert sum(admitted for admitted, _ in outputs) == 100


def test_the_racy_limiter_is_right_for_one_caller_at_a_time(
    client: redis.Redis, prefix: str
) -> None:
    limiter = RacyRedisLimiter(client, SLOW, 3, prefix=prefix)

    answers = [limiter.allow("user", tokens) for tokens in (0, 4, 2, 2, 1, 1)]

    assert answers == [True, False, True, False, True, False]


def test_the_racy_limiter_admits_too_many_within_twenty_attempts(
    redis_server: Any, prefix: str
) -> None:
    limit, admitted = 5, 0
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(connect(redis_server.url, socket_timeout=5.0)) for _ in range(8)
        ]
        for attempt in range(20):
            limiters = [RacyRedisLimiter(each, SLOW, limit, prefix=prefix) for each in clients]
            barrier = threading.Barrier(8)
            results: list[int] = []

            def work(limiter: RacyRedisLimiter) -> None:
                barrier.wait(10)  # noqa: B023 (joined before the next attempt)
                results.append(sum(limiter.allow(str(attempt)) for _ in range(5)))  # noqa: B023

            crowd = [threading.Thread(target=work, args=(limiter,)) for limiter in limiters]
            for thread in crowd:
                thread.start()
            for thread in crowd:
                thread.join(20)
            admitted = sum(results)
            if admitted > limit:
                break

    assert admitted > limit


def test_a_paused_server_is_given_up_within_the_socket_timeout(
    private_redis: Any, prefix: str
) -> None:
    waits = []
    with (
        connect(private_redis.url, socket_timeout=PATIENCE) as admin,
        connect(private_redis.url) as client,
    ):
        limiter = RedisLimiter(client, SLOW, 5, prefix=prefix)
        patient = RedisLimiter(client, SLOW, 5, prefix=prefix, on_error="closed")
        assert limiter.allow("user")
        admin.execute_command("CLIENT", "PAUSE", "60000", "WRITE")
        for _ in range(3):
            started = time.monotonic()
            with pytest.raises(redis.exceptions.TimeoutError):
                limiter.allow("user")
            waits.append(time.monotonic() - started)
        refused = patient.allow("user")
        admin.execute_command("CLIENT", "UNPAUSE")
        works_again = limiter.check("user", 0).allowed

    assert min(waits) < 0.5  # the best of three: a busy machine may add to any single one
    assert refused is False
    assert works_again


def test_each_on_error_is_obeyed_while_the_server_is_dead_and_all_recover(
    private_redis: Any, prefix: str
) -> None:
    with connect(private_redis.url, socket_timeout=PATIENCE) as client:
        raising = RedisLimiter(client, SLOW, 5, prefix=prefix)
        opened = RedisLimiter(client, SLOW, 5, prefix=prefix, on_error="open")
        closed = RedisLimiter(client, SLOW, 5, prefix=prefix, on_error="closed")
        assert raising.allow("user", 5)

        private_redis.kill()
        with pytest.raises(redis.exceptions.ConnectionError):
            raising.allow("user")
        with pytest.raises(redis.exceptions.ConnectionError):
            raising.allow_many([("user", 1)])
        while_dead = [opened.allow("user"), closed.allow("user")]
        batches = [opened.allow_many([("a", 1), ("b", 9)]), closed.allow_many([("a", 1), ("b", 0)])]
        private_redis.restart()
        recovered = [limiter.allow("user") for limiter in (raising, opened, closed)]
        refused = closed.allow("user", 3)

    assert while_dead == [True, False]
    assert batches == [[True, True], [False, True]]
    assert recovered == [True, True, True]
    assert not refused


def test_the_stored_moment_moves_by_exactly_one_interval_a_call(
    client: redis.Redis, prefix: str
) -> None:
    rate = 333.3
    limiter = RedisLimiter(client, rate, 10_000, prefix=prefix)
    assert limiter.allow("user", 9_000)  # half a minute of backlog, so that no call finds it idle

    moments = []
    for _ in range(50):
        assert limiter.allow("user")
        whole, part = client.get(f"{prefix}user").decode().split(":")  # type: ignore[union-attr]
        moments.append((int(whole), float(part)))

    steps = [(b[0] - a[0]) * 1e6 + (b[1] - a[1]) for a, b in itertools.pairwise(moments)]
    assert max(abs(step - 1e6 / rate) for step in steps) < 1e-6


@pytest.mark.parametrize("stored", ["inf", "nan", "hello", "1:nan", "99999999999:0", "1e400:1e400"])
def test_a_stored_value_that_is_no_moment_is_a_limit_used_up_that_heals(
    client: redis.Redis, prefix: str, stored: str
) -> None:
    limiter = RedisLimiter(client, 5.0, 1, prefix=prefix)
    client.set(f"{prefix}user", stored)

    first = limiter.check("user")

    assert not first.allowed
    assert first.reset_after <= 0.21
    until = time.monotonic() + 10
    while not limiter.allow("user"):
        assert time.monotonic() < until
        time.sleep(0.02)
