"""The process in which mutants run: `python -m velvet_testing.mutation.worker MODE`.

It reads jobs as JSON lines and answers each with a line. Started as `fork` it stays clean, loads
pytest once, and runs each job in a copy of itself; as `spawn` it runs one job and ends. As
`session` it collects the tests once; a copy of it swaps the code of one function and runs the tests
that reach it, which saves everything that pytest does before the first test.
`package` is a session for many files, see `session.py`.
The verdict comes back through a file and not as an exit status: a test that calls `os._exit(0)`
must not look like a test that passed. What a copy leaves behind is ended with it.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import gc
import importlib.util
import inspect
import io
import json
import os
import pickle
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import IO, Any

from velvet_testing.coverage_probe import EdgeCollector

if sys.platform != "win32":
    import resource

Verdict = dict[str, Any]
WAITING = 10  # on a busy machine the clock on the wall runs away from the CPU's
PR_SET_CHILD_SUBREAPER = 36
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

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - importlib's interface
        """Compile the text."""
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _Failures:
    """A pytest plugin: the tests that fail."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid or "collection")


class _Observer(_Failures):
    """A pytest plugin: the lines that each test runs, too."""

    def __init__(self, probe: EdgeCollector | None) -> None:
        super().__init__()
        self.probe = probe
        self.lines: dict[str, list[int]] = {}

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
            probe.stop()
    seconds = time.perf_counter() - started
    # A callable gets the module as it is; pytest imports it, so nothing of ours may be there yet.
    modules = (list(sys.modules) if "call" in job else libraries()) if job["traced"] else []
    return {"failed": failed, "lines": lines, "seconds": seconds, "modules": modules}


def _pytest(
    job: dict[str, Any], path: str, probe: EdgeCollector | None
) -> tuple[list[str], dict[str, list[int]]]:
    import pytest

    sys.meta_path.insert(0, Swap(os.path.realpath(path), job["source"]))
    observer = _Observer(probe)
    pytest.hookimpl(hookwrapper=True, tryfirst=True)(_Observer.pytest_runtest_protocol)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said:
        more = [] if job["traced"] else ["-x"]
        code = pytest.main([*_options(folder), *more, *job["args"]], plugins=[observer])
    failed = observer.failed
    if int(code) and not failed:
        failed = [f"pytest ended with {int(code)}: {said.getvalue()[-500:]}"]
    return failed, observer.lines


def _options(folder: str) -> list[str]:
    """Return options of pytest: no project's settings, node ids relative to where we are."""
    empty = Path(folder, "pytest.ini")
    empty.write_text("[pytest]\n", encoding="utf-8")
    where = [f"-c{empty}", f"--rootdir={Path.cwd()}", "--import-mode=importlib"]
    return [*where, "-q", "-s", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"]


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


def libraries() -> list[str]:
    """Return the names of the libraries that are imported."""
    return [name for name, module in list(sys.modules.items()) if _third_party(module)]


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


class _Session(_Failures):
    """A pytest plugin that answers jobs instead of running the collected tests itself."""

    def __init__(self, path: str, probe: EdgeCollector, answers: Any) -> None:
        super().__init__()
        self.path, self.probe, self.answers = path, probe, answers
        self.started = time.perf_counter()

    def pytest_runtestloop(self, session: Any) -> bool:
        self.imported = sorted({line for _, line in self.probe.stop()})
        self.startup = time.perf_counter() - self.started
        everything = (one for one in gc.get_objects() if type(one) is FunctionType)  # asks no proxy
        self.known = [one for one in everything if one.__code__.co_filename == self.path]
        gc.collect()
        gc.freeze()  # or a collection in each copy touches, and so copies, every page
        for line in sys.stdin:
            job = json.loads(line)
            verdict = forked(job, lambda job: self.run(job, session.items))
            print(json.dumps(verdict), file=self.answers, flush=True)
        return True

    def run(self, job: dict[str, Any], items: list[Any]) -> Verdict:
        """Run the chosen tests, up to the first failure, or all of them and trace each."""
        started, lines = time.perf_counter(), {"": self.imported}
        if not job["traced"] and not swap(self.known, self.path, job["source"], job["line"]):
            return {"cold": True}
        chosen = [item for item in items if job.get("tests") is None or item.nodeid in job["tests"]]
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            if job["traced"]:
                self.probe.start()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if job["traced"]:
                lines[item.nodeid] = sorted({line for _, line in self.probe.stop()})
            elif self.failed:
                break
        seconds = time.perf_counter() - started
        if not job["traced"]:
            return {"failed": self.failed}
        found = {"failed": self.failed, "lines": lines, "seconds": seconds, "modules": libraries()}
        return {**found, "startup": self.startup}


def serve_session(first: dict[str, Any], answers: Any) -> None:
    """Collect the tests, then answer jobs from inside the session."""
    import pytest

    probe = EdgeCollector([first["path"]], once=sys.version_info >= (3, 12))
    plugin = _Session(first["path"], probe, answers)
    probe.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            code = pytest.main([*_options(folder), *first["args"]], plugins=[plugin])
    finally:
        probe.stop()
    if plugin.failed or int(code):
        failed = plugin.failed or [f"pytest ended with {int(code)}"]
        print(json.dumps({"failed": failed}), file=answers, flush=True)


def swap(functions: list[FunctionType], path: str, source: str, line: int) -> bool:
    """Give the function around a line the code that a mutated source has there.

    Every reference to the function sees the change, also one that a test imported by name.
    Returns False where no function is found, or where an inner function that has the line was made
    already, such as the wrapper of a decorator: then the module has to be imported anew.
    """
    fresh = _around(compile(source, path, "exec"), line)
    if fresh is None:
        return False
    where = (fresh.co_firstlineno, fresh.co_name, fresh.co_freevars)
    holders = [known for known in functions if line in _lines(known.__code__)]
    found = [
        (one.__code__.co_firstlineno, one.__code__.co_name, one.__code__.co_freevars)
        for one in holders
    ]
    if not found or any(one != where for one in found):
        return False
    for known in holders:
        known.__code__ = fresh
    return True


def _around(code: CodeType, line: int) -> CodeType | None:
    """Return the code of the outermost function that has a line; classes are looked into."""
    for inner in code.co_consts:
        if not isinstance(inner, CodeType) or line not in _lines(inner):
            continue
        if inner.co_flags & inspect.CO_NEWLOCALS:
            return inner
        return _around(inner, line)
    return None


def _lines(code: CodeType) -> set[int]:
    found = {line for _, _, line in code.co_lines() if line is not None}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            found |= _lines(inner)
    return found


def forked(job: dict[str, Any], run: Callable[[dict[str, Any]], Verdict] = run_job) -> Verdict:
    """Run a job in a copy of this process, ended by an alarm when it takes too long."""
    if sys.platform == "win32":
        raise OSError("this system has no fork")
    before = _children()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
        child = os.fork()
        if child == 0:
            silence()
            limit(job["timeout"])
            json.dump(run(job), answer)
            answer.flush()
            os._exit(0)
        ended, status = os.waitpid(-1, 0)
        while ended != child:  # a process that the child left, and that ended by itself
            ended, status = os.waitpid(-1, 0)
        _end_orphans(before)
        answer.seek(0)
        return told(answer.read(), os.waitstatus_to_exitcode(status))


def adopt() -> None:
    """Become the parent of what our children leave behind, to end it (Linux: see prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _children() -> set[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(map(int, listed.read_text(encoding="ascii").split())) if listed.exists() else set()


def _end_orphans(before: set[int]) -> None:
    """End the processes that an ended child has left."""
    while orphans := _children() - before:
        for orphan in orphans:
            os.kill(orphan, signal.SIGKILL)
            os.waitpid(orphan, 0)


def told(said: str, code: int) -> Verdict:
    """Return the verdict that a child sent before it ended, or why there is none."""
    if sys.platform != "win32" and code in (-signal.SIGPROF, -signal.SIGALRM):
        return {"timeout": True}
    try:
        verdict: Verdict = json.loads(said)
    except ValueError:
        return {"failed": [f"the process ended with {code} and no verdict"], "died": True}
    return verdict


def limit(timeout_s: float, wall_s: float | None = None) -> None:
    """End this process after so much CPU time, or when it waits; bound its memory."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(ValueError, OSError):
        # Not RLIMIT_AS: a JavaScript engine reserves far more addresses than it ever uses.
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
    for number, timer, seconds in (
        (signal.SIGPROF, signal.ITIMER_PROF, timeout_s),
        (signal.SIGALRM, signal.ITIMER_REAL, wall_s or WAITING * timeout_s),
    ):
        signal.signal(number, signal.SIG_DFL)
        signal.setitimer(timer, seconds)


def silence() -> None:
    """Send what the tests print nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)


def ready() -> IO[str]:
    """Say that jobs may come; returns where the answers go, apart from what the tests print."""
    adopt()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    print("ready", file=answers, flush=True)
    return answers


def answer(mode: str, answers: IO[str], run: Callable[[dict[str, Any]], Verdict] = run_job) -> None:
    """Answer jobs until the input ends."""
    for line in sys.stdin:
        job = json.loads(line)
        if "preload" in job:
            preload(job["preload"])
            continue
        verdict = run(job) if mode == "spawn" else forked(job, run)
        print(json.dumps(verdict), file=answers, flush=True)
        if mode == "spawn":
            os._exit(0)


def main(mode: str) -> None:
    """Be the worker of a mode."""
    answers = ready()
    if mode == "session":
        serve_session(json.loads(sys.stdin.readline()), answers)
    else:
        answer(mode, answers)


if __name__ == "__main__":
    main(sys.argv[1])
