"""Advanced examples: compilers, the collector, the end of scaling, a leak, a whole repair."""

from __future__ import annotations

import contextlib
import math
import time
from concurrent.futures import ThreadPoolExecutor

from velvet.examples import example, main
from velvet_performance import compiled, gctools, ladder, memory, scaling, service, stacks
from velvet_performance.errors import Unavailable
from velvet_performance.profilers import profilers
from velvet_performance.samples import kernels
from velvet_performance.samples.programs import leaky_cache


@example("vectorise_compile")
def vectorise_compile() -> None:
    """The Julia set six ways: equal counts, speed, and after how many calls compiling pays."""
    points = kernels.plane(60)
    plain = 0.0
    expected = kernels.julia_pure(points, 300)
    print(f"{'kind':9}{'ms':>9}{'gain':>9}{'made ready in':>15}{'pays after':>12}")
    for kind in compiled.KINDS:
        if not compiled.is_built(kind):
            print(f"{kind:9}not compiled yet: python -m velvet_performance.compiled")
            continue
        try:
            built = compiled.build(kind)
        except Unavailable as reason:
            print(f"{kind:9}{str(reason)[:70]}")
            continue
        assert built.julia(points, 300) == expected
        best = 1e9
        for _ in range(3):
            begun = time.process_time()
            built.julia(points, 300)
            best = min(best, time.process_time() - begun)
        plain = plain or best
        calls = compiled.break_even(built.seconds, plain, best)
        shown = "" if kind in ("pure", "algebra", "numpy") else f"{calls:,.0f} calls"
        line = f"{kind:9}{best * 1e3:>9.2f}{plain / best:>8.1f}x{built.seconds:>13.2f} s"
        print(f"{line}{shown:>12}")
    print("all counts equal: yes")
    print("why: the loop is cheap once nothing in it is an object; building has its price")


@example("gc_tuning")
def gc_tuning() -> None:
    """Building 150,000 dictionaries with the collector on, rarer and off, and what freeze saves."""

    def build() -> list[dict[str, int]]:
        return [{"id": number, "tags": [number]} for number in range(150_000)]

    build()
    managers = {
        "as it comes": contextlib.nullcontext(),
        "threshold 50,000": gctools.gc_threshold(50_000),
        "paused": gctools.gc_paused(),
    }
    print(f"{'collector':20}{'CPU ms':>9}{'pauses':>8}{'longest ms':>12}{'all ms':>9}")
    for name, manager in managers.items():
        with gctools.GCWatch() as watch, manager:
            begun = time.process_time()
            kept = build()
            spent = (time.process_time() - begun) * 1e3
        line = f"{name:20}{spent:>9.0f}{len(watch.pauses):>8}"
        print(f"{line}{watch.longest_ms:>12.2f}{watch.total_ms:>9.1f}")
        del kept
    kept = build()
    with gctools.GCWatch() as watch:
        gctools.gc.collect()
    with gctools.gc_frozen(), gctools.GCWatch() as frozen:
        gctools.gc.collect()
    print(f"\na full collection with {len(kept):,} dictionaries alive: {watch.longest_ms:.2f} ms")
    print(f"the same after freeze: {frozen.longest_ms:.3f} ms")
    print("why: each look walks over what will stay; freeze takes it out of sight")


@example("where_amdahl_stops")
def where_amdahl_stops() -> None:
    """A share, what the law allows, and a pool whose throughput falls behind its peak."""
    print("90 % of the work is made faster:")
    for gain in (2, 10, 100):
        print(f"  {gain:>4}x faster: the whole {scaling.amdahl(0.9, gain):5.2f}x")
    print(f"  for ever faster: {scaling.amdahl(0.9, math.inf):5.2f}x, and there it stops\n")

    def request(agreeing: int) -> None:
        time.sleep(0.004 + 0.00035 * agreeing)  # each waits for the database, and for the others

    loads, rates = (1, 2, 4, 8, 16, 24), []
    for workers in loads:
        with ThreadPoolExecutor(workers) as pool:
            begun = time.perf_counter()
            list(pool.map(request, [workers * (workers - 1) / 8] * 60))
            rates.append(60 / (time.perf_counter() - begun))
    law = scaling.fit_usl(loads, rates)
    print(f"{'workers':>8}{'measured /s':>13}{'fitted /s':>11}")
    for workers, rate in zip(loads, rates, strict=True):
        print(f"{workers:>8}{rate:>13.0f}{law.at(workers):>11.0f}  {'#' * int(rate / 25)}")
    print(f"contention {law.alpha:.3f}, coherence {law.beta:.5f}: peak at {law.peak:.0f} workers")
    hidden = scaling.serial_fraction(rates[1] / rates[0], 2)
    print(f"two workers betray a serial share of {max(0.0, hidden):.0%} (Karp and Flatt)")
    print("why: Amdahl's curve only flattens; workers who must agree make it fall")


@example("find_the_leak")
def find_the_leak() -> None:
    """A request that keeps its answer for ever, found by two snapshots and by who holds it."""
    numbers = iter(range(1_000_000))

    def request() -> None:
        leaky_cache.remember(f"request-{next(numbers)}")
        leaky_cache.scratch(3)

    leaky_cache.build(1, 1)
    for growth in memory.find_growth(request, calls=1_000, top=2):
        place, _, line = growth.where.rpartition(":")
        name = place.replace("\\", "/").rpartition("/")[2]
        print(f"{name}:{line}  +{growth.bytes_per_call * 1000 / 1e6:.3f} MB per 1,000 calls")
    held = {part: memory.deep_size(thing) for part, thing in leaky_cache.retained().items()}
    print(
        f"held by remember: {held['remember'] / 1e6:.2f} MB in {len(leaky_cache._answers):,} keys"
    )
    outcome = None
    memray = profilers()["memray"]
    if reason := memray.available():
        print(f"memray: {reason}")
    else:
        outcome = memray.run("leaky_cache", 2_000)
        assert outcome.profile is not None
        shares = outcome.profile.shares(("remember", "scratch", "settings"))
        print("memray, not freed:", {part: f"{s:.0%}" for part, s in shares.items()})
    leaky_cache.build(1, 1)
    print("why: a key that never comes again makes a cache a list: bound it")


@example("from_profile_to_fix")
def from_profile_to_fix() -> None:
    """A service of 370 lines goes from slow to fast by nine small commits that profiles named."""
    steps = ladder.get("service")
    answers = steps.verify(40)
    print(f"{len(answers)} answers are equal at every stage: yes")
    print(f"{'commit':32}{'lines':>6}  {'profile named':15}{'gain':>7}{'at most':>9}{'total':>8}")
    changed = {one.name: one.changed_lines for one in service.commits()}
    for rung in steps.measure(60, pairs=2):
        if rung.step.why:
            line = f"{rung.step.name:32}{changed[rung.step.name]:>6}  {rung.step.why:15}"
            print(f"{line}{rung.step_gain:>6.2f}x{rung.predicted:>8.2f}x{rung.total_gain:>7.1f}x")
    outcome = profilers()["cprofile"].run("service", 40)
    assert outcome.profile is not None
    own = {f"{row.function}:{row.line}": row.own for row in outcome.profile.rows}
    fraction, few = stacks.pareto(own)
    print(f"\nfirst day: {len(few)} of {len(own)} functions ({fraction:.0%}) hold 80 % of the time")
    print("the third commit, as it stands in samples/shop:")
    changes = service.commits()[2].diff.splitlines()
    print("\n".join(line for line in changes if line[0] in "+-"))
    print("why: no commit was written before a profile had named its function")


if __name__ == "__main__":
    main()
