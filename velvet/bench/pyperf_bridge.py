"""The bridge to pyperf: our samples in its file format, and its verdict on our minima.

pyperf is not on the path of every run, because it measures contenders one after another.
It is the second instrument: `export` lets its own `stats`, `hist` and `compare_to` read
our samples, and `verify` measures one contender with both.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from velvet.bench.engine import Engine
from velvet.bench.figures import SCALES
from velvet.bench.model import Comparison, Size, size_key
from velvet.bench.rounds import prepare
from velvet.bench.suite import Options, Suite
from velvet.errors import UsageError, VelvetError
from velvet.needs import all_unmet

AGREEMENT = 1.5


def _pyperf() -> Any:
    if problems := all_unmet(["pyperf"]):
        raise VelvetError(str(problems[0]))
    import pyperf

    return pyperf


def export(results: Mapping[str, Any], path: Path) -> None:
    """Write the timed rows of a results document as a `pyperf.BenchmarkSuite`."""
    pyperf = _pyperf()
    benchmarks = []
    for entry in results["results"]:
        if "samples" not in entry:
            continue
        name = f"{entry['bench']}-{entry['contender']}[{size_key(entry['size'])}]".replace("[]", "")
        scale, rate = SCALES.get(entry["unit"], 1.0), entry["metric"] == "ops"
        seconds = [1 / sample if rate else sample * scale for sample in entry["samples"]]
        about = {"name": name, "unit": "second"}
        run = pyperf.Run([float(s) for s in seconds], metadata=about, collect_metadata=False)
        benchmarks.append(pyperf.Benchmark([run]))
    if not benchmarks:
        raise VelvetError("these results hold no times that pyperf could read")
    pyperf.BenchmarkSuite(benchmarks).dump(str(path), replace=True)


class Agreement(NamedTuple):
    """One contender measured with both instruments; seconds per call."""

    name: str
    ours: float
    pyperf: float

    @property
    def factor(self) -> float:
        """The larger minimum over the smaller one."""
        return max(self.ours, self.pyperf) / min(self.ours, self.pyperf)


_SCRIPT = """
import sys
from pathlib import Path
import pyperf
from velvet.bench.rounds import prepare
from velvet.bench.worker import load_suite

file, bench, contender, size = {file!r}, {bench!r}, {contender!r}, {size!r}
# Values as short as our rounds: its own of 100 ms hold the neighbours of a busy machine, too.
runner = pyperf.Runner(processes=3, values=20, warmups=1, min_time=0.005)
comparison = load_suite(Path(file)).comparisons[bench]
one = prepare(comparison, contender, comparison.sizes[size])
runner.bench_func(contender, one.timed.call)
"""


def pick(suite: Suite) -> tuple[Comparison, str, Size]:
    """Return the first micro contender that pyperf can call, at its first quick size.

    That is a plain function: no coroutine, no prepared argument. A suite may have none: UsageError.
    """
    for comparison in suite.comparisons.values():
        sizes = comparison.in_tier("quick")[:1] if comparison.kind == "micro" else []
        for size, one in itertools.product(sizes, comparison.contenders.values()):
            if comparison.clock == "cpu" and one.takes(size, "quick") and not all_unmet(one.needs):
                ready = prepare(comparison, one.name, size)
                ready.close()
                if not ready.is_async and ready.timed.prepare is None:
                    return comparison, one.name, size
    raise UsageError(f"{suite.name} has no micro comparison that pyperf could measure too")


def verify(suite: Suite) -> Agreement:
    """Measure one micro contender with both instruments; raise VelvetError when one fails."""
    _pyperf()
    comparison, contender, size = pick(suite)
    name = f"{comparison.name}/{contender}"
    engine = Engine(suite, Options("quick", comparison.name, (contender,)))
    list(engine.events())
    row = engine.measured.row(comparison.name, contender, size)
    if not row.flat("wall"):
        raise VelvetError(f"{name} was not measured: {row.error or row.skipped}")
    asked = {"bench": comparison.name, "contender": contender}
    script = _SCRIPT.format(file=str(suite.file), size=comparison.sizes.index(size), **asked)
    with tempfile.TemporaryDirectory() as folder:
        program, output = Path(folder) / "verify.py", Path(folder) / "pyperf.json"
        program.write_text(script, encoding="utf-8")
        argv = [sys.executable, str(program), "-o", str(output), "--quiet"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0 or not output.exists():
            raise VelvetError(f"pyperf failed: {done.stderr.strip().splitlines()[-1:]}")
        data = json.loads(output.read_text(encoding="utf-8"))
    runs = data["benchmarks"][0]["runs"]
    return Agreement(
        name, min(row.flat("wall")), min(v for run in runs for v in run.get("values", ()))
    )
