"""Intermediate examples: profilers against the truth, flame graphs, bytes, imports."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

from velvet.examples import example, main
from velvet_performance import flame, imports, memory, service, shootout, stacks
from velvet_performance.profilers import profilers
from velvet_performance.samples.layouts import LAYOUTS


@example("the_profiler_lies")
def the_profiler_lies() -> None:
    """One program under five profilers: how much of it is one function, and who is asked."""
    true = shootout.true_shares("calls_vs_loop", 500_000, rounds=1)["many_small"]
    print(f"many_small by timers, nothing watching:{true:>9.0%}\n")
    print(f"{'profiler':18}{'it reports':>11}{'timers see':>12}{'overhead':>10}  samples")
    truth = {"many_small": true, "one_loop": 1 - true}
    for name in ("py_spy", "cprofile", "pyinstrument", "line_profiler", "monitoring_parts"):
        found = shootout.score(profilers()[name], "calls_vs_loop", truth=truth, fraction=0.4)
        if found.problem:
            print(f"{name:18}{found.problem[:60]}")
            continue
        samples = str(found.samples) if found.samples else "counts all"
        shares = f"{found.reported:>11.0%}{found.bent:>12.0%}"
        print(f"{name:18}{shares}{found.overhead:>9.2f}x  {samples}")
    print("\nwhy: a tracer adds its cost to each call, so many tiny calls swell;")
    print("     the timers tell a program that was bent from one that is misreported")


@example("flame")
def flame_graph() -> None:
    """Flame graphs of the service before and after its repair, as text, SVG and speedscope."""
    found = {}
    for stage in (0, len(service.commits())):
        outcome = profilers()["cprofile"].run("service", 40, step=stage)
        assert outcome.profile is not None
        assert outcome.profile.stacks is not None
        found[stage] = outcome.profile.stacks.renamed(stacks.name_of)
    before, after = found.values()
    lines = flame.text(before, smallest=0.06, width=76).splitlines()
    print("\n".join(lines[:16]))
    folder = Path(tempfile.mkdtemp(prefix="velvet-flame-"))
    drawn = flame.svg(after, title="after the repair, against before", before=before)
    (folder / "difference.svg").write_text(drawn, encoding="utf-8")
    stacks.to_speedscope(before, folder / "before.json", name="before", unit="seconds")
    (folder / "before.txt").write_text(stacks.dump_collapsed(before), encoding="utf-8")
    names = ", ".join(sorted(path.name for path in folder.iterdir()))
    print(f"\nwritten and removed again: {names}")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    lost = sorted(flame.changes(before, after).items(), key=lambda item: item[1])
    print("own share, in points:")
    for path, change in [*lost[:3], *lost[-2:]]:
        print(f"  {change * 100:+6.1f}  {path[-1]}")
    print("why: width is share, so what is mended makes all others wider, not slower")


@example("fit_more_in_memory")
def fit_more_in_memory() -> None:
    """Nine layouts of the same records, in bytes per record, and strings that are shared."""
    rows = 20_000
    weights = {name: memory.bytes_per_row(name, rows) for name in LAYOUTS}
    print(f"{'layout':16}{'bytes':>7}{'against class':>15}")
    for name, weight in sorted(weights.items(), key=lambda item: -item[1]):
        print(f"{name:16}{weight:>7.0f}{weights['class'] / weight:>14.1f}x")

    def strings() -> list[str]:
        return [f"country-{number % 50}" for number in range(rows)]

    plain, shared = strings(), memory.intern_table(strings())
    gc.collect()
    mb = [memory.deep_size(one) / 1e6 for one in (plain, shared)]
    print(f"\n{rows:,} strings of 50 kinds: {mb[0]:.2f} MB, shared {mb[1]:.2f} MB")
    print(f"equal all the same: {plain == shared}")
    print("why: an object has a head of 16 bytes, 16 for the collector, often a dict;")
    print("     an array has eight bytes a number and nothing else")


@example("import_diet")
def import_diet() -> None:
    """What a command loads before it can answer, and what a lazy import saves at its start."""
    statement = "import numpy"
    roots = imports.import_tree(statement)
    every = [one for root in roots for one in root.walk()]
    print(f"{statement!r} loads {len(every)} modules; the five that cost most themselves:")
    for one in sorted(every, key=lambda one: -one.own_us)[:5]:
        print(f"  {one.name:28}{one.own_us / 1000:>7.2f} ms of its own, {one.total_us / 1000:.2f}")
    ours = "from velvet_performance.imports import lazy"
    times = {
        "this module alone": imports.cold_start(ours, 3),
        "import numpy": imports.cold_start(f"{ours}; import numpy", 3),
        "lazy('numpy'), never used": imports.cold_start(f"{ours}; numpy = lazy('numpy')", 3),
        "lazy('numpy'), used": imports.cold_start(f"{ours}; lazy('numpy').array", 3),
    }
    print()
    for name, seconds in times.items():
        print(f"{name:30}{seconds * 1000:>7.1f} ms from start to end")
    print("why: a module is paid for when it is loaded; --help needs few of them")


if __name__ == "__main__":
    main()
