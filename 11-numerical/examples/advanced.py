"""Advanced examples: the roof, more than memory, any device, any number of workers."""

from __future__ import annotations

import hashlib
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from velvet.examples import example, main
from velvet_numerical import backend, machine, memory, outofcore, portable, rng

MB = 1_000_000


@example("roofline")
def roofline() -> None:
    """This machine's two ceilings, and six kernels under them."""
    roof = machine.Roofline(
        peak=machine.measure_peak(sides=(256, 512)), bandwidth=machine.measure_bandwidth(100 * MB)
    )
    points = [machine.place(roof, *one) for one in machine.PLACED.values()]

    print(machine.ascii_roofline(roof, points))
    print(f"peak {roof.peak:.1f} GFLOP/s (best matrix product), {roof.bandwidth:.1f} GB/s (triad)")
    print(f"left of {roof.ridge:.1f} flop/byte memory is the limit, right of it arithmetic\n")
    print(f"  {'kernel':12}{'by':11}{'flop/byte':>10}{'GFLOP/s':>10}{'bound':>8}{'reached':>9}")
    for letter, one in zip("abcdef", points, strict=True):
        print(
            f"{letter} {one.kernel:12}{one.contender:11}{one.intensity:10.3f}{one.gflops:10.2f}"
            f"{one.bound:8.1f}{one.fraction_of_bound:9.0%}"
        )
    threads = {one.threads for one in machine.blas_info() if one.api == "blas"}
    print(f"\nmeasured on one BLAS thread; {max(threads)} would be used by default")
    print("why: axpy cannot be faster on this memory, whatever language it is written in")


@example("out_of_core")
def out_of_core() -> None:
    """The moments of a 400 MB file within 150 MB of anonymous memory, enforced."""
    with tempfile.TemporaryDirectory(prefix="velvet-") as folder:
        path = Path(folder, "values.npy")
        mapped = np.lib.format.open_memmap(path, "w+", np.float64, (400 * MB // 8,))
        generator = np.random.default_rng(1)
        block = generator.normal(10.0, 2.0, 1 << 20)
        for start in range(0, len(mapped), len(block)):
            part = mapped[start : start + len(block)]
            part[...] = block[: len(part)] + start % 7
        del mapped, part

        with memory.budget(150 * MB) as watch:
            found = outofcore.moments(path)
        print(f"{found.n:,} values: mean {found.mean:.4f}, variance {found.var:.4f}")
        print(
            f"readinto:  peak RssAnon {watch.total / MB:6.1f} MB,"
            f" grown by {watch.anonymous / MB:.1f} of 150 MB allowed"
        )

        with memory.budget() as watch:
            total = 0.0
            for chunk in outofcore.memmap_chunks(path):
                total += float(chunk.sum())
                watch.sample()
        print(
            f"memmap:    peak RssAnon {watch.total / MB:6.1f} MB,"
            f" RssFile grown by {watch.file / MB:.1f} MB (borrowed)"
        )
        same = abs(total / found.n - found.mean) < 1e-9
        print(f"same mean: {same}")
    print("why: one buffer is filled again and again; the file's size never matters")


@example("sort_on_disk")
def sort_on_disk() -> None:
    """A file sorted within a budget smaller than itself, and a median from a sample of it."""
    with tempfile.TemporaryDirectory(prefix="velvet-") as folder:
        path, out = Path(folder, "values.npy"), Path(folder, "sorted.npy")
        values = np.random.default_rng(3).normal(50.0, 15.0, 60_000)
        np.save(path, values)

        limit = 160_000
        runs = outofcore.external_sort(path, out, budget=limit)
        sorted_values = np.load(out)
        print(
            f"file of {values.nbytes / MB:.1f} MB, budget {limit / MB:.2f} MB: {runs} runs merged"
        )
        print(f"sorted: {bool((np.diff(sorted_values) >= 0).all())}")
        print(f"the same values: {bool((sorted_values == np.sort(values)).all())}")
        print(f"left beside it: {sorted(one.name for one in Path(folder).iterdir())}")

        sketch = outofcore.quantile_sketch(path, 0.5, k=10_000)
        rank = float((values < sketch).mean())
        print(f"median: {np.median(values):.3f}, from 10,000 of them {sketch:.3f}")
        print(f"its rank is {rank:.4f} instead of 0.5")
        try:
            outofcore.external_sort(path, out, budget=1_000)
        except ValueError as error:
            print(f"budget of 1 kB: {type(error).__name__}")
    print("why: runs that fit are sorted in memory, then merged through small buffers")


@example("portable_gpu")
def portable_gpu() -> None:
    """One heat equation on each array library that is here, and why the others are not."""
    start = np.zeros((128, 128))
    start[0] = 100.0
    expected = start
    for _ in range(50):
        expected = portable.heat_equation_step(expected, 0.2)

    there, reasons = backend.available()
    for device in there:
        begun = time.perf_counter()
        state = backend.to_device(start, device)
        for _ in range(50):
            state = portable.heat_equation_step(state, 0.2)
        found = backend.to_numpy(state)
        spent = time.perf_counter() - begun
        difference = np.abs(found - expected).max()
        print(f"{device!s:22} {spent * 1e3:7.1f} ms, largest difference {difference:.1e}")
    for library, reason in reasons.items():
        print(f"{library:22} absent: {reason.partition(': ')[2][:46]}")

    for side in (128, 8192):
        choice = backend.pick_device(6e3 * side**2, 16.0 * side**2)
        print(f"{side} x {side}: {choice.reason}")
    print("why: a device pays when its arithmetic saves more than the transfer costs")


@example("parallel_streams")
def parallel_streams() -> None:
    """One simulation on 1, 2 and 4 workers, with the same random numbers to the last bit."""
    stream = rng.CounterRNG(2026)
    n = 400_000

    def inside(start: int, stop: int) -> np.ndarray:
        x = stream.uniform(2 * start, 2 * (stop - start))
        return x[::2] ** 2 + x[1::2] ** 2 < 1.0

    digests = set()
    for workers in (1, 2, 4):
        bounds = [n * k // workers for k in range(workers + 1)]
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(inside, bounds[:-1], bounds[1:]))
        hits = np.concatenate(parts)
        digest = hashlib.sha256(hits.tobytes()).hexdigest()[:12]
        digests.add(digest)
        print(f"{workers} workers: pi = {4 * hits.mean():.5f}, digest {digest}")
    print(f"\nidentical: {len(digests) == 1}")

    spawned = rng.check_streams(rng.spawn(2026, 4))
    twice = rng.check_streams([np.random.default_rng(7), np.random.default_rng(7)])
    print(f"spawned streams: correlation {spawned:.1f} sigma; one seed twice: {twice:.0f} sigma")
    print("why: number k is a function of key and k, so no worker owns a state")


if __name__ == "__main__":
    main()
