"""Every example, run the way a reader runs it: `python examples/LEVEL.py NAME` in a child process.

What is asserted is what a reader is promised to see. Figures that depend on the machine are only
compared with each other, and only where the difference is too large for a busy machine to hide.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from velvet.services import Server

MODULE = Path(__file__).parents[1]
NAMES = {
    "basic": ["wait_vs_compute", "first_rate_limiter", "dont_block_the_loop"],
    "intermediate": [
        "task_group_vs_gather",
        "bounded_pipeline",
        "breaker_story",
        "cancel_properly",
    ],
    "advanced": [
        "ten_thousand_connections",
        "overload_lab",
        "hedged_requests",
        "shared_memory_matrix",
        "redis_fleet",
        "graceful_shutdown",
    ],
}
# Ten and six times what a reader is promised: this only ends a child that hangs.
PATIENCE = {"basic": 50.0, "intermediate": 50.0, "advanced": 90.0}


# Whatever the order of the tests, these are what they look at; each takes seconds of mostly waiting.
# The fleet is not among them: it needs the address of the shared Redis.
EARLY = [(level, name) for level, names in NAMES.items() for name in names if name != "redis_fleet"]
Done = subprocess.CompletedProcess[bytes]
_DONE: dict[tuple[str, ...], Done] = {}


def child(level: str, *words: str, encoding: str = "utf-8", **environment: str) -> Done:
    """Run one file of examples in a child process."""
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", f"examples/{level}.py", *words],
        cwd=MODULE,
        env={**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": encoding, **environment},
        capture_output=True,
        timeout=PATIENCE[level],
        check=False,
    )


@pytest.fixture(scope="module", autouse=True)
def _two_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the examples in pairs before the first test looks, unless only a few are wanted."""
    if sum(item.path == request.path for item in request.session.items) > len(EARLY):
        with ThreadPoolExecutor(2) as pool:
            _DONE.update(zip(EARLY, pool.map(lambda call: child(*call), EARLY), strict=True))
    yield
    _DONE.clear()


def run(level: str, *words: str, code: int = 0, **options: str) -> tuple[str, str]:
    """Run one file of examples; give what it printed, and what it complained about."""
    done = None if options else _DONE.get((level, *words))
    done = done or child(level, *words, **options)
    encoding = options.get("encoding", "utf-8")
    printed, complaint = done.stdout.decode(encoding), done.stderr.decode(encoding, "replace")
    assert done.returncode == code, complaint
    return printed.replace("\r\n", "\n"), complaint


def shown(level: str, name: str, **options: str) -> str:
    """Run one example; it has to end well, fit a terminal of 80 columns and warn of nothing."""
    printed, complaint = run(level, name, **options)
    too_wide = [line for line in printed.splitlines() if len(line) > 80]
    assert too_wide == []
    assert complaint == ""
    return printed


def row(printed: str, label: str) -> list[float]:
    """Give the numbers in the line that begins with `label`."""
    line = next(line for line in printed.splitlines() if line.startswith(label))
    return [
        float(found.replace(",", "")) for found in re.findall(r"-?\d[\d,.]*", line[len(label) :])
    ]


@pytest.mark.parametrize("level", NAMES)
def test_each_level_lists_its_examples_with_a_sentence_each(level: str) -> None:
    printed, _ = run(level, "--list")

    lines = printed.splitlines()
    assert [line.split()[0] for line in lines] == NAMES[level]
    assert all(len(line.split()) > 5 and line.endswith(".") for line in lines)


@pytest.mark.parametrize("level", NAMES)
def test_the_source_of_an_example_can_be_printed(level: str) -> None:
    name = NAMES[level][-1]

    printed, _ = run(level, name, "--source")

    assert printed.startswith(f'@example("{name}"')
    assert f"def {name}() -> None:" in printed


@pytest.mark.parametrize("level", NAMES)
def test_an_example_is_short_enough_to_be_read(level: str) -> None:
    printed, _ = run(level, "--source")

    sources = re.split(r"^(?=@example)", printed, flags=re.MULTILINE)[1:]
    lengths = {
        name: len(source.strip().splitlines())
        for name, source in zip(NAMES[level], sources, strict=True)
    }
    assert all(15 <= length <= 50 for length in lengths.values()), lengths


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    _, complaint = run("basic", "wait_vs_compte", code=2)

    assert "wait_vs_compute" in complaint
    assert "Traceback" not in complaint


def test_waiting_is_won_by_overlap_and_every_model_is_timed_on_both_tasks() -> None:
    printed = shown("basic", "wait_vs_compute")

    serial, threads, tasks, _ = row(printed, "wait 10x50")
    assert serial > threads
    assert serial > tasks
    assert len(row(printed, "compute 4x60")) == 4
    assert "why:" in printed


def test_the_bucket_refuses_faster_and_smaller_than_the_naive_limiter() -> None:
    printed = shown("basic", "first_rate_limiter")

    naive, bucket = (
        re.search(rf"^{name} +([#.]+)$", printed, re.M) for name in ("naive", "bucket")
    )
    assert naive is not None
    assert bucket is not None
    assert naive.group(1) != bucket.group(1)
    assert len(naive.group(1)) == len(bucket.group(1))
    costs = printed[printed.index("limit 1,000/h") :]
    naive_ops, naive_bytes = row(costs, "naive")
    bucket_ops, bucket_bytes = row(costs, "bucket")
    assert bucket_ops > naive_ops
    assert bucket_bytes < naive_bytes


def test_an_inline_call_stops_the_loop_and_a_thread_does_not() -> None:
    printed = shown("basic", "dont_block_the_loop")

    inline, in_thread = row(printed, "sleep, inline"), row(printed, "sleep, in a thread")
    assert inline[0] > in_thread[0]
    assert len(row(printed, "sleep, in a process")) == 2
    if os.name != "nt":  # whose clock ticks every 15.6 ms, which hides the 5 ms
        assert row(printed, "compute, in a thread")[1] > in_thread[1]
    assert f"{sys.getswitchinterval() * 1e3:.0f} ms (sys.getswitchinterval)" in printed


def test_gather_leaks_what_the_group_cancels() -> None:
    printed = shown("intermediate", "task_group_vs_gather")

    gather, group = printed.split("\nTaskGroup\n")
    assert "still running behind the caller's back: child 4, child 5" in gather
    assert "was cancelled" not in gather
    assert "child 4 was cancelled" in group
    assert "child 5 was cancelled" in group
    assert "+-- ValueError: child 3 found bad data" in group
    assert "+-- OSError: child 5 could not close its file" in group
    assert "still running: 0" in group


@pytest.mark.parametrize(("options", "bar"), [({}, "█▇▆▅▄▃▂"), ({"encoding": "ascii"}, "#%*+=-:")])
def test_a_bound_keeps_the_line_short_and_the_memory_low(options: dict[str, str], bar: str) -> None:
    printed = shown("intermediate", "bounded_pipeline", **options)

    unbounded, bounded = row(printed, "no bound (buffer=150)"), row(printed, "bounded (buffer=8)")
    assert bounded[0] <= 9 < unbounded[0]
    assert bounded[1] < unbounded[1]
    sparks = [line for line in printed.splitlines() if line.startswith("  |")]
    assert any(mark in sparks[0] for mark in bar)
    assert not any(mark in sparks[1] for mark in bar)


def test_the_breaker_spares_calls_and_lets_one_probe_of_twenty_through() -> None:
    printed = shown("intermediate", "breaker_story")

    calls = re.search(r"^calls +([.x-]+)$", printed, re.M)
    assert calls is not None
    down = calls.group(1)[12:33]
    assert f"while down: {down.count('-')} calls spared, {down.count('x')} paid for" in printed
    assert down.count("-") > down.count("x") > 0
    states = re.findall(r"(\w+) -> (\w+)", printed)
    assert states[0] == ("closed", "open")
    assert states[-1] == ("half_open", "closed")
    assert "probes = 1, 19 refused; then closed" in printed


def test_cancellation_is_told_in_the_order_in_which_it_happens() -> None:
    printed = shown("intermediate", "cancel_properly")

    order = [
        "1. timeout",
        "cleanup:",
        "shield: saved all the same",
        "TimeoutError reaches the caller",
        "2. deadline",
        "ended by the outer one",
        "3. asyncio",
        "wait 1 was cancelled",
        "wait 2 finished",
        "4. anyio",
        "wait 3 was cancelled",
        "tasks left behind: 0",
    ]
    places = [printed.find(text) for text in order]
    assert -1 not in places
    assert places == sorted(places)


def test_ten_thousand_connections_are_held_or_the_reader_is_told_why_not() -> None:
    printed = shown("advanced", "ten_thousand_connections")

    for server, wanted in (("streams", 10_000), ("protocol", 10_000), ("threads", 1_000)):
        held, *_, errors = row(printed, server)
        assert held == wanted or f"scaled down from {wanted} to {held:.0f}" in printed
        assert errors == 0
    # The second column is seconds, the third bytes.
    assert row(printed, "streams")[2] < row(printed, "threads")[2]


def test_every_bounded_policy_answers_more_on_time_than_the_endless_queue() -> None:
    printed = shown("advanced", "overload_lab")

    on_time = {
        policy: row(printed, f"{policy} ")[0]
        for policy in ("unbounded", "bounded20", "reject", "codel", "codel+lifo")
    }
    most = row(printed, "the most that any policy could answer on time:")[0]
    assert min(on_time, key=on_time.__getitem__) == "unbounded"
    assert on_time["bounded20"] > 10 * on_time["unbounded"]
    assert max(on_time.values()) <= most


def test_a_hedge_cuts_the_tail_and_its_budget_bounds_the_extra_load() -> None:
    printed = shown("advanced", "hedged_requests")

    plain, hedged = row(printed, " 2 % slow, plain"), row(printed, " 2 % slow, hedged ")
    assert plain[3:] == [0.0, 0]
    assert hedged[1] < plain[1]
    assert hedged[3] > 0
    # 240 calls: a twentieth of them and five at once.
    assert row(printed, "30 % slow, hedged, budget")[3] <= 7.1
    assert row(printed, "30 % slow, hedged ")[3] > 7.1
    assert "tasks left running: 0" in printed


def test_shared_memory_is_private_to_nobody_and_leaves_no_segment() -> None:
    printed = shown("advanced", "shared_memory_matrix")

    pickled, shared = row(printed, "pickled"), row(printed, "shared")
    assert shared[0] < pickled[0]
    assert pickled[2] - shared[2] > 50
    assert pickled[3] == shared[3]
    assert "segments left behind: 0" in printed


@pytest.mark.integration
def test_a_fleet_admits_exactly_its_limit_through_the_script(redis_server: Server) -> None:
    printed = shown("advanced", "redis_fleet", VELVET_REDIS_URL=redis_server.url)

    # "81+76+78+80 315 215" after each label
    script = re.search(r"^one Lua script +[\d+]+ +(\d+) +(\d+)$", printed, re.M)
    racy = re.search(r"^GET, decide, SET +[\d+]+ +(\d+) +(\d+)$", printed, re.M)
    assert script is not None
    assert racy is not None
    assert script.groups() == ("100", "0")
    assert int(racy.group(1)) - 100 == int(racy.group(2)) >= 0
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.keys("velvet-example-*") == []


def test_without_a_redis_the_fleet_says_why_and_what_to_do_next() -> None:
    hide_it_and_run = (
        "import runpy, sys, velvet.services as services;"
        "missing = services.ServiceUnavailable('redis', [('binary', 'hidden')], 'install one');"
        "services.probe = lambda name: missing;"
        "sys.argv[1:] = ['redis_fleet'];"
        "runpy.run_path('examples/advanced.py', run_name='__main__')"
    )

    done = subprocess.run(
        [sys.executable, "-c", hide_it_and_run],
        cwd=MODULE,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=PATIENCE["advanced"],
        check=True,
    )

    assert "skipped: no redis: binary: hidden (install one)" in done.stdout


def test_sigterm_drains_with_a_grace_period_and_loses_everything_without() -> None:
    printed = shown("advanced", "graceful_shutdown")

    without, graceful = printed.split("with GracefulShutdown(grace=0.6)")
    lost, drained = (
        re.search(r"= (\d) of 6 answered, exit code (-?\d+)", part) for part in (without, graceful)
    )
    assert lost is not None
    assert drained is not None
    assert int(lost.group(1)) < int(drained.group(1)) < 6
    assert lost.group(2) != "0"
    assert drained.group(2) == "0"
    assert "a new request is refused" in graceful
    assert "cut off: request of 5.0 s, request of 6.0 s" in graceful
