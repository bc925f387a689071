"""The process in which mutants run: `python -m velvet_testing.mutation.worker fork|spawn`.

It reads jobs as JSON lines and answers each with a line. Started with `fork` it stays clean, loads
pytest once, and runs each job in a copy of itself; started with `spawn` it runs one job and ends.
The verdict comes back through a pipe and not as an exit status: a test that calls `os._exit(0)`
must not look like a test that passed.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import io
import json
import os
import pickle
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from velvet_testing.coverage_probe import EdgeCollector

if sys.platform != "win32":
    import resource

Verdict = dict[str, Any]
MEMORY_LIMIT = 4 << 30  # a mutant that allocates for ever must not take the machine with it


class Swap(MetaPathFinder):
    """Import one file from a text instead of from the disk, whatever name it is imported by."""

    def __init__(self, target: str, source: str) -> None:
        self.target, self.source = target, source

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of the target with a loader of our own; None for every other module."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None or not spec.has_location:
            return None
        if os.path.realpath(spec.origin) != self.target:
            return None
        loader = _TextLoader(name, spec.origin, self.source)
        return importlib.util.spec_from_file_location(name, spec.origin, loader=loader)


class _TextLoader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._text = source

    def get_code(self, fullname: str) -> CodeType:
        """Compile the text."""
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _Observer:
    """A pytest plugin: the lines that each test runs, and the tests that fail."""

    def __init__(self, probe: EdgeCollector | None) -> None:
        self.probe = probe
        self.lines: dict[str, list[int]] = {}
        self.failed: list[str] = []

    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        if self.probe is None:
            yield
            return
        before = self.probe.stop()
        self.lines.setdefault("", []).extend(line for _, line in before)
        self.probe.start()
        yield
        self.lines[item.nodeid] = sorted({line for _, line in self.probe.stop()})
        self.probe.start()

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid or "collection")


def run_job(job: dict[str, Any]) -> Verdict:
    """Run the tests of a job against its source and tell what happened."""
    started = time.perf_counter()
    path = job["path"]
    probe = EdgeCollector([path], once=sys.version_info >= (3, 12)) if job["traced"] else None
    if probe is not None:
        probe.start()
    try:
        failed, lines = (_pytest if "args" in job else _callable)(job, path, probe)
    finally:
        if probe is not None:
            with contextlib.suppress(ValueError):
                probe.stop()
    known = [name for name, module in list(sys.modules.items()) if _third_party(module)]
    return {
        "failed": failed,
        "lines": lines,
        "seconds": time.perf_counter() - started,
        "modules": known if job["traced"] else [],
    }


def _pytest(
    job: dict[str, Any], path: str, probe: EdgeCollector | None
) -> tuple[list[str], dict[str, list[int]]]:
    import pytest

    sys.meta_path.insert(0, Swap(os.path.realpath(path), job["source"]))
    observer = _Observer(probe)
    for name in ("pytest_runtest_protocol",):
        hook = pytest.hookimpl(hookwrapper=True, tryfirst=True)
        setattr(_Observer, name, hook(getattr(_Observer, name)))
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-o", "addopts="]
    options += [] if job["traced"] else ["-x"]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main([*options, *job["args"]], plugins=[observer])
    failed = observer.failed
    if int(code) and not failed:
        failed = [f"pytest ended with {int(code)}: {said.getvalue()[-500:]}"]
    return failed, observer.lines


def _callable(
    job: dict[str, Any], path: str, probe: EdgeCollector | None
) -> tuple[list[str], dict[str, list[int]]]:
    test = pickle.loads(base64.b64decode(job["call"]))  # noqa: S301 - made by our own parent
    module = ModuleType(Path(path).stem)
    module.__file__ = path
    name = getattr(test, "__name__", type(test).__name__)
    try:
        exec(compile(job["source"], path, "exec"), vars(module))  # noqa: S102 - the mutant
        imported = sorted({line for _, line in probe.stop()}) if probe else []
        if probe is not None:
            probe.start()
        test(module)
    except Exception as error:  # noqa: BLE001 - whatever it raises kills the mutant
        return [f"{name}: {type(error).__name__}: {error}"], {}
    ran = sorted({line for _, line in probe.stop()}) if probe else []
    if probe is not None:
        probe.start()
    return [], {"": imported, name: ran}


def _third_party(module: Any) -> bool:
    file = getattr(module, "__file__", None) or ""
    return "site-packages" in file or (
        bool(file) and file.startswith((sys.base_prefix, sys.base_exec_prefix))
    )


def preload(modules: list[str]) -> None:
    """Import what every job will import, once, before any fork."""
    for name in modules:
        if name not in sys.modules and not name.startswith(("__", "_pytest.", "test")):
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def forked(job: dict[str, Any]) -> Verdict:
    """Run a job in a copy of this process, ended by an alarm when it takes too long."""
    if sys.platform == "win32":
        raise OSError("this system has no fork")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        silence()
        limit(job["timeout"])
        with os.fdopen(writer, "w", encoding="utf-8") as out:
            json.dump(run_job(job), out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as answers:
        said = answers.read()
    _, status = os.waitpid(child, 0)
    return told(said, os.waitstatus_to_exitcode(status))


def told(said: str, code: int) -> Verdict:
    """Return the verdict that a child sent before it ended, or why there is none."""
    if sys.platform != "win32" and code == -signal.SIGALRM:
        return {"timeout": True}
    try:
        verdict: Verdict = json.loads(said)
    except ValueError:
        return {"failed": [f"the process ended with {code} and no verdict"], "died": True}
    return verdict


def limit(timeout_s: float) -> None:
    """End this process after a time, and forbid it to take all memory."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)


def silence() -> None:
    """Send what the tests print nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)


def main(mode: str) -> None:
    """Answer jobs until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    print("ready", file=answers, flush=True)  # noqa: T201 - the protocol
    for line in sys.stdin:
        job = json.loads(line)
        if "preload" in job:
            preload(job["preload"])
            continue
        verdict = forked(job) if mode == "fork" else run_job(job)
        print(json.dumps(verdict), file=answers, flush=True)  # noqa: T201 - the protocol
        if mode == "spawn":
            answers.flush()
            os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
