"""The toolkit's pytest plugin: server fixtures, benchmark collection, nothing left behind.

Loaded by its entry point wherever the toolkit is installed, so every import of substance
waits until it is needed (and is measured by coverage when it comes).
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from velvet.services import Server

WATCHDOG_SECONDS = 60.0
_TERMINAL = pytest.StashKey[int]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Let coverage find the project's settings inside a module, and use more than one core there.

    A wrapper, because it has to come before the same hook of pytest-cov.
    """
    options = early_config.known_args_namespace
    settings = early_config.rootpath / "pyproject.toml"
    if getattr(options, "cov_config", "") == ".coveragerc" and settings.is_file():
        options.cov_config = str(settings)
    workers = _workers(options, early_config.invocation_params.dir)
    if workers > 1:
        # Read now by pytest-cov, and later, as the default of what nobody typed, by xdist.
        for each in (options, early_config.option):
            each.numprocesses, each.dist = workers, "loadfile"
    return (yield)


def _workers(options: Any, here: Path) -> int:
    """Return the processes for a module's whole suite, as its `module.toml` says; 1 for the rest."""
    asked_for = getattr(options, "numprocesses", 0) is not None
    chosen = [options.usepdb, options.collectonly, options.keyword, options.markexpr]
    chosen += [getattr(options, "lf", False), getattr(options, "failedfirst", False)]
    whole = [here / str(word) for word in options.file_or_dir]
    if asked_for or any(chosen) or os.environ.get("PYTEST_XDIST_WORKER") or len(whole) != 1:
        return 1
    about = whole[0].parent / "module.toml"
    if whole[0].name != "tests" or not about.is_file():
        return 1
    from velvet import catalog
    from velvet.errors import VelvetError
    from velvet.needs import usable_cores

    try:
        return min(catalog.load(about).test_processes, usable_cores())
    except VelvetError as error:
        raise pytest.UsageError(str(error)) from None


def refuse_spreading(config: pytest.Config) -> None:
    """Refuse to spread timed benchmarks over processes, which would time the neighbours."""
    workers = getattr(config.option, "numprocesses", None)
    timed = any(
        Path(str(arg).split("::")[0]).name in ("benchmarks", "measure.py") for arg in config.args
    )
    if workers and timed:
        raise pytest.UsageError("benchmarks are measured one at a time: leave out -n (xdist)")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot be measured, and keep the terminal for the watchdog."""
    refuse_spreading(config)
    # Capturing is not in force here, so this is the terminal and not the captured stream.
    terminal = sys.__stderr__
    try:
        config.stash[_TERMINAL] = -1 if terminal is None else os.dup(terminal.fileno())
    except (OSError, ValueError):  # closed, or not of this world
        config.stash[_TERMINAL] = -1


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the terminal back."""
    descriptor = config.stash.get(_TERMINAL, -1)
    if descriptor >= 0:
        os.close(descriptor)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
    """Let what a fixture of a wider scope starts outlive the test that asks for it first."""
    leaks = sys.modules.get("velvet.leaks")
    if leaks is None or fixturedef.scope == "function":
        return (yield)
    before = leaks.state()
    result = yield
    leaks.share(before)
    return result


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a module's `benchmarks/measure.py` as one test per contender and claim."""
    if file_path.name != "measure.py" or file_path.parent.name != "benchmarks":
        return None
    from velvet.bench.collect import MeasureModule

    return MeasureModule.from_parent(parent, path=file_path)


def _serve(name: str, **options: Any) -> Iterator[Server]:
    from velvet import services

    try:
        server: Server = getattr(services, name)(**options)
    except services.ServiceUnavailable as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """A Redis shared by the whole run; isolate tests by a random key prefix."""
    yield from _serve("redis")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL shared by the whole run; isolate tests by a random schema or database."""
    yield from _serve("postgres")


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[Server]:
    """A RabbitMQ shared by the whole run; isolate tests by random queue names."""
    yield from _serve("rabbitmq")


@pytest.fixture(scope="session")
def mongodb_server() -> Iterator[Server]:
    """A MongoDB shared by the whole run; isolate tests by a random database."""
    yield from _serve("mongodb")


@pytest.fixture
def private_redis() -> Iterator[Server]:
    """A Redis of the test's own, to be killed and restarted."""
    yield from _serve("redis", private=True)


@pytest.fixture
def private_postgres() -> Iterator[Server]:
    """A PostgreSQL of the test's own, to be killed and restarted."""
    yield from _serve("postgres", private=True)


@pytest.fixture
def watchdog(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print where every thread stands when a test takes a minute: a deadlock, most likely."""
    descriptor = request.config.stash.get(_TERMINAL, -1)
    if descriptor >= 0:
        faulthandler.dump_traceback_later(WATCHDOG_SECONDS, file=descriptor)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which a thread, a child process, a socket or a segment is left."""
    from velvet import leaks

    before = leaks.state()
    yield
    if left := leaks.left_since(before):
        pytest.fail(f"left behind by {request.node.name}: {', '.join(left)}")


@pytest.fixture(scope="module")
def untraced() -> Iterator[None]:
    """Leave the tests of a file out of coverage, where to watch takes longer than to run.

    A page that is drawn is hundreds of thousands of lines of Streamlit and Plotly, which no report
    counts; a chain of a million nodes is the same few lines a million times.
    """
    here, threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    yield
    sys.settrace(here)
    threading.settrace(threads)


@pytest.fixture(scope="session", autouse=True)
def _no_server_left() -> Iterator[None]:
    """Fail the run when a server of ours outlives it."""
    yield
    if "velvet.services" not in sys.modules:
        return
    from velvet.services.own import records

    left = [state["name"] for _, state in records() if state.get("owner") == os.getpid()]
    assert not left, f"servers left behind by this run: {', '.join(left)}"
