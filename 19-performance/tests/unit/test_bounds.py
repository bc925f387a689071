"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from typing import Any

import pytest

from velvet_performance import (
    caching,
    children,
    compiled,
    gctools,
    imports,
    memory,
    programs,
    scaling,
    service,
    stacks,
)

GIVEN = [(n, 100.0 * n / (1 + 0.1 * (n - 1))) for n in (1, 2, 4, 8)]
PROGRAM = programs.get(programs.NAMES[0])


def collected_after(young: int) -> int:
    with gctools.gc_threshold(young):
        return gc.get_threshold()[0]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: scaling.amdahl(0, 2), 1),
        (lambda: scaling.amdahl(1, 0.5), 0.5),
        (lambda: scaling.USL(0, 0, 0).at(3), 0),
        (lambda: scaling.USL(0, 0, 0).peak, math.inf),
        (lambda: scaling.USL(1, 0.25, 1).peak, 0),
        (lambda: round(scaling.fit_usl(*zip(*GIVEN, strict=True)).alpha, 6), 0.1),
        (lambda: scaling.serial_fraction(0.5, 2), 3),
        (lambda: compiled.break_even(0, 2, 1), 0),
        (lambda: compiled.break_even(1, 1, 1), math.inf),
        (lambda: caching.memoize(maxsize=0)(abs)(-1), 1),
        (lambda: caching.memoize(maxsize=None, ttl=0.001)(abs)(-1), 1),
        (lambda: caching.stampede(caching.memoize(), threads=1), 1),
        (lambda: collected_after(1), 1),
        (lambda: stacks.pareto({"a": 1.0, "b": 1.0}, cover=1), (1.0, ["a", "b"])),
        (lambda: bool(service.source_of(0) and service.source_of(len(service.commits()))), True),
        (lambda: len(imports.__name__) and imports.cold_start("pass", n=1) > 0, True),
        (lambda: memory.bytes_per_object(lambda: None, n=1) >= 0, True),
        (lambda: memory.bytes_per_row("tuple", n=1) > 0, True),
        (lambda: memory.find_growth(lambda: None, calls=1, top=0), []),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scaling.amdahl(-0.01, 2), "p is -0.01"),
        (lambda: scaling.amdahl(1.01, 2), "p is 1.01"),
        (lambda: scaling.USL(-0.01, 0, 0), "from 0 up"),
        (lambda: scaling.USL(0, -0.01, 0), "from 0 up"),
        (lambda: scaling.USL(0, 0, -0.01), "from 0 up"),
        (lambda: scaling.fit_usl([1, 2, 3], [1, 2, 3]), "four pairs"),
        (lambda: scaling.fit_usl([1, 2, 3, 4], [1, 2, 3]), "four pairs"),
        (lambda: scaling.fit_usl([0.99, 2, 3, 4], [1, 2, 3, 4]), "loads is 0.99"),
        (lambda: compiled.break_even(-0.01, 2, 1), "need seconds"),
        (lambda: caching.memoize(maxsize=-1), "maxsize is -1"),
        (lambda: caching.memoize(ttl=0), "ttl is 0"),
        (lambda: caching.stampede(caching.memoize(), threads=0), "threads is 0"),
        (lambda: collected_after(0), "young is 0"),
        (lambda: children.run_child(["true"], None, limit_s=0), "limit_s is 0"),  # type: ignore[arg-type]
        (lambda: imports.cold_start("pass", n=0), "n is 0"),
        (lambda: memory.bytes_per_object(object, n=0), "n is 0"),
        (lambda: memory.bytes_per_row("tuple", n=0), "n is 0"),
        (lambda: memory.find_growth(int, calls=0), "calls is 0"),
        (lambda: PROGRAM.build(0), "size is 0"),
        (lambda: programs.truth(PROGRAM, rounds=0), "rounds is 0"),
        (lambda: service.source_of(-1), "stage is -1"),
        (lambda: service.source_of(len(service.commits()) + 1), "choose 0 to"),
        (lambda: service.patched("a\n", "@@ -1 +1 @@\n a\n@@ -1 +1 @@\n a\n"), "goes back"),
        (lambda: service.patched("a\n", "@@ -2 +2 @@\n b\n"), "does not fit at line 2"),
        (lambda: stacks.pareto({"a": 1.0}, cover=0), "cover is 0"),
        (lambda: stacks.pareto({"a": 1.0}, cover=1.01), "cover is 1.01"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
