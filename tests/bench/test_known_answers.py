"""The instrument against answers known beforehand, on a simulated and on the real machine."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import velvet.bench
from velvet.bench.claims import Verdict, ratio
from velvet.bench.model import Timed
from velvet.bench.rounds import Prepared, interleave
from velvet.bench.stats import paired_ratio
from velvet.needs import usable_cores

TURN_NS = 1_000_000.0
LAUNCHER = Path(velvet.bench.__file__).with_name("launcher.py")


@pytest.fixture
def simulate(shared_machine, still_spin):
    """Measure slow/base on simulated machines; returns the samples by process."""

    def run(true_ratio, seed, *, processes=5, rounds=30):
        samples = {"slow": [], "base": []}
        for process in range(processes):
            machine = shared_machine(seed * 1009 + process)
            works = {"slow": machine.work(TURN_NS * true_ratio), "base": machine.work(TURN_NS)}
            contenders = [Prepared(name, Timed(call)) for name, call in works.items()]
            records = list(interleave(contenders, machine, rounds=rounds, seed=seed + process))
            for name in works:
                samples[name].append([record["wall"][name] for record in records])
        return samples["slow"], samples["base"]

    return run


@pytest.fixture
def one_after_the_other(shared_machine):
    """Measure slow/base as two blocks on the same machine, as most tools do."""

    def run(true_ratio, seed, *, rounds=30):
        machine = shared_machine(seed * 1009)
        medians = []
        for cost in (TURN_NS * true_ratio, TURN_NS):
            one = Prepared("block", Timed(machine.work(cost)))
            medians.append(statistics.median(one.round(machine)[0] for _ in range(rounds)))
        return medians[0] / medians[1]

    return run


@pytest.mark.parametrize("true_ratio", [1.0, 1.1, 2.0])
def test_a_true_ratio_is_recovered_within_two_per_cent_on_a_busy_machine(simulate, true_ratio):
    errors = [
        abs(paired_ratio(*simulate(true_ratio, seed)).value / true_ratio - 1) for seed in range(8)
    ]

    assert max(errors) <= 0.02


def test_measuring_one_after_the_other_misses_by_more_than_ten_per_cent(one_after_the_other):
    errors = sorted(abs(one_after_the_other(1.1, seed) / 1.1 - 1) for seed in range(20))

    assert statistics.median(errors) > 0.10


def test_measuring_one_after_the_other_names_the_wrong_winner(one_after_the_other):
    assert min(one_after_the_other(1.1, seed) for seed in range(20)) < 0.95


def test_the_interval_of_equals_covers_one_as_often_as_it_promises(simulate):
    hits = 0
    for seed in range(400):
        found = paired_ratio(*simulate(1.0, seed, rounds=15))
        hits += found.lo <= 1.0 <= found.hi

    assert 0.92 <= hits / 400 <= 0.98


@pytest.mark.skipif(
    sys.platform == "win32" and sys.version_info < (3, 11),
    reason="sleeping ticks at 15.6 ms there",
)
def test_sleeping_twice_as_long_takes_twice_as_long(declared, measured_by_engine):
    suite = declared("""
        naps = suite.comparison("naps", unit="ms", clock="wall")
        naps.add("short", lambda: lambda: time.sleep(0.02))
        naps.add("long", lambda: lambda: time.sleep(0.04))
    """)

    run = measured_by_engine(suite, processes=3, rounds=15)

    assert run.measured.paired("naps", "long", "short", None, {}).value == pytest.approx(2, rel=0.1)


HOG = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"


@contextlib.contextmanager
def hogs(count):
    """Keep so many cores busy; each hog ends by itself after a minute at the latest."""
    running = [subprocess.Popen([sys.executable, "-c", HOG]) for _ in range(count)]
    try:
        yield
    finally:
        for hog in running:
            hog.kill()
            hog.wait()


TURNS = """
    turns = suite.comparison("turns", unit="ms", clock="cpu")

    def loop(count):
        def call():
            total = 0
            for turn in range(count):
                total += turn
        return lambda: call

    turns.add("base", loop(60_000), baseline=True)
    turns.add("more", loop(66_000))
    turns.add("again", loop(60_000))
"""


@pytest.fixture(scope="module")
def beside_hogs(declared, measured_by_engine):
    suite = declared(TURNS)
    with hogs(min(4, usable_cores())):
        return measured_by_engine(suite, processes=5, rounds=20)


@pytest.mark.skipif(sys.platform == "win32", reason="the thread clock ticks at 15.6 ms there")
def test_ten_per_cent_more_work_is_seen_beside_cpu_hogs(beside_hogs):
    found = beside_hogs.measured.paired("turns", "more", "base", None, {})

    assert found.value == pytest.approx(1.10, rel=0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="the thread clock ticks at 15.6 ms there")
@pytest.mark.parametrize("pair", [("again", "base"), ("base", "again")])
def test_equal_contenders_are_never_declared_different(beside_hogs, pair):
    condition = ratio("turns", *pair) >= 1.05

    assert condition.judge(beside_hogs.measured).verdict is not Verdict.HOLDS


LARGE_PARENT = """
    import json, sys
    from pathlib import Path

    ballast = bytearray(b"x") * (500 * 2**20)
    if len(ballast) < 500 * 2**20:
        raise MemoryError
"""


def in_a_large_parent(code, *arguments):
    """Run code in a process that holds 500 MB and return the JSON that it prints."""
    program = textwrap.dedent(LARGE_PARENT) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return json.loads(done.stdout)


def test_touching_200_mb_is_seen_as_such_from_a_parent_of_500_mb(measure_file):
    file = measure_file("""
        touch = suite.comparison("touch", unit="ms", kind="run", floor=True)
        touch.add("block", lambda: lambda: len(bytearray(b"x") * (200 * 2**20)))
        touch.add("nothing", lambda: lambda: 0)
    """)

    found = in_a_large_parent(
        """
        from velvet.bench.engine import Engine
        from velvet.bench.suite import Options
        from velvet.bench.worker import load_suite

        engine = Engine(load_suite(Path(sys.argv[1])), Options(tier="quick", rounds=1))
        for event in engine.events():
            pass
        rows = {row.contender: row.flat("delta_mb") for row in engine.measured.of("touch")}
        print(json.dumps(rows))
        """,
        file,
    )

    assert 190 <= found["block"][0] <= 215
    assert found["nothing"][0] <= 15


PEAK = """
    import subprocess
    ask = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    scale = 2**20 if sys.platform == "darwin" else 2**10
    between = [sys.executable, "-S", sys.argv[1]] if len(sys.argv) > 1 else []
    done = subprocess.run([*between, sys.executable, "-c", ask], capture_output=True, check=True)
    print(int(done.stdout) / scale)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="ru_maxrss is a POSIX figure")
def test_behind_the_launcher_a_small_child_of_a_large_parent_is_small():
    assert in_a_large_parent(PEAK, LAUNCHER) < 100


@pytest.mark.skipif(sys.platform != "linux", reason="the inheritance is Linux's")
def test_without_the_launcher_a_small_child_inherits_the_peak_of_a_large_parent():
    assert in_a_large_parent(PEAK) > 400
