"""Bytes of layouts, growth, the collector, imports, folklore."""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import sys
import tracemalloc
from pathlib import Path

import pytest

from velvet_performance import folklore, gctools, imports, memory
from velvet_performance.errors import ChildFailed
from velvet_performance.samples.advice import ADVICE
from velvet_performance.samples.layouts import LAYOUTS, PlainPoint, SlotsPoint

LISTING = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   zipimport
import time:        20 |         20 |       _struct
import time:        30 |         50 |     struct
import time:         5 |          5 |     keyword
import time:       200 |        255 |   wave
some other line
import time:         7 |          7 | site
"""


def test_layouts_weigh_what_they_promise() -> None:
    weights = {name: memory.bytes_per_row(name, 3_000) for name in LAYOUTS}

    assert weights["slots"] <= 0.75 * weights["class"]
    assert weights["dict"] >= 2.5 * weights["slots"]
    assert weights["numpy_rows"] <= 0.5 * weights["slots"]
    assert weights["array"] == pytest.approx(24, rel=0.1)
    assert weights["dataclass"] == pytest.approx(weights["slots"], rel=0.05)


def test_layouts_hold_the_same() -> None:
    values = list(range(50))

    assert {one.scan(one.build(values)) for one in LAYOUTS.values()} == {sum(values)}
    with pytest.raises(ValueError, match="unknown layout"):
        memory.bytes_per_row("none")


def test_bytes_of_nothing_and_of_a_factory_that_fails() -> None:
    assert 0 <= memory.bytes_per_object(lambda: None, 200) < 8
    assert memory.bytes_per_object(lambda: bytes(1000), 200) == pytest.approx(1033, abs=60)
    assert memory.bytes_per_object(lambda: len(bytes(100_000)), 1) < 10_000  # it is gone again

    def fails() -> None:
        raise LookupError("no more")

    with pytest.raises(LookupError):
        memory.bytes_per_object(fails, 3)
    assert not tracemalloc.is_tracing()
    with pytest.raises(ValueError, match="n is 0"):
        memory.bytes_per_object(list, 0)


def test_measuring_inside_a_trace_leaves_it_on() -> None:
    tracemalloc.start()
    try:
        memory.bytes_per_object(list, 10)
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_deep_size_follows_cycles_slots_and_shares() -> None:
    shared = bytes(5_000)
    slotted, plain = SlotsPoint(1, 2, 3), PlainPoint(1, 2, 3)
    slotted.x = slotted.y = shared  # type: ignore[assignment]
    plain.x = plain  # type: ignore[assignment]
    loop: list[object] = [shared, {"again": shared}]
    loop.append(loop)

    assert 5_000 < memory.deep_size(loop) < 5_600
    assert 5_000 < memory.deep_size(slotted) < 5_300
    assert memory.deep_size(plain) > sys.getsizeof(plain)
    alone = [SlotsPoint, len, sys]
    assert memory.deep_size(alone) == sys.getsizeof(alone)


def test_interning_shares_equal_strings() -> None:
    strings = ["".join(["key", str(n % 3)]) for n in range(30)]
    kept = memory.intern_table(strings)

    assert kept == strings
    assert len({id(one) for one in kept}) == 3
    assert len({id(one) for one in strings}) == 30


def test_the_line_that_grows_is_found() -> None:
    kept: list[bytes] = []
    once: dict[int, bytes] = {}

    def leaks() -> None:
        kept.append(bytes(500))
        once.setdefault(0, bytes(100_000))

    first, *_ = memory.find_growth(leaks, calls=50)

    line = leaks.__code__.co_firstlineno + 1
    assert first.where == f"{Path(__file__)}:{line}"
    assert 500 < first.bytes_per_call < 700
    with pytest.raises(ValueError, match="calls is 0"):
        memory.find_growth(leaks, calls=0)


def test_what_the_collector_would_free_is_no_growth() -> None:
    kept: list[object] = []

    def leaks() -> None:
        for end in (kept, []):
            made: list[object] = [bytes(5_000)]
            made.append(made)
            end.append(made)

    with gctools.gc_paused():
        first, *_ = memory.find_growth(leaks, calls=20)

    assert 5_000 < first.bytes_per_call < 5_500
    assert not tracemalloc.is_tracing()


def test_the_collector_is_put_back_also_after_an_exception() -> None:
    before = gc.isenabled(), gc.get_threshold()
    gc.unfreeze()
    frozen, seen = gc.get_freeze_count(), []
    for manager in (gctools.gc_paused(), gctools.gc_threshold(50_000), gctools.gc_frozen()):
        with contextlib.suppress(LookupError), manager:
            seen.append((gc.isenabled(), gc.get_threshold()[0], gc.get_freeze_count() > frozen))
            raise LookupError
        assert (gc.isenabled(), gc.get_threshold()) == before
        assert gc.get_freeze_count() <= frozen
    assert seen == [(False, before[1][0], False), (True, 50_000, False), (True, before[1][0], True)]

    gc.disable()
    try:
        with gctools.gc_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()  # it was off before
    finally:
        gc.enable()
    with pytest.raises(ValueError, match="young is 0"), gctools.gc_threshold(0):
        pass


def test_pauses_are_watched() -> None:
    ticks = iter(range(100))
    with gctools.GCWatch(clock=lambda: float(next(ticks))) as watch:
        gc.collect(0)
        loop: list[object] = []
        loop.append(loop)
        del loop
        gc.collect()

    assert [pause.generation for pause in watch.pauses][-1] == 2
    assert watch.longest_ms == 1000.0
    assert watch.total_ms == 1000.0 * len(watch.pauses)
    assert watch._told not in gc.callbacks
    assert gctools.GCWatch().longest_ms == 0.0


def test_a_listing_of_imports_becomes_a_tree() -> None:
    roots = imports.parse_importtime(LISTING)
    site = roots[-1]

    assert [one.name for one in roots] == ["site"]
    assert [one.name for one in site.children] == ["zipimport", "wave"]
    wave = site.children[1]
    assert [one.name for one in wave.children] == ["struct", "keyword"]
    assert [one.name for one in wave.walk()] == ["wave", "struct", "_struct", "keyword"]
    assert wave.total_us == wave.own_us + sum(one.total_us for one in wave.children)


def test_what_a_statement_imports() -> None:
    found = {one.name for root in imports.import_tree("import wave") for one in root.walk()}

    assert "wave" in found
    assert "encodings" not in found
    assert imports.cold_start("pass", 1) > 0
    with pytest.raises(ChildFailed, match="no_such_module_here"):
        imports.import_tree("import no_such_module_here")
    with pytest.raises(ValueError, match="n is 0"):
        imports.cold_start("pass", 0)


def test_a_lazy_module_is_loaded_by_its_first_attribute() -> None:
    code = (
        "import sys; from velvet_performance.imports import lazy; wave = lazy('wave');"
        "before = 'wave' in sys.modules; wave.open; print(before, 'wave' in sys.modules)"
    )
    printed = imports._child(code).stdout

    assert printed.split() == ["False", "True"]
    assert imports.lazy("json") is json
    assert imports.LazyModule("colorsys").rgb_to_hls(0, 0, 0) == (0.0, 0.0, 0.0)
    with pytest.raises(ModuleNotFoundError, match="no_such"):
        imports.lazy("no_such")


@pytest.mark.parametrize("name", ADVICE)
def test_both_ways_of_an_advice_compute_the_same(name: str) -> None:
    _, warned, praised = ADVICE[name]

    assert warned() == praised()


def test_advice_is_timed_here_and_under_another_interpreter() -> None:
    known = folklore.interpreters()
    own = known[f"{sys.version_info[0]}.{sys.version_info[1]}"]

    assert own.path == sys.executable
    assert folklore.times_under(own, ["local"]).keys() == {"local"}
    assert folklore.times("comprehension", rounds=1) > 0
    assert folklore._version_of("no-such-program") == ""
    with pytest.raises(ValueError, match="unknown advice"):
        folklore.times("none")


def test_an_advice_is_the_ratio_of_its_two_times(monkeypatch: pytest.MonkeyPatch) -> None:
    # between two looks: since the round before, the warned way, the praised way
    clock = itertools.accumulate(itertools.cycle([10, 6, 2]))
    monkeypatch.setattr(folklore.time, "process_time_ns", lambda: next(clock))

    assert folklore.times("local", rounds=2) == 3
