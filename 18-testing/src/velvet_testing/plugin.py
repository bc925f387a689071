"""A pytest plugin that makes hidden dependencies visible: `pytest -p velvet_testing.plugin`.

`--vt-order` runs tests in another order, `--vt-leaks` fails a test that leaves something behind,
`--vt-timeline` writes when each test ran, `--vt-virtual-time` runs async tests in virtual time, and
`--vt-quarantine` lets known flaky tests fail until their entry expires. It is never loaded by
itself.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

from velvet_testing.flaky import Quarantine, QuarantineError
from velvet_testing.virtual_time import run_virtual

ORDERS = ("seeded", "reverse", "file-shuffle")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("velvet_testing")
    group.addoption("--vt-order", choices=ORDERS, help="another order of the tests")
    group.addoption("--vt-seed", type=int, default=0, help="of seeded and file-shuffle")
    group.addoption("--vt-timeline", metavar="FILE", help="write when each test ran, as JSON")
    group.addoption("--vt-leaks", action="store_true", help="fail tests that leave things behind")
    group.addoption("--vt-virtual-time", action="store_true", help="async tests in virtual time")
    group.addoption("--vt-quarantine", metavar="FILE", help="tests that may fail until a date")


def pytest_configure(config: pytest.Config) -> None:
    """Read the quarantine; an expired entry ends the run."""
    config.stash[_TIMELINE] = []
    path = config.getoption("--vt-quarantine")
    if path:
        try:
            today = datetime.now(timezone.utc).date()
            config.stash[_QUARANTINE] = Quarantine.load(Path(path), today=today)
        except QuarantineError as error:
            raise pytest.UsageError(str(error)) from None


_TIMELINE = pytest.StashKey[list[dict[str, Any]]]()
_QUARANTINE = pytest.StashKey[Quarantine]()


def reordered(files: list[str], order: str, seed: int) -> list[int]:
    """Return the new order of tests, given the file of each.

    >>> reordered(["a", "a", "b"], "reverse", 0)
    [2, 1, 0]
    """
    numbers = list(range(len(files)))
    if order == "reverse":
        return numbers[::-1]
    if order == "seeded":
        Random(seed).shuffle(numbers)
        return numbers
    names = sorted(set(files))
    Random(seed).shuffle(names)
    return sorted(numbers, key=lambda i: (names.index(files[i]), i))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Change the order, and mark what is in quarantine."""
    order = config.getoption("--vt-order")
    if order:
        files = [str(item.path) for item in items]
        items[:] = [items[i] for i in reordered(files, order, config.getoption("--vt-seed"))]
    quarantine = config.stash.get(_QUARANTINE, None)
    for item in items if quarantine else ():
        reason = quarantine.reason(item.nodeid) if quarantine else ""
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=False))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note when a test ran."""
    started = time.perf_counter()
    try:
        return (yield)
    finally:
        entry = {"test": item.nodeid, "start": started, "end": time.perf_counter()}
        item.config.stash[_TIMELINE].append(entry)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Compare the process before and after a test's body."""
    if not item.config.getoption("--vt-leaks"):
        return (yield)
    before = state()
    result = yield
    left = differences(before, state())
    if left:
        pytest.fail(f"{item.nodeid} leaves {'; '.join(left)}", pytrace=False)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test in virtual time."""
    test: Callable[..., Any] = pyfuncitem.obj
    if not pyfuncitem.config.getoption("--vt-virtual-time"):
        return None
    if not inspect.iscoroutinefunction(test):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    run_virtual(test(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the timeline."""
    path = session.config.getoption("--vt-timeline")
    if path:
        timeline = session.config.stash[_TIMELINE]
        first = min((entry["start"] for entry in timeline), default=0.0)
        shifted = [{**e, "start": e["start"] - first, "end": e["end"] - first} for e in timeline]
        Path(path).write_text(json.dumps(shifted, indent=1), encoding="utf-8")


def state() -> dict[str, Any]:
    """Return what a test should leave as it found it."""
    process = psutil.Process()
    return {
        "thread": {thread.name for thread in threading.enumerate()},
        "child process": {child.pid for child in process.children(recursive=True)},
        "open file": {(one.path, one.fd) for one in process.open_files()},
        "socket": {str(one.laddr) + str(one.fd) for one in process.net_connections()},
        "environment": {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"},
        "module": dict(sys.modules),
        "working directory": str(Path.cwd()),
        "warning filters": list(warnings.filters),
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Say what is new or changed; modules may be added, and neither removed nor replaced."""
    left = []
    for what, old in before.items():
        new = after[what]
        if what == "module":
            changed = sorted(name for name, module in old.items() if new.get(name) is not module)
        elif isinstance(old, set):
            changed = sorted(str(one) for one in new - old)
        elif isinstance(old, dict):
            changed = sorted({key for key, _ in old.items() ^ new.items()})
        else:
            changed = [str(new) if what == "working directory" else "changed"] if new != old else []
        if changed:
            left.append(f"{what}: {', '.join(changed[:3])}")
    return left
