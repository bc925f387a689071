"""The child process of the harness: imports a `measure.py` and measures one of its sizes.

Started as ``python -m velvet.bench.worker`` with one JSON request on its command line; it
answers with JSON lines on what was its standard output, while anything that contenders
print goes to standard error. Every turn is announced before it begins, so that the parent
can name the contender that crashed or hung this process.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from velvet.bench.memory import peak_mb
from velvet.bench.model import Absent, Comparison, Estimate, Outcome, Suite
from velvet.bench.rounds import (
    CLOCK_MULTIPLE,
    ROUND_NS,
    Prepared,
    SystemClock,
    calibrate,
    children_cpu_ns,
    interleave,
    prepare,
    resolution_ns,
)

Emit = Callable[[Mapping[str, Any]], None]


def load_suite(file: Path) -> Suite:
    """Import a measure file by path and return the suite it declares.

    Raises:
        ValueError: it declares no suite.
    """
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(f"measure_{abs(hash(str(file)))}", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    for found in vars(module).values():
        if isinstance(found, Suite):
            return found
    raise ValueError(f"{file} declares no Suite")


def say(error: BaseException) -> str:
    """Return an exception as one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def failure(name: str, error: BaseException, event: str = "error") -> dict[str, str]:
    """Return the announcement of a contender that cannot go on, or that is not for this machine."""
    if isinstance(error, Absent):
        return {"event": "absent", "contender": name, "reason": str(error)}
    return {"event": event, "contender": name, "error": say(error)}


def call_once(prepared: Prepared) -> Any:
    """Call a contender's timed callable once and return its result."""
    timed = prepared.timed
    if prepared.is_async:
        return prepared.runner(timed.call())
    return timed.call(timed.prepare()) if timed.prepare is not None else timed.call()


def _result_of(returned: Any) -> Any:
    return returned.result if isinstance(returned, Outcome) else returned


def check(suite: Comparison, size: Mapping[str, Any], names: list[str], emit: Emit) -> None:
    """Call each contender once and refuse those whose result is wrong or differs."""
    reference: tuple[str, Any] | None = None
    names = sorted(names, key=lambda name: name != suite.baseline)
    for name in names:
        emit({"event": "turn", "contender": name})
        try:
            prepared = prepare(name, suite.contenders[name].setup, size)
            try:
                result = _result_of(call_once(prepared))
                if suite.checker is not None and suite.checker(result) is False:
                    raise ValueError(f"the check refused its result {_short(result)}")
                if suite.same is not None:
                    if reference is None:
                        reference = (name, result)
                    elif not suite.same(reference[1], result):
                        raise ValueError(
                            f"different answer from {reference[0]}: {_short(result)} "
                            f"instead of {_short(reference[1])}"
                        )
            finally:
                if prepared.teardown is not None:
                    prepared.teardown()
        except Exception as error:  # noqa: BLE001 - any failure of a contender is its result
            emit(failure(name, error, "refused"))


def _short(result: Any) -> str:
    text = repr(result)
    return text if len(text) <= 80 else text[:77] + "..."


def agreeing(suite: Comparison, size: Mapping[str, Any], names: list[str], emit: Emit) -> list[str]:
    """Check the contenders and return those that may be timed."""
    out: set[str] = set()

    def listen(event: Mapping[str, Any]) -> None:
        if event["event"] != "turn":
            out.add(event["contender"])
        emit(event)

    check(suite, size, names, listen)
    return [name for name in names if name not in out]


def micro(
    suite: Comparison,
    size: Mapping[str, Any],
    names: list[str],
    emit: Emit,
    request: Mapping[str, Any],
) -> None:
    """Interleave all contenders of one size in this process, once they are known to agree."""
    if request.get("check"):
        names = agreeing(suite, size, names, emit)
    clock = SystemClock()
    floor = max(ROUND_NS, CLOCK_MULTIPLE * resolution_ns(clock))
    ready: list[Prepared] = []
    for name in names:
        emit({"event": "turn", "contender": name})
        try:
            one = prepare(name, suite.contenders[name].setup, size)
            calibrate(one, clock, floor_ns=floor)
        except Exception as error:  # noqa: BLE001 - any failure of a contender is its result
            emit(failure(name, error))
            continue
        ready.append(one)
        # After the check the first call is no longer cold: another worker's will be.
        cold = None if request.get("check") else one.cold_ns
        emit({"event": "ready", "contender": name, "cold": cold, "loops": one.loops})
    gc.collect()
    gc.freeze()
    if suite.gc == "off":
        gc.disable()
    records = interleave(
        ready,
        clock,
        rounds=request["rounds"],
        seed=request["seed"],
        budget_s=request["budget"],
        on_turn=lambda name: emit({"event": "turn", "contender": name}),
        on_error=lambda name, error: emit(failure(name, error)),
    )
    for record in records:
        emit({"event": "round", **record})
    for one in ready:
        _finish(one, emit)


def _finish(one: Prepared, emit: Emit) -> None:
    try:
        if one.timed.metrics is not None:
            emit({"event": "metrics", "contender": one.name, "metrics": plain(one.timed.metrics())})
        if one.teardown is not None:
            one.teardown()
    except Exception as error:  # noqa: BLE001 - any failure of a contender is its result
        emit(failure(one.name, error))


def plain(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return metrics as finite floats.

    Raises:
        TypeError: one of them is no number.
        ValueError: one of them is not finite.
    """
    clean = {}
    for name, value in metrics.items():
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"metric {name!r} is {number}; a metric is a finite number")
        clean[name] = number
    return clean


def run(suite: Comparison, size: Mapping[str, Any], name: str, emit: Emit, what: str) -> None:
    """Make one call in this process; `what` is run, floor (set-up only) or alloc."""
    emit({"event": "turn", "contender": name})
    one = prepare(name, suite.contenders[name].setup, size)
    argument = one.timed.prepare() if one.timed.prepare is not None else None
    gc.collect()
    if what == "floor":
        emit({"event": "sample", "contender": name, "peak_mb": peak_mb()})
        return
    if what == "alloc":
        import tracemalloc

        tracemalloc.start()
    before, began = _cpu_s(), time.perf_counter()
    if one.is_async:
        returned = one.runner(one.timed.call())
    else:
        returned = one.timed.call(*([argument] if one.timed.prepare is not None else []))
    wall, after = time.perf_counter() - began, _cpu_s()
    sample = {"event": "sample", "contender": name, "peak_mb": peak_mb()}
    if what == "alloc":
        import tracemalloc

        sample["alloc_mb"] = tracemalloc.get_traced_memory()[1] / 2**20
    outcome = returned if isinstance(returned, Outcome) else None
    if outcome is None:
        metrics = returned if isinstance(returned, Mapping) else {}
        outcome = Outcome({key: value for key, value in metrics.items() if key in suite.metrics})
        result = returned
    else:
        result = outcome.result
    if suite.checker is not None and suite.checker(result) is False:
        raise ValueError(f"the check refused its result {_short(result)}")
    extra = {} if one.timed.metrics is None else one.timed.metrics()
    sample["wall"] = wall if outcome.seconds is None else outcome.seconds
    sample["cpu"] = after - before
    sample["measured_n"] = outcome.measured_n
    metrics = plain({**outcome.metrics, **extra})
    # A program's peak is that of its own process, not of this one that waited for it.
    sample["peak_mb"] = metrics.pop("peak_mb", sample["peak_mb"])
    sample["metrics"] = metrics
    emit(sample)
    if one.teardown is not None:
        one.teardown()


def _cpu_s() -> float:
    """CPU seconds of this process, all its threads, and its ended children."""
    return time.process_time() + children_cpu_ns() / 1e9


def values(suite: Comparison, size: Mapping[str, Any], name: str, emit: Emit) -> None:
    """Measure a deterministic figure once: a number, an `Estimate`, or a dict of these."""
    emit({"event": "turn", "contender": name})
    one = prepare(name, suite.contenders[name].setup, size)
    returned = call_once(one)
    if isinstance(returned, Outcome):
        returned = dict(returned.metrics)
    if not isinstance(returned, Mapping):
        returned = {suite.main_metric: returned}
    figures = {
        key: found if isinstance(found, Estimate) else Estimate(float(found))
        for key, found in returned.items()
    }
    plain({key: found.value for key, found in figures.items()})
    emit(
        {
            "event": "values",
            "contender": name,
            "values": {k: [f.value, f.lo, f.hi, f.n] for k, f in figures.items()},
        }
    )
    if one.teardown is not None:
        one.teardown()


def _channel() -> Emit:
    """Keep the real standard output for ourselves and send everybody else's to stderr."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)

    def emit(event: Mapping[str, Any]) -> None:
        ours.write(json.dumps(event, separators=(",", ":")) + "\n")
        ours.flush()

    return emit


def main() -> None:
    """Serve the request on the command line."""
    request = json.loads(sys.argv[1])
    emit = _channel()
    suite = load_suite(Path(request["file"])).comparisons[request["bench"]]
    size = suite.sizes[request["size"]]
    names = [name for name in suite.contenders if name in request["contenders"]]
    what = request["what"]
    if what == "check":
        check(suite, size, names, emit)
    elif what == "micro":
        micro(suite, size, names, emit, request)
    else:
        for name in names:
            try:
                if what == "value":
                    values(suite, size, name, emit)
                else:
                    run(suite, size, name, emit, what)
            except Exception as error:  # noqa: BLE001 - any failure of a contender is its result
                emit(failure(name, error))
    emit({"event": "end"})


if __name__ == "__main__":
    main()
