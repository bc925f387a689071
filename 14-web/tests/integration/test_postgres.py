"""The same contract on PostgreSQL, and what happens when it goes away."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from velvet_web.board import open_store
from velvet_web.comparisons.client import Client, OverSocket, in_process
from velvet_web.comparisons.conformance import failures
from velvet_web.contenders import load
from velvet_web.domain import NewTask
from velvet_web.middleware_asgi import protect
from velvet_web.postgres import PgStore
from velvet_web.samples.async_reader import AsyncPgReader
from velvet_web.servers import serve
from velvet_web.settings import Settings
from velvet_web.store import Unavailable

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", ["starlette"])
def test_the_contract_holds_on_another_database(name: str, postgres_server: Any) -> None:
    settings = Settings(dsn=postgres_server.url, busy=2)
    app = load(name).framework_app(settings)
    transport = in_process(protect(app, settings), "asgi")
    try:
        broken = failures(Client(transport))
    finally:
        transport.close()
        app.state.board.store.close()

    assert broken == []


def test_flask_with_threads_keeps_the_contract_on_postgresql(postgres_server: Any) -> None:
    with serve("flask", "waitress", Settings(dsn=postgres_server.url, busy=2)) as running:
        transport = OverSocket(running.url)
        broken = failures(Client(transport))
        transport.close()

    assert broken == []


def test_the_async_pool_reads_what_the_sync_pool_wrote(postgres_server: Any) -> None:
    store = open_store(postgres_server.url)
    task = store.create(NewTask("shared"))

    async def reads() -> Any:
        reader = AsyncPgReader(postgres_server.url)
        await reader.open()
        try:
            return await reader.get(task.id), await reader.get(2**62)
        finally:
            await reader.close()

    found = asyncio.run(reads())
    store.close()
    assert found == (task, None)


def test_a_server_that_comes_back_needs_no_restart_of_ours(private_postgres: Any) -> None:
    store = PgStore(private_postgres.url, busy=0.5)
    store.create(NewTask("before"))
    private_postgres.kill()

    with pytest.raises(Unavailable):
        store.ping()
    private_postgres.restart()

    for _ in range(100):
        try:
            store.ping()
            break
        except Unavailable:
            threading.Event().wait(0.1)
    found = store.create(NewTask("after")).title
    store.close()
    assert found == "after"
