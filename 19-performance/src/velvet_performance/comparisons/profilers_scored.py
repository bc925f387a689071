"""The shoot-out: every profiler on the witness, on all programs, and under every Python here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Absent, Metric, Outcome, Suite, mode, ratio, speedup, value
from velvet_performance import folklore, programs
from velvet_performance.errors import PerformanceError
from velvet_performance.profilers import bare, profilers, under_python

WITNESS, PART = "calls_vs_loop", "many_small"
QUICK = ("cprofile", "py_spy", "pyinstrument", "monitoring_parts", "yappi_cpu")
# Asked in a quick run where hot parts hide, and only in a full one: slow, or a second setting.
QUICK_FINDERS = ("cprofile", "py_spy", "py_spy_idle", "pyinstrument")
LATE = ("scalene_full", "yappi_wall", "memory_profiler", "pure_profile")
QUICK_PROGRAMS = ("worker_thread", "wait_mix", "slow_start")
VERSIONED = ("cprofile", "pure_profile", "py_spy", "monitoring_all", "monitoring_parts")


def _watched(name: str) -> Callable[[], Outcome]:
    profiler = profilers()[name]
    if reason := profiler.available():
        raise Absent(reason)
    size = profiler.size_of(programs.get(WITNESS))

    def run() -> Outcome:
        alone = bare(WITNESS, size, sections=True)
        watched = profiler.run(WITNESS, size, sections=True)
        assert watched.profile is not None
        reported = watched.profile.shares(("many_small", "one_loop"))[PART]
        true, bent = alone.inflated[PART], watched.inflated[PART]
        return Outcome(
            {
                "overhead": watched.cpu_s / alone.cpu_s,
                "reported": reported * 100,
                "true": true * 100,
                "distortion": (reported - true) * 100,
                "bent": (bent - true) * 100,
            },
            seconds=watched.cpu_s / profiler.contender.SCALE,
            measured_n=size if profiler.contender.SCALE < 1 else None,
            result=alone.digest == watched.digest,
        )

    return run


def _bare() -> Callable[[], Outcome]:
    def run() -> Outcome:
        alone = bare(WITNESS, sections=True)
        share = alone.inflated[PART] * 100
        told = {"overhead": 1.0, "reported": share, "true": share, "distortion": 0.0, "bent": 0.0}
        return Outcome(told, seconds=alone.cpu_s, result=True)

    return run


def _found(name: str) -> Callable[[], dict[str, Any]]:
    profiler = profilers()[name]
    if reason := profiler.available():
        raise Absent(reason)

    def run() -> dict[str, Any]:
        told: dict[str, Any] = {}
        asked = QUICK_PROGRAMS if mode() == "quick" else programs.NAMES
        for program in programs.NAMES:
            if program not in asked:
                told[program] = "not asked"
                continue
            about = programs.get(program)
            try:
                profile = profiler.run(program).profile
            except PerformanceError as error:
                told[program] = f"error: {str(error)[:60]}"
                continue
            assert profile is not None
            rank = profile.rank_of(about.hot, about.parts)
            told[program] = {0: "not seen", 1: "found"}.get(rank, f"rank {rank}")
        told["found"] = sum(word == "found" for word in told.values())
        package = profiler.contender.PACKAGE or "Python"
        told["version"] = f"{package} {profiler.version}"
        return told

    return run


def _under(name: str, python: str) -> Callable[[], dict[str, Any]]:
    known = folklore.interpreters()
    if python not in known:
        raise Absent(f"no Python {python} on this machine")
    profiler = profilers()[name]
    if name.startswith("monitoring"):
        if tuple(map(int, python.split("."))) < (3, 12):
            raise Absent("sys.monitoring needs Python 3.12")
    elif reason := profiler.available():
        raise Absent(reason)
    path, about = known[python].path, programs.get(WITNESS)

    def run() -> dict[str, Any]:
        size = profiler.size_of(about)
        alone = bare(WITNESS, size, sections=True, python=path)
        watched = under_python(path, profiler, WITNESS, size)
        assert watched.profile is not None
        shares = watched.profile.shares(about.parts)
        threaded = programs.get("worker_thread")
        other = under_python(path, profiler, "worker_thread", profiler.size_of(threaded)).profile
        assert other is not None
        rank = other.rank_of(threaded.hot, threaded.parts)
        return {
            "overhead": watched.cpu_s / alone.cpu_s,
            "true": alone.inflated[PART] * 100,
            "distortion": (shares[PART] - alone.inflated[PART]) * 100,
            "second_thread": "found" if rank == 1 else "not found",
        }

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    points = Metric("points")
    shootout = suite.comparison(
        "shootout",
        title="Two functions, one with many tiny calls: the same program under each profiler",
        kind="run",
        unit="ms",
        rounds={"quick": 2, "default": 3, "full": 9},
        limit=240,
        metrics={
            "overhead": "x",
            "reported": Metric("%"),
            "true": Metric("%"),
            "distortion": points,
            "bent": points,
        },
    )
    shootout.add("bare", _bare, baseline=True)
    for name in profilers():
        tier = "quick" if name in QUICK else "full" if name == "scalene_full" else "default"
        shootout.add(name, partial(_watched, name), tier=tier)
    shootout.check(lambda same: same is True)

    found = suite.comparison(
        "find_rate",
        title="Eleven programs whose hot part is known: which profiler names it",
        kind="value",
        unit="of 11",
        limit=300,
        metrics={"found": Metric("programs", "higher"), "version": Metric("label")}
        | {program: Metric("label") for program in programs.NAMES},
    )
    for name in profilers():
        tier = "quick" if name in QUICK_FINDERS else "full" if name in LATE else "default"
        found.add(name, partial(_found, name), tier=tier)

    versions = suite.comparison(
        "versions",
        title="The same profilers under other Pythons of this machine",
        kind="value",
        unit="x",
        sizes={"python": list(folklore.VERSIONS)},
        metrics={
            "overhead": "x",
            "true": Metric("%"),
            "distortion": points,
            "second_thread": Metric("label"),
        },
        tier="default",
    )
    for name in VERSIONED:
        versions.add(name, partial(_under, name))

    suite.claim(
        "py-spy costs the program at most a third",
        ratio("shootout", "py_spy", "bare") <= 1.33,
        needs="linux",
    )
    suite.claim(
        "py-spy is within 15 points of the truth",
        (value("shootout", "py_spy", "distortion") <= 15)
        & (value("shootout", "py_spy", "distortion") >= -15),
        needs="linux",
    )
    suite.claim(
        "cProfile makes this program at least 1.25x slower",
        speedup("shootout", "bare", "cprofile") >= 1.25,
    )
    suite.claim(
        "cProfile gives the function of many calls at least 8 points too much",
        value("shootout", "cprofile", "distortion") >= 8,
    )
    suite.claim(
        "pyinstrument gives it at least 5 points too much",
        value("shootout", "pyinstrument", "distortion") >= 5,
    )
    suite.claim(
        "yappi's CPU clock gives it at least 20 points too much",
        value("shootout", "yappi_cpu", "distortion") >= 20,
        needs="yappi",
    )
    suite.claim(
        "a monitor of 3.12 that watches two functions stays within 5 points and costs nothing",
        (value("shootout", "monitoring_parts", "distortion") <= 5)
        & (value("shootout", "monitoring_parts", "distortion") >= -5)
        & (ratio("shootout", "monitoring_parts", "bare") <= 1.25),
        needs="python>=3.12",
    )
    for name, bound in (("line_profiler", 2), ("pure_profile", 8), ("tracemalloc", 3)):
        suite.claim(
            f"{name} makes this program at least {bound}x slower",
            speedup("shootout", "bare", name) >= bound,
            tier="default",
        )
    suite.claim(
        "memory_profiler makes this program at least 50x slower",
        speedup("shootout", "bare", "memory_profiler") >= 50,
        tier="default",
    )
    suite.claim(
        "py-spy finds at least as many hot parts as pyinstrument, which sees one thread",
        ratio("find_rate", "py_spy", "pyinstrument", "found") >= 1,
        needs="linux",
        tier="default",
    )
