"""What this interpreter and this machine allow, asked once and said in plain words.

Advice about threads and processes depends on facts that differ between two readers: the number of
cores a container may use, the start method, how many sockets a process may hold, whether there is
a GIL at all. `facts()` collects them and `raise_fd_limit()` changes the one that can be changed.
`Unavailable` is how every optional contender of this module says what is missing and what to do.
"""

from __future__ import annotations

import concurrent.futures
import importlib
import importlib.util
import multiprocessing
import os
import platform
import sys
import sysconfig
from dataclasses import dataclass
from types import ModuleType

# macOS reports an unlimited hard limit and then refuses anything above OPEN_MAX.
_MACOS_OPEN_MAX = 10_240
_TEN_THOUSAND_CONNECTIONS = 10_000


class Unavailable(RuntimeError):
    """Something optional cannot be had here; `remedy` is what would change that.

    Args:
        what: the thing that was asked for.
        reason: why it cannot be had.
        remedy: a command or a version; empty where nothing helps.

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


@dataclass(frozen=True)
class Facts:
    """What `facts()` found; `None` where the platform has no such notion.

    Attributes:
        python: version, such as `3.12.1`.
        implementation: `CPython`, `PyPy`, …
        system: `Linux`, `Darwin` or `Windows`.
        cores: logical cores of the machine.
        usable_cores: those that this process may run on (affinity masks, not container quotas).
        start_method: how `multiprocessing` starts children unless told otherwise.
        fd_soft: file descriptors, sockets among them, that this process may hold now.
        fd_hard: what it may raise that number to.
        gil_enabled: whether one thread at a time executes Python code.
        free_threaded_build: whether the interpreter was built so that the GIL can be off.
        interpreter_pool: whether `InterpreterPoolExecutor` exists (Python 3.14).
        fast_loop: the faster event loop that is installed, if any.
        notes: sentences for a person, one a fact that changes what to choose.
    """

    python: str
    implementation: str
    system: str
    cores: int
    usable_cores: int
    start_method: str
    fd_soft: int | None
    fd_hard: int | None
    gil_enabled: bool
    free_threaded_build: bool
    interpreter_pool: bool
    fast_loop: str | None
    notes: tuple[str, ...]


def _resource() -> ModuleType | None:
    try:
        return importlib.import_module("resource")
    except ImportError:
        return None  # Windows


def _fd_limits() -> tuple[int, int] | None:
    resource = _resource()
    if resource is None:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    return tuple(sys.maxsize if limit == unlimited else limit for limit in (soft, hard))  # type: ignore[return-value]


def usable_cores() -> int:
    """Give the number of cores that this process may be scheduled on; at least 1."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity call in the standard library
        return os.cpu_count() or 1


def raise_fd_limit(n: int) -> int:
    """Raise the soft limit of open file descriptors towards `n`, and say what is in force.

    The limit is never lowered. Nothing is raised on Windows, whose sockets are not counted this
    way. Affects the whole process.

    Args:
        n: descriptors wanted, at least 1.

    Returns:
        How many descriptors this process may hold now; less than `n` when the hard limit is lower.

    Raises:
        ValueError: `n` is not positive.
    """
    if n < 1:
        raise ValueError(f"n must be >= 1, got {n!r}")
    resource, limits = _resource(), _fd_limits()
    if resource is None or limits is None:
        return n
    soft, hard = limits
    for wanted in (min(n, hard), min(n, hard, _MACOS_OPEN_MAX)):
        if wanted <= soft:
            break
        try:
            resource.setrlimit(
                resource.RLIMIT_NOFILE,
                (wanted, resource.RLIM_INFINITY if hard == sys.maxsize else hard),
            )
        except (ValueError, OSError):
            continue
        return wanted
    return soft


def _notes(found: Facts) -> tuple[str, ...]:
    notes = []
    if found.usable_cores < found.cores:
        notes.append(
            f"this process may use {found.usable_cores} of {found.cores} cores: "
            "size process pools by the first number"
        )
    if found.usable_cores == 1:
        notes.append("one core: processes cannot be faster than a loop here")
    if found.gil_enabled:
        notes.append("the GIL is on: threads overlap waiting, not computing")
    else:
        notes.append("the GIL is off: threads compute in parallel, and races are more frequent")
    if found.start_method == "fork":
        notes.append("the default start method is fork: unsafe once threads run; pass spawn")
    if found.fd_hard is not None and found.fd_hard < _TEN_THOUSAND_CONNECTIONS:
        notes.append(
            f"at most {found.fd_hard} descriptors: ten thousand connections are scaled down"
        )
    if found.fast_loop is None:
        package = "winloop" if found.system == "Windows" else "uvloop"
        notes.append(f"{package} is not installed: its rows are skipped (pip install {package})")
    return tuple(notes)


def facts() -> Facts:
    """Collect what decides between threads, processes and asyncio here; changes nothing."""
    limits = _fd_limits()
    gil_enabled = getattr(sys, "_is_gil_enabled", lambda: True)
    # Asking for the default method without `allow_none` would fix it for the whole process.
    method = multiprocessing.get_start_method(allow_none=True)
    found = Facts(
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        system=platform.system(),
        cores=os.cpu_count() or 1,
        usable_cores=usable_cores(),
        start_method=method or multiprocessing.get_all_start_methods()[0],
        fd_soft=limits[0] if limits else None,
        fd_hard=limits[1] if limits else None,
        gil_enabled=bool(gil_enabled()),
        free_threaded_build=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        interpreter_pool=hasattr(concurrent.futures, "InterpreterPoolExecutor"),
        fast_loop=next(
            (name for name in ("uvloop", "winloop") if importlib.util.find_spec(name)), None
        ),
        notes=(),
    )
    return Facts(**{**vars(found), "notes": _notes(found)})
