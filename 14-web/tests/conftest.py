"""What the tests of this module share: front ends in this process, and servers beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from velvet_web.comparisons.client import Client, in_process
from velvet_web.contenders import load, names
from velvet_web.middleware_asgi import protect as protect_asgi
from velvet_web.middleware_wsgi import protect as protect_wsgi
from velvet_web.servers import Running, serve, servers
from velvet_web.settings import Settings

# How long one example takes says something of the machine, and nothing of the code.
hypothesis.settings.register_profile("without a clock", deadline=None)
hypothesis.settings.load_profile("without a clock")
CONTENDERS = names()
FRONT_END = {"asgi": "starlette", "wsgi": "flask"}


@pytest.fixture(autouse=True)
def _tidy(nothing_left: None) -> None:
    """Fail what leaves a thread, a process or a socket behind."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a database of their own."""
    return Settings(dsn=str(tmp_path / "board.db"))


class FrontEnd:
    """One front end in this process, with the client that speaks to it."""

    def __init__(self, name: str, settings: Settings) -> None:
        contender = load(name)
        self.name = name
        self.inner = contender.framework_app(settings)
        protect = protect_asgi if contender.INTERFACE == "asgi" else protect_wsgi
        self.app = protect(self.inner, settings)
        self.transport = in_process(self.app, contender.INTERFACE)
        self.client = Client(self.transport)
        self.client.request("GET", "/tasks/export")  # starts the thread that a stream needs


@pytest.fixture(scope="session", params=CONTENDERS)
def front_end(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FrontEnd]:
    """Each front end in turn; every check starts with an empty board."""
    folder = tmp_path_factory.mktemp(request.param)
    built = FrontEnd(request.param, Settings(dsn=str(folder / "board.db")))
    yield built
    built.transport.close()


@pytest.fixture(scope="session")
def started() -> Iterator[dict[tuple[str, str], Running]]:
    """Servers by (application, server), each started when it is first asked for."""
    with ExitStack() as stack:

        class Started(dict[tuple[str, str], Running]):
            def __missing__(self, key: tuple[str, str]) -> Running:
                self[key] = stack.enter_context(serve(*key))
                return self[key]

        yield Started()


@pytest.fixture(scope="session", params=servers())
def server(
    request: pytest.FixtureRequest, started: dict[tuple[str, str], Running]
) -> tuple[str, Running]:
    """Each server of this platform with a front end of its interface."""
    spec = servers()[request.param]
    if spec.missing:
        pytest.skip(spec.missing)
    return spec.name, started[FRONT_END[spec.interface], spec.name]


@pytest.fixture(scope="session")
def uvicorn(started: dict[tuple[str, str], Running]) -> Running:
    """Starlette on uvicorn."""
    return started["starlette", "uvicorn"]
