"""Result files: assembled once, validated on every way in, written whole or not at all.

The schema (`schema.json`, `velvet-bench/1`) is the contract between what measures and what
shows. A file from another schema version, a truncated one or a hand-edited one is refused
with the way out, because a table made from it would be a lie with our name on it.
"""

from __future__ import annotations

import contextlib
import json
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from velvet.atomic import atomic_write
from velvet.bench import machine
from velvet.bench.claims import Finding, NotMeasured
from velvet.bench.measured import Measured, Row
from velvet.bench.model import LABEL, Comparison, size_key
from velvet.bench.stats import Estimate, quantile, rounded, severe_outliers
from velvet.bench.suite import Claim, Options, Suite
from velvet.errors import VelvetError

SCHEMA = "velvet-bench/1"
MAX_SAMPLES = 300


def local_file(measure: Path) -> Path:
    """Return where the reader's own results of a measure file go; git ignores it."""
    return measure.parent / "results" / "local.json"


def reference_file(measure: Path) -> Path:
    """Return where the committed results of a named machine lie."""
    return measure.parent / "results" / "reference.json"


def assemble(
    suite: Suite,
    options: Options,
    measured: Measured,
    findings: Sequence[tuple[Claim, list[Finding]]],
    noise: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the results of a run as the schema describes them."""
    needs = [n for c in suite.comparisons.values() for o in c.contenders.values() for n in o.needs]
    ran = {row.bench for row in measured.rows.values()}
    return {
        "schema": SCHEMA,
        "suite": suite.name,
        "options": {
            key: list(found) if isinstance(found, tuple) else found
            for key, found in vars(options).items()
        },
        "machine": machine.facts(needs, suite.file.parent),
        "noise": dict(noise),
        "comparisons": [_comparison(c) for name, c in suite.comparisons.items() if name in ran],
        "results": [entry for row in measured.rows.values() for entry in _entries(suite, row)],
        "pairs": [pair for name in suite.comparisons for pair in _pairs(suite, measured, name)],
        "neighbours": [p for name in suite.comparisons for p in _neighbours(suite, measured, name)],
        "claims": [_claim(claim, found) for claim, found in findings],
        "published": [vars(figure) for figure in suite.figures if figure.bench in ran],
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    names = [comparison.main_metric, *comparison.metrics]
    same = ("name", "title", "kind", "unit", "clock", "baseline")
    return {
        **{field: getattr(comparison, field) for field in same},
        "metric": comparison.main_metric,
        "better": {name: comparison.metric(name).better for name in names},
        "contenders": [
            {"name": one.name, "note": one.note}
            | ({"tuned_of": one.tuned_of} if one.tuned_of else {})
            for one in comparison.contenders.values()
        ],
    }


def _entries(suite: Suite, row: Row) -> list[dict[str, Any]]:
    """One entry per metric of a row, or one that says why there is none."""
    comparison = suite.comparisons[row.bench]
    base: dict[str, Any] = {"bench": row.bench, "contender": row.contender}
    base |= {"size": dict(row.size), "kind": comparison.kind}
    if row.skipped or row.error:
        key = "skipped" if row.skipped else "error"
        return [{**base, "metric": comparison.main_metric, key: row.skipped or row.error}]
    found: list[dict[str, Any]] = [
        {"metric": metric, "unit": LABEL, "n": 1, "label": word}
        for metric, word in row.labels.items()
    ]
    for metric, value in row.values.items():
        figures = {"median": value.value, "lo": value.lo, "hi": value.hi}
        found.append(
            {"metric": metric, "unit": comparison.metric(metric).unit, "n": value.n}
            | {key: rounded(one, 6) for key, one in figures.items() if one is not None}
            | {"processes": 1}
        )
    found += [_sample_entry(*figure, row) for figure in _figures(comparison, row)]
    found = found or [{"metric": comparison.main_metric, "error": "nothing was measured"}]
    return [{**base, **entry} for entry in found]


def _figures(comparison: Comparison, row: Row) -> list[tuple[str, str, list[float], int]]:
    """Return (metric, unit, samples, processes) of a measured row, main figure first."""
    main = comparison.main_metric
    figures: list[tuple[str, str, list[float], int]] = []
    for series, groups in row.series.items():
        if not (samples := row.flat(series)):
            continue
        processes = sum(bool(group) for group in groups)
        if series == comparison.clock or (series == "cpu_s" and comparison.clock == "cpu"):
            if main in ("ops", "time"):
                shown = [comparison.from_seconds(max(s, 1e-9), row.size) for s in samples]
                figures.insert(0, (main, comparison.unit, shown, processes))
            else:
                figures.append(("time", "s", samples, processes))
        elif series in ("wall", "cpu", "cpu_s"):
            figures.append((f"{series.removesuffix('_s')}_s", "s", samples, processes))
        elif series != "floor_mb":
            figures.append((series, comparison.metric(series).unit, samples, processes))
    return figures


def _sample_entry(
    metric: str, unit: str, samples: list[float], processes: int, row: Row
) -> dict[str, Any]:
    entry: dict[str, Any] = {"metric": metric, "unit": unit, "n": len(samples)}
    for name, share in (("median", 0.5), ("p10", 0.1), ("p90", 0.9), ("min", 0.0)):
        entry[name] = rounded(quantile(samples, share))
    entry["processes"] = processes
    if metric in ("ops", "time"):
        step = -(-len(samples) // MAX_SAMPLES)
        entry["samples"] = [rounded(sample) for sample in samples[::step]]
        entry |= {"outliers": severe_outliers(samples), "gc_runs": row.gc_runs, "loops": row.loops}
        if row.cold:
            entry["cold_s"] = rounded(statistics.median(row.cold))
        if row.measured_n is not None:
            entry.update(extrapolated=True, measured_n=row.measured_n)
    return entry


def _pairs(suite: Suite, measured: Measured, bench: str) -> Iterator[dict[str, Any]]:
    """Yield every contender's ratio to the baseline, per size and metric."""
    comparison = suite.comparisons[bench]
    rows = [row for row in measured.of(bench) if not (row.skipped or row.error)]
    bases = {size_key(row.size): row for row in rows if row.contender == comparison.baseline}
    for row in rows:
        base = bases.get(size_key(row.size), row)
        metrics = (comparison.main_metric, *comparison.metrics, "peak_mb")
        for metric in dict.fromkeys(metrics) if row is not base else ():
            yield from _pair(measured, row, base, metric)


def _neighbours(suite: Suite, measured: Measured, bench: str) -> Iterator[dict[str, Any]]:
    """Yield the ratio of each contender to the next one by its main figure, per size."""
    comparison = suite.comparisons[bench]
    for size in comparison.sizes:
        rows = {}
        for row in measured.of(bench):
            if row.size == size and not (row.skipped or row.error):
                with contextlib.suppress(NotMeasured):
                    figure = measured.figure(bench, row.contender, None, size)
                    rows[row.contender] = (figure.value, row)
        for (_, a), (_, b) in pairwise(sorted(rows.values(), key=lambda found: found[0])):
            yield from _pair(measured, a, b, comparison.main_metric)


def _pair(measured: Measured, a: Row, b: Row, metric: str) -> Iterator[dict[str, Any]]:
    with contextlib.suppress(NotMeasured):
        found = _interval("ratio", measured.ratio_of(a, b, metric))
        names = {"a": a.contender, "b": b.contender, "size": dict(a.size)}
        yield {**found, "metric": metric, "bench": a.bench, **names}


def _interval(name: str, found: Estimate) -> dict[str, Any]:
    ends = [x for x in (found.lo, found.hi) if x is not None and math.isfinite(x)]
    lo, hi = (rounded(end) for end in ends) if len(ends) == 2 else (None, None)
    return {name: rounded(found.value), "lo": lo, "hi": hi, "n": found.n}


def _claim(claim: Claim, findings: list[Finding]) -> dict[str, Any]:
    worst = findings[0]
    parts = []
    for found in findings:
        part: dict[str, Any] = {
            "text": found.text,
            "bound": found.bound,
            "verdict": found.verdict.value,
            "reason": found.reason,
        }
        if found.interval is not None:
            part |= _interval("value", found.interval)
        parts.append(part)
    return {
        "id": claim.text.lower().replace(" ", "-")[:60],
        "text": claim.text,
        "benches": sorted(claim.benches),
        "verdict": worst.verdict.value,
        "reason": worst.reason,
        "needs": list(claim.needs),
        "parts": parts,
        **({"second_look": True} if worst.again else {}),
    }


def validate(data: Any, name: str = "results") -> dict[str, Any]:
    """Return the data when it is a results document of our schema, else raise VelvetError."""
    if not isinstance(data, dict) or "schema" not in data:
        raise VelvetError(f"{name}: no velvet results file; make one with `velvet bench`")
    if data["schema"] != SCHEMA:
        raise VelvetError(
            f"{name}: made by another version ({data['schema']!r}, this toolkit reads {SCHEMA!r}); "
            "measure again with `velvet bench`"
        )
    from jsonschema import Draft202012Validator, exceptions

    schema = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))
    problem = exceptions.best_match(Draft202012Validator(schema).iter_errors(data))
    if problem is not None:
        where = ".".join(str(part) for part in problem.absolute_path) or "the document"
        raise VelvetError(
            f"{name}: damaged at {where}: {problem.message[:160]}; measure again with `velvet bench`"
        )
    return data


def load(path: Path) -> dict[str, Any]:
    """Read and validate a results file; raise VelvetError when it is missing or damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VelvetError(f"{path}: no such results file; make it with `velvet bench`") from None
    except (OSError, ValueError) as error:
        raise VelvetError(f"{path}: cannot be read: {error}; measure again") from None
    return validate(data, str(path))


def reference(folder: Path) -> Mapping[str, Any]:
    """Return a module's committed results, as `load` does; they are read once."""
    path = reference_file(folder / "benchmarks" / "measure.py")
    return _load_once(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=64)
def _load_once(path: Path, stamp: int) -> Mapping[str, Any]:  # noqa: ARG001 - of the cache's key
    return load(path)


def save(results: Mapping[str, Any], path: Path) -> None:
    """Write a results file whole or not at all; raise VelvetError where that is impossible."""
    validate(results, "these results")
    atomic_write(path, json.dumps(results, indent=1, ensure_ascii=False) + "\n")
