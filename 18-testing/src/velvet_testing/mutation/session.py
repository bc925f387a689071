"""The process that knows a whole package: one traced run of its tests, then mutants of any file.

Started as `package` it collects the tests once and answers jobs in copies of itself:
`trace` runs every test and tells which lines of which file it reached and how long it took; every
other job runs the tests that reach a mutant, each with a time limit of its own. A mutant of what
runs at import, such as a constant, needs everything imported anew: started as `cold` it does that.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from types import FunctionType
from typing import Any

import coverage
import pytest

from velvet_testing.mutation import worker
from velvet_testing.mutation.worker import Verdict

SLOWER = 5  # a test may take so many times as long as it did without a mutant
MIN_TIMEOUT_S, MIN_WALL_S = 0.5, 5.0
BASELINE_S = 240.0


class Tracer:
    """Lines of the files that were run, by test: coverage.py, which looks into threads, too."""

    def __init__(self, paths: list[str]) -> None:
        known = ["thread", *(["greenlet"] if importlib.util.find_spec("greenlet") else [])]
        settings: dict[str, Any] = {"config_file": False, "concurrency": known}
        self._paths = paths
        self._coverage = coverage.Coverage(None, include=paths, messages=False, **settings)

    def start(self) -> None:
        """Begin to watch."""
        self._coverage.start()

    def turn(self, test: str) -> None:
        """Count what runs from here on to a test."""
        self._coverage.switch_context(test)

    def stop(self) -> dict[str, dict[int, list[str]]]:
        """End, and return the tests that ran each line, by file."""
        self._coverage.stop()
        told = self._coverage.get_data()
        known = told.measured_files()
        return {path: told.contexts_by_lineno(path) for path in self._paths if path in known}


class Chosen(worker._Failures):
    """A pytest plugin: the tests that are wanted, in their order, each with a limit of its own."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__()
        self.limits: dict[str, float] = job.get("limits", {})

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what does not reach the mutant."""
        if self.limits:
            order = {name: number for number, name in enumerate(self.limits)}
            items[:] = [item for item in items if item.nodeid in order]
            items.sort(key=lambda item: order[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Begin a test's own time."""
        if item.nodeid in self.limits:
            cpu = self.limits[item.nodeid]
            worker.limit(cpu, max(MIN_WALL_S, 2 * cpu))
        return (yield)


class PackageSession(Chosen):
    """A pytest plugin that answers jobs instead of running the collected tests itself."""

    def __init__(self, paths: list[str], answers: Any) -> None:
        super().__init__({})
        self.paths, self.answers = paths, answers
        self.shared: dict[str, float] = {}
        self.tracer = Tracer(paths)
        self.tracer.start()
        self.started = time.perf_counter()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[Any]:
        """Price what tests share: without the others, each of them has to set it up."""
        started = time.perf_counter()
        result = yield
        if fixturedef.scope != "function":
            self.shared[fixturedef.argname] = time.perf_counter() - started
            self.started += self.shared[fixturedef.argname]
        return result

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer jobs until the input ends."""
        found = self.tracer.stop()
        self.imported = {path: sorted(found.get(path, ())) for path in self.paths}
        self.startup = time.perf_counter() - self.started
        self.functions: dict[str, list[FunctionType]] = {path: [] for path in self.paths}
        for one in gc.get_objects():
            if type(one) is FunctionType and one.__code__.co_filename in self.functions:
                self.functions[one.__code__.co_filename].append(one)
        gc.collect()
        gc.freeze()  # or a collection in each copy touches, and so copies, every page
        for line in sys.stdin:
            job = json.loads(line)
            run = self.trace if job["traced"] else self.judge
            verdict = worker.forked(job, partial(run, session.items))
            print(json.dumps(verdict), file=self.answers, flush=True)
        return True

    def trace(self, every: list[pytest.Item], job: dict[str, Any]) -> Verdict:
        """Run the tests of a part of the files; return who reached which line, and how long."""
        part, of = job["part"]
        places = {place: number for number, place in enumerate({item.path: 0 for item in every})}
        items = [item for item in every if places[item.path] % of == part]
        tracer, seconds = Tracer(self.paths), {}
        tracer.start()
        for item, following in zip(items, [*items, None][1:], strict=True):
            tracer.turn(item.nodeid)
            self.started = time.perf_counter()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            own = time.perf_counter() - self.started
            used = getattr(item, "fixturenames", ())
            seconds[item.nodeid] = own, sum(self.shared.get(name, 0.0) for name in used)
        tracer.turn("")
        reached = tracer.stop()
        return {
            "failed": self.failed,
            "reached": reached,
            "imported": self.imported,
            "seconds": seconds,
            "modules": worker.libraries(),
            "startup": self.startup,
            "order": [item.nodeid for item in every],
        }

    def judge(self, items: list[pytest.Item], job: dict[str, Any]) -> Verdict:
        """Run the tests that reach a mutant, up to the first that fails."""
        path = job["path"]
        if not worker.swap(self.functions[path], path, job["source"], job["line"]):
            return {"cold": True}
        self.limits = job["limits"]
        self.pytest_collection_modifyitems(chosen := list(items))
        for item, following in zip(chosen, [*chosen, None][1:], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                break
        return {"failed": self.failed}


def serve(first: dict[str, Any], answers: Any) -> None:
    """Collect the tests, then answer jobs from inside the session."""
    steady()
    plugin = PackageSession(first["paths"], answers)
    with tempfile.TemporaryDirectory() as folder:
        code = pytest.main([*worker._options(folder), *first["args"]], plugins=[plugin])
    if plugin.failed or int(code):
        failed = plugin.failed or [f"pytest ended with {int(code)}"]
        print(json.dumps({"failed": failed}), file=answers, flush=True)


def steady() -> None:
    """Let Hypothesis try the same each time, and not look for the simplest of what it found."""
    with contextlib.suppress(ImportError):
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants",
            database=None,
            deadline=None,
            derandomize=True,
            phases=(Phase.explicit, Phase.generate),
        )
        settings.load_profile("mutants")


def run_cold(job: dict[str, Any]) -> Verdict:
    """Import the package anew with a mutant in it, and run the tests that are wanted."""
    steady()
    sys.meta_path.insert(0, worker.Swap(os.path.realpath(job["path"]), job["source"]))
    plugin = Chosen(job)
    with tempfile.TemporaryDirectory() as folder:
        code = pytest.main([*worker._options(folder), "-x", *job["args"]], plugins=[plugin])
    failed = plugin.failed or ([f"pytest ended with {int(code)}"] if int(code) else [])
    return {"failed": failed}


def main(mode: str) -> None:
    """Be the session, as `package`, or the worker that imports anew, as `cold`."""
    answers = worker.ready()
    if mode == "package":
        serve(json.loads(sys.stdin.readline()), answers)
    else:
        worker.answer(mode, answers, run_cold)


if __name__ == "__main__":
    main(sys.argv[1])
