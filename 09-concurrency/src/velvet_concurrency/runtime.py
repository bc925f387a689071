"""What this interpreter and this machine allow, in the few places where the lesson has to ask.

The number of cores that a container may use, how many sockets a process may hold, how fast this machine
computes, which quantile of a latency is meant. `Unavailable` is how every optional contender of this
module says what is missing and what to do.
"""

from __future__ import annotations

import importlib
import math
import os
import sys
import time
from collections.abc import Iterable
from types import ModuleType

# macOS reports an unlimited hard limit and then refuses anything above OPEN_MAX.
_MACOS_OPEN_MAX = 10_240
_CALIBRATION_LOOPS = 20_000


class Unavailable(RuntimeError):
    """`what` is not available here, for a `reason`; `remedy` (a command, a version, "") would change that.

    >>> raise Unavailable("numba", "it is not installed", "pip install numba")
    Traceback (most recent call last):
        ...
    velvet_concurrency.runtime.Unavailable: numba is unavailable: it is not installed (remedy: pip install numba)
    """

    def __init__(self, what: str, reason: str, remedy: str = "") -> None:
        super().__init__(what, reason, remedy)
        self.what = what
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        way_out = f" (remedy: {self.remedy})" if self.remedy else ""
        return f"{self.what} is unavailable: {self.reason}{way_out}"


def load(name: str) -> ModuleType:
    """Import an optional library at the call, so that importing this package stays cheap.

    Raises `Unavailable`, with the command that installs it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Unavailable(name, "it is not installed", f"pip install {name}") from error


def usable_cores() -> int:
    """Return the number of cores that this process may be scheduled on; at least 1."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity call in the standard library
        return os.cpu_count() or 1


def raise_fd_limit(n: int) -> int:
    """Raise this process's soft limit of open file descriptors towards `n`; return what is in force.

    The limit is never lowered, and less than `n` where the hard limit is lower. Nothing is raised on
    Windows, whose sockets are not counted this way. Raises `ValueError` unless `n` is positive.
    """
    check_int("n", n, 1)
    try:
        resource = importlib.import_module("resource")
    except ImportError:
        return n  # Windows
    given = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (sys.maxsize if limit == resource.RLIM_INFINITY else limit for limit in given)
    for wanted in (min(n, hard), min(n, hard, _MACOS_OPEN_MAX)):
        if wanted <= soft:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, given[1]))
        except (ValueError, OSError):
            continue
        return wanted
    return soft


def spin(loops: int) -> int:
    """Compute in pure Python for `loops` turns."""
    total = 0
    for turn in range(loops):
        total += turn & 7
    return total


def calibrate(rounds: int = 5) -> float:
    """Return how many turns of `spin` a millisecond takes, from the fastest of some short rounds."""
    best = math.inf
    for _ in range(rounds):
        began = time.perf_counter()
        spin(_CALIBRATION_LOOPS)
        best = min(best, time.perf_counter() - began)
    return _CALIBRATION_LOOPS / (best * 1e3)


def quantile(values: Iterable[float], q: float) -> float:
    """Return the smallest value that at least a share `q` of `values` does not exceed; O(n log n).

    The nearest rank, without interpolation: the answer is a latency that a caller had.

    Raises `ValueError` where there is no such rank: q outside 0 to 1, no value, or one that is nan.

    >>> quantile([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"q must be within 0 and 1, got {q!r}")
    ranked = sorted(values)
    if not ranked:
        raise ValueError("there is no value to take a quantile of")
    if any(map(math.isnan, ranked)):
        raise ValueError("there is no quantile of values of which one is nan")
    return ranked[max(0, math.ceil(q * len(ranked)) - 1)]


def check_int(name: str, value: object, minimum: int) -> None:
    """Raise `ValueError`, naming argument, value and rule, unless `value` is an int >= `minimum`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise ValueError(f"{name} must be an int >= {minimum}, not {value!r}")
