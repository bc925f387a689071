"""The child process of the harness: imports a `measure.py` and measures one of its sizes.

Started as ``python -m velvet.bench.worker`` with one JSON request on its command line; it
answers with JSON lines on what was its standard output, while anything that contenders
print goes to standard error. Every turn is announced before it begins, so that the parent
can name the contender that crashed or hung this process.
"""

from __future__ import annotations

import gc
import json
import math
import os
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path
from time import process_time_ns
from typing import Any

from velvet.bench.memory import peak_mb
from velvet.bench.model import LABEL, Absent, Comparison, Outcome, Size
from velvet.bench.rounds import (
    Prepared,
    SystemClock,
    calibrate,
    children_cpu_ns,
    interleave,
    prepare,
)
from velvet.bench.stats import Estimate
from velvet.bench.suite import Suite

Request = Mapping[str, Any]
Emit = Callable[[Mapping[str, Any]], None]
# How often a contender is asked before it is timed where each call has an input of its own.
CHECKED_INPUTS = 2


def load_suite(file: Path) -> Suite:
    """Import a measure file and return the suite it declares; raise ValueError without one."""
    names = runpy.run_path(str(file), run_name=f"measure_{file.parent.parent.name}")
    for found in names.values():
        if isinstance(found, Suite):
            return found
    raise ValueError(f"{file} declares no Suite")


@contextmanager
def turn(emit: Emit, name: str, event: str = "error") -> Iterator[None]:
    """Announce a contender's turn; whatever it raises is announced and goes no further."""
    emit({"event": "turn", "contender": name})
    try:
        yield
    except Absent as reason:
        emit({"event": "absent", "contender": name, "reason": str(reason)})
    except Exception as error:  # noqa: BLE001 - any failure of a contender is its result
        said = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        emit({"event": event, "contender": name, "error": said})


def result_of(returned: Any) -> Any:
    """Return what `same_result` and `check` look at."""
    return returned.result if isinstance(returned, Outcome) else returned


def check(comparison: Comparison, size: Size, names: list[str], emit: Emit, seed: int) -> list[str]:
    """Call each contender and refuse those whose result is wrong or differs; returns the others.

    Where a comparison makes inputs, each contender is asked twice, about two of them, so that an
    answer to the first one alone does not pass.
    """
    reference: tuple[str, list[Any]] | None = None
    agree = set()
    for name in sorted(names, key=lambda name: name != comparison.baseline):
        with turn(emit, name, "refused"):
            with closing(prepare(comparison, name, size, seed)) as one:
                times = 1 if comparison.inputs is None else CHECKED_INPUTS
                results = [result_of(one.once(SystemClock())[0]) for _ in range(times)]
                for result in results:
                    judge_result(comparison, result)
                reference = reference or (name, results)
                for ours, other in zip(results, reference[1], strict=True):
                    _judge_equal(comparison, ours, other, reference[0])
            agree.add(name)
    return [name for name in names if name in agree]


def judge_result(comparison: Comparison, result: Any) -> None:
    """Raise ValueError when the comparison's own check returns False; pass on what it raises."""
    if comparison.checker is not None and comparison.checker(result) is False:
        raise ValueError(f"the check refused its result {_short(result)}")


def _judge_equal(comparison: Comparison, ours: Any, other: Any, name: str) -> None:
    if comparison.same is None:
        return
    if not comparison.same(other, ours):
        raise ValueError(f"different answer from {name}: {_short(ours)} instead of {_short(other)}")
    if not comparison.types_differ and (here := kind_of(ours)) != (there := kind_of(other)):
        raise TypeError(f"different types from {name}: {here} instead of {there}")


def kind_of(value: Any) -> str:
    """Return a value's type as text, with the types inside it and the dtype of arrays."""
    kind = type(value).__name__
    dtype = getattr(value, "dtype", None)
    if dtype is None and hasattr(value, "dtypes"):
        dtype = ", ".join(map(str, value.dtypes))
    if dtype is not None:
        return f"{kind}[{dtype}]"
    if isinstance(value, Mapping):
        inside = {f"{kind_of(key)}: {kind_of(item)}" for key, item in value.items()}
    elif isinstance(value, (list, tuple, set, frozenset)):
        inside = {kind_of(item) for item in value}
    else:
        return f"{kind}[{value.typecode}]" if hasattr(value, "typecode") else kind
    return f"{kind}[{', '.join(sorted(inside))}]"


def _short(result: Any) -> str:
    text = repr(result)
    return text if len(text) <= 80 else text[:77] + "..."


def micro(
    comparison: Comparison, size: Size, names: list[str], emit: Emit, request: Request
) -> None:
    """Interleave all contenders of one size in this process, once they are known to agree."""
    seed = request["seed"]
    if request.get("check"):
        names = check(comparison, size, names, emit, seed)
    clock = SystemClock()
    ready: list[Prepared] = []
    for name in names:
        with turn(emit, name):
            one = prepare(comparison, name, size, seed + CHECKED_INPUTS)
            calibrate(one, clock)
            ready.append(one)
            # After the check the first call is no longer cold: another worker's will be.
            cold = None if request.get("check") else one.cold_ns
            emit({"event": "ready", "contender": name, "cold": cold, "loops": one.loops})
    gc.collect()
    gc.freeze()
    if comparison.gc == "off":
        gc.disable()
    records = interleave(
        ready,
        clock,
        rounds=request["rounds"],
        seed=seed,
        budget_s=request["budget"],
        turn=partial(turn, emit),
    )
    for record in records:
        emit({"event": "round", **record})
    for one in ready:
        with turn(emit, one.name):
            if one.timed.metrics is not None:
                found = plain(one.timed.metrics())
                emit({"event": "metrics", "contender": one.name, "metrics": found})
            one.close()


def plain(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return metrics as floats; raise TypeError for what is no number, ValueError for infinity."""
    found = {name: float(value) for name, value in metrics.items()}
    for name, number in found.items():
        if not math.isfinite(number):
            raise ValueError(f"metric {name!r} is {number}; a metric is a finite number")
    return found


def run(comparison: Comparison, size: Size, name: str, emit: Emit, request: Request) -> None:
    """Make one call in this process; what is asked for is run, floor (set-up only) or alloc."""
    what = request["what"]
    one = prepare(comparison, name, size, request["seed"])
    if one.timed.prepare is not None:
        # The input is no part of what the call needs, so it is made before anything is counted.
        given = one.timed.prepare()
        one.timed = replace(one.timed, prepare=lambda: given)
    gc.collect()
    if what == "floor":
        emit({"event": "sample", "contender": name, "peak_mb": peak_mb()})
        return
    if what == "alloc":
        import tracemalloc

        tracemalloc.start()
    clock = ProcessClock(tree=comparison.tree)
    returned, wall, cpu = one.once(clock)
    sample = {"event": "sample", "contender": name, "peak_mb": peak_mb()}
    if what == "alloc":
        sample["alloc_mb"] = tracemalloc.get_traced_memory()[1] / 2**20
    outcome = returned
    if not isinstance(outcome, Outcome):
        metrics = returned if isinstance(returned, Mapping) else {}
        kept = {key: value for key, value in metrics.items() if key in comparison.metrics}
        outcome = Outcome(kept, result=returned)
    judge_result(comparison, outcome.result)
    extra = {} if one.timed.metrics is None else one.timed.metrics()
    found = plain({**outcome.metrics, **extra})
    if "peak_mb" in found:
        # A program's peak is that of its own process, not of this one that waited for it.
        sample["peak_mb"] = found.pop("peak_mb")
    wall_s = wall / 1e9 if outcome.seconds is None else outcome.seconds
    times = {"wall": wall_s, "cpu": cpu / 1e9, "measured_n": outcome.measured_n}
    emit({**sample, **times, "metrics": found})
    one.close()


class ProcessClock(SystemClock):
    """A clock whose CPU time is that of this process, all its threads, and its ended children.

    Args:
        tree: count the descendants that still run, too, such as the workers of a warm pool.
    """

    def __init__(self, *, tree: bool) -> None:
        self._tree, self._looked = tree, 0

    def cpu(self) -> int:
        """Return nanoseconds, without those that looking for descendants takes."""
        began = process_time_ns()
        living = _living_cpu_ns() if self._tree else 0
        self._looked += process_time_ns() - began
        return process_time_ns() - self._looked + children_cpu_ns() + living


def _living_cpu_ns() -> int:
    import psutil

    from velvet.processes import descendants

    seconds = 0.0
    for process in descendants(os.getpid()):
        with suppress(psutil.Error):
            seconds += sum(process.cpu_times()[:4])  # its own, and that of its ended children
    return int(seconds * 1e9)


def values(comparison: Comparison, size: Size, name: str, emit: Emit, seed: int) -> None:
    """Measure deterministic figures once: numbers, `Estimate`s or, for labels, words."""
    one = prepare(comparison, name, size, seed)
    returned = one.once(SystemClock())[0]
    if isinstance(returned, Outcome):
        returned = dict(returned.metrics)
    if not isinstance(returned, Mapping):
        returned = {comparison.main_metric: returned}
    labels = {k: v for k, v in returned.items() if comparison.metric(k).unit == LABEL}
    if wrong := [key for key, word in labels.items() if not isinstance(word, str) or not word]:
        raise TypeError(f"metric {wrong[0]!r} is a label, which is a word and no number")
    figures = {
        key: found if isinstance(found, Estimate) else Estimate(float(found))
        for key, found in returned.items()
        if key not in labels
    }
    plain({key: found.value for key, found in figures.items()})
    found = {key: list(astuple(figure)) for key, figure in figures.items()}
    emit({"event": "values", "contender": name, "values": found, "labels": labels})
    one.close()


def main() -> None:
    """Serve the request on the command line.

    The events keep the real standard output; all other output goes to standard error.
    """
    with os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n") as channel:
        os.dup2(2, 1)
        _serve(
            json.loads(sys.argv[1]),
            lambda event: print(json.dumps(event), file=channel, flush=True),
        )


def _serve(request: Request, emit: Emit) -> None:
    comparison = load_suite(Path(request["file"])).comparisons[request["bench"]]
    size = comparison.sizes[request["size"]]
    names = [name for name in comparison.contenders if name in request["contenders"]]
    what, seed = request["what"], request["seed"]
    if what == "check":
        check(comparison, size, names, emit, seed)
    elif what == "micro":
        micro(comparison, size, names, emit, request)
    for name in names if what not in ("check", "micro") else ():
        with turn(emit, name):
            if what == "value":
                values(comparison, size, name, emit, seed)
            else:
                run(comparison, size, name, emit, request)
    emit({"event": "end"})


if __name__ == "__main__":
    main()
