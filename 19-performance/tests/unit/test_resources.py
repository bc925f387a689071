"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import gc

from velvet.hostile_resources import Resource, ResourceTests, at_once, unlocked
from velvet_performance import caching, gctools, programs

NBODY = programs.get("nbody")
PARTS = [getattr(NBODY.module, part) for part in NBODY.parts]
THRESHOLD = gc.get_threshold()
FROZEN = gc.get_freeze_count()  # Python 3.12 begins with some, and `unfreeze` takes these, too


def as_before(_: object) -> None:
    assert gc.isenabled()
    assert gc.get_threshold() == THRESHOLD
    assert gc.get_freeze_count() <= FROZEN
    assert not [one for one in gc.callbacks if getattr(one, "__name__", "") == "_told"]


def has_its_parts(_: object) -> bool:
    return [getattr(NBODY.module, part) for part in NBODY.parts] == PARTS


def answers(cached: caching.Memoized[[str], str]) -> bool:
    return unlocked(cached._lock) and not cached._flights and cached("a") == "A"


class TestResources(ResourceTests):
    resources = (
        Resource(
            "caching.Memoized",
            lambda _: caching.memoize(ttl=60.0, single_flight=True)(str.upper),
            use=lambda cached: at_once(lambda: cached("a")),
            free=answers,
        ),
        Resource(
            "gctools.gc_paused", lambda _: None, use=lambda _: gctools.gc_paused(), free=as_before
        ),
        Resource("gctools.gc_threshold", lambda _: 9_000, use=gctools.gc_threshold, free=as_before),
        Resource(
            "gctools.gc_frozen",
            lambda _: None,
            use=lambda _: gctools.gc_frozen(),
            free=as_before,
        ),
        Resource("gctools.GCWatch", lambda _: gctools.GCWatch(), free=as_before),
        Resource(
            "programs.SlowProgram.replaced",
            lambda _: dict.fromkeys(NBODY.parts, print),
            use=NBODY.replaced,
            free=has_its_parts,
        ),
        Resource(
            "programs.Sections.installed",
            lambda _: programs.Sections(NBODY),
            use=programs.Sections.installed,
            free=has_its_parts,
        ),
    )
