"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from velvet.hostile import Fixed, HostileTests, Key, call
from velvet_performance import (
    caching,
    compiled,
)
from velvet_performance import errors as kinds
from velvet_performance import (
    flame,
    gctools,
    imports,
    ladder,
    memory,
    profiles,
    programs,
    scaling,
    stacks,
)

STACKS = stacks.Stacks({("main", "work"): 3.0, ("main",): 1.0})
LISTING = "import time:       1 |          2 | re\n"
PROFILE = profiles.from_stacks(STACKS, samples=4)


def memoized(maxsize: int, ttl: float, key: object) -> object:
    kept = caching.memoize(maxsize, ttl, single_flight=True)(repr)
    return kept(key), kept(key)


def paused(young: int) -> None:
    with gctools.gc_threshold(young):
        pass


class TestHostile(HostileTests):
    errors = (kinds.PerformanceError,)
    mutable = {"flame.Node", "gctools.GCWatch", "imports.Import"}
    calls = (
        call(memoized, 2, 1.0, Key("a")).but(of=(caching.memoize, caching.Memoized)),
        call(compiled.break_even, 6.0, 0.5, 0.2),
        call(compiled.build, "pure").but(same=False),
        call(compiled.is_built, "pure"),
        call(kinds.tidy, "text"),
        call(flame.tree_of, STACKS),
        call(flame.boxes, STACKS, 0.001).but(nan="no frame has a share of NaN"),
        call(flame.changes, STACKS, STACKS),
        call(flame.svg, STACKS, title="title", before=STACKS, unit="samples"),
        call(flame.text, STACKS, width=40, smallest=0.02).but(
            many=1000, nan="no frame has a share of NaN"
        ),
        call(paused, 700).but(of=(gctools.gc_threshold,)),
        call(imports.parse_importtime, LISTING),
        call(imports.lazy, "json").but(errors=(ModuleNotFoundError,)),
        call(ladder.Ladder, "name", Fixed([]), Fixed(5)),
        call(ladder.interval, [1.0, 2.0, 3.0]),
        call(ladder.difference, [1], [2], "place").but(same=False),
        call(ladder.get, "service").but(same=False),
        call(memory.intern_table, ["a", "b"]),
        call(profiles.Profile.share_of, Fixed(PROFILE), "work"),
        call(profiles.Profile.shares, Fixed(PROFILE), ["work", "main"]),
        call(profiles.Profile.rank_of, Fixed(PROFILE), "work", ["work", "main"]),
        call(profiles.Profile.hottest, Fixed(PROFILE), 2),
        call(profiles.from_stacks, Fixed(STACKS), unit="samples", samples=Fixed(4)).but(
            of=(profiles.Profile,)
        ),
        call(profiles.lines_of, paused),
        call(profiles.from_lines, {("a.py", 1): 1.0}, [profiles.lines_of(paused)], unit="seconds"),
        call(programs.get, "nbody"),
        call(scaling.amdahl, 0.5, 2.0),
        call(scaling.serial_fraction, 4.0, 8.0),
        call(scaling.USL, 0.1, 0.01, 1.0),
        call(scaling.USL.at, Fixed(scaling.USL(0.1, 0.01, 1.0)), 4.0).but(nan="NaN, as documented"),
        call(scaling.fit_usl, [1.0, 2.0, 4.0, 8.0], [1.0, 1.9, 3.4, 5.0]),
        call(stacks.Stacks, {("main",): 1.0}).but(
            large=lambda: stacks.Stacks({("f",) * n: 1.0 for n in (1, 10_000)})
        ),
        call(stacks.Stacks.under, Fixed(STACKS), "main", or_root="work"),
        call(stacks.Stacks.renamed, Fixed(STACKS), str.upper),
        call(stacks.name_of, "Service.price (shop.py:120)"),
        call(stacks.parse_collapsed, "main;work 3\n"),
        call(stacks.parse_collapsed, b"main;work 3\n"),
        call(stacks.dump_collapsed, STACKS),
        call(stacks.pareto, {"a": 80.0, "b": 20.0}, 0.8),
    )
    excepted = {
        "caching": "starts threads, or collects garbage in each call",
        "children": "starts a process; tests/unit/test_adapters_and_programs.py",
        "compiled.cache_folder": "takes a folder",
        "folklore": "measures for seconds, or starts another interpreter",
        "imports": "starts interpreters; tests/unit/test_memory_gc_imports.py",
        "ladder.seconds_of": "runs a step of a ladder",
        "memory": "traces allocations for seconds; tests/unit/test_memory_gc_imports.py",
        "profilers": "start a child under a profiler",
        "programs": "takes seconds a call; tests/unit/test_adapters_and_programs.py",
        "service": "takes a stage of the demonstration",
        "shootout": "starts children under profilers",
        "stacks.to_speedscope": "writes a file",
        "target": "what a child runs",
    }
