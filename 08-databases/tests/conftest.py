"""What every test of this module shares: fresh databases, and the check that nothing is left.

One PostgreSQL serves the whole run. Each test that asks for `postgres_url` gets a database of
its own in it, made before and dropped after, so that tests may run in any order and a crashed
one cannot spoil the next.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from velvet.services import Server

PREFIX = "velvet_test_"
# How the temporary folders of the package and of its examples begin.
OURS = "velvet-databases-"
PASSWORDS = "kjx"  # the end of one: `velvet.passwords` fails a test that shows one of these tests


@pytest.fixture(scope="session")
def _children_place() -> Iterator[Path]:
    """Where child processes of this run put what is temporary, apart from other runs' children."""
    with tempfile.TemporaryDirectory(prefix="velvet-08-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # a server that root starts runs as another user
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
