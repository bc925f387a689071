"""What every test of this module shares: fresh databases, and the check that nothing is left.

One PostgreSQL serves the whole run. Each test that asks for `postgres_url` gets a database of
its own in it, made before and dropped after, so that tests may run in any order and a crashed
one cannot spoil the next.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import shutil
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import pytest

from velvet.services import Server

WATCHDOG_SECONDS = 60.0
# What a test started may need a moment to end after it was told to.
SETTLING_SECONDS = 3.0
PREFIX = "velvet_test_"
# How the temporary folders of the package and of its examples begin.
OURS = "velvet-databases-"
_STDERR = pytest.StashKey[int]()
_ME = psutil.Process()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Sharing())
    # Capturing is not in force here, so this is the terminal and not the captured stream.
    try:
        config.stash[_STDERR] = os.dup(sys.__stderr__.fileno())
    except (AttributeError, OSError, ValueError):
        config.stash[_STDERR] = -1


def pytest_unconfigure(config: pytest.Config) -> None:
    descriptor = config.stash.get(_STDERR, -1)
    if descriptor >= 0:
        faulthandler.cancel_dump_traceback_later()
        os.close(descriptor)


@pytest.fixture(autouse=True)
def _watchdog(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print where every thread stands when a test takes a minute: a deadlock, most likely."""
    descriptor = request.config.stash.get(_STDERR, -1)
    if descriptor >= 0:
        faulthandler.dump_traceback_later(WATCHDOG_SECONDS, file=descriptor)
    yield
    faulthandler.cancel_dump_traceback_later()


def _threads() -> dict[Any, str]:
    return {
        thread.ident: f"thread {thread.name}" for thread in threading.enumerate() if thread.ident
    }


def _children() -> dict[Any, str]:
    found: dict[Any, str] = {}
    for child in _ME.children():
        try:
            found[child.pid] = f"process {child.pid} {child.name()}"
        except psutil.NoSuchProcess:
            continue
    return found


def _sockets() -> dict[Any, str]:
    listed = getattr(_ME, "net_connections", None) or _ME.connections
    try:
        return {
            (found.fd, found.laddr, found.raddr): f"socket {found.laddr} {found.status}"
            for found in listed(kind="inet")
        }
    except psutil.AccessDenied:
        return {}


_LOOKS: tuple[Callable[[], dict[Any, str]], ...] = (_threads, _children, _sockets)
# What fixtures of a wider scope started, which outlives the test that asked for them first.
_SHARED: set[Any] = set()


def _all() -> dict[Any, str]:
    return {(look, key): text for look in _LOOKS for key, text in look().items()}


class _Sharing:
    """A plugin, because the hooks of a conftest are not asked about fixtures of the session."""

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        before = set() if fixturedef.scope == "function" else set(_all())
        result = yield
        if fixturedef.scope != "function":
            _SHARED.update(set(_all()) - before)
        return result


def _new_since(before: dict[Any, str]) -> list[str]:
    return [text for key, text in _all().items() if key not in before and key not in _SHARED]


@pytest.fixture(autouse=True)
def _nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which a thread, a child process or a connection is left."""
    before = _all()
    yield
    left = _new_since(before)
    if not left:
        return
    gc.collect()
    until = time.monotonic() + SETTLING_SECONDS
    while (left := _new_since(before)) and time.monotonic() < until:
        time.sleep(0.01)
    if left:
        pytest.fail(f"left behind by {request.node.name}: {', '.join(sorted(left))}")


@pytest.fixture(scope="session")
def _children_place() -> Iterator[Path]:
    """Where child processes of this run put what is temporary, apart from other runs' children."""
    with tempfile.TemporaryDirectory(prefix="velvet-08-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # a server that root starts runs as somebody else
        yield Path(folder)


@pytest.fixture(autouse=True)
def _no_folder_left(request: pytest.FixtureRequest, _children_place: Path) -> Iterator[None]:
    """Fail a test after which a temporary folder of ours is left, made here or in a child."""
    made: list[Path] = []
    mkdtemp = tempfile.mkdtemp

    def recorded(*args: Any, **options: Any) -> Any:
        made.append(Path(mkdtemp(*args, **options)))
        return str(made[-1])

    with pytest.MonkeyPatch.context() as patch:
        tempfile.gettempdir()  # remembered before the variables change: they are for children
        patch.setattr(tempfile, "mkdtemp", recorded)
        for name in ("TMPDIR", "TEMP", "TMP"):
            patch.setenv(name, str(_children_place))
        yield
    left = [path for path in made if path.name.startswith(OURS) and path.exists()]
    left += _children_place.glob(f"{OURS}*")
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    # The page's button kills its job with SIGKILL, after which no child tidies anything away.
    if left and request.node.path.parent.name != "dashboard":
        names = ", ".join(sorted(path.name for path in left))
        pytest.fail(f"folders left behind by {request.node.name}: {names}")


def at_database(url: str, name: str) -> str:
    """Return the address of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def fresh_database(postgres_server: Server) -> Iterator[Callable[[], Any]]:
    """A context manager that makes a database, gives its address and drops it."""

    def ask(*statements: str) -> list[Any]:
        with psycopg.connect(postgres_server.url, autocommit=True) as connection:
            cursors = [connection.execute(statement) for statement in statements]
            return cursors[-1].fetchall() if cursors[-1].description else []

    @contextmanager
    def make() -> Iterator[str]:
        name = PREFIX + uuid.uuid4().hex[:12]
        ask(f"CREATE DATABASE {name}")
        try:
            yield at_database(postgres_server.url, name)
        finally:
            ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    yield make
    left = ask(f"SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%'")
    prepared = ask("SELECT gid FROM pg_prepared_xacts")
    assert not left + prepared, f"left in the server: {left + prepared}"


@pytest.fixture
def postgres_url(fresh_database: Callable[[], Any]) -> Iterator[str]:
    """The address of a PostgreSQL database of the test's own."""
    with fresh_database() as url:
        yield url


@pytest.fixture(scope="module")
def postgres_module_url(fresh_database: Callable[[], Any]) -> Iterator[str]:
    """The address of a PostgreSQL database that the tests of one file share."""
    with fresh_database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of an SQLite file that is not there yet."""
    return f"sqlite:///{(tmp_path / 'shop.db').as_posix()}"
