"""Prepared statements behind a pooler that lends a server for one transaction only.

asyncpg prepares every statement on the server that it happens to talk to; PgBouncer in transaction
mode may talk to another one the next time, which does not know the statement.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from velvet.services import Server
from velvet.services.ladder import free_port
from velvet.services.process import give_to, owner_arguments, unprivileged_user

PATIENCE = 20.0
PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
SETTINGS = """[databases]
{name} = host={host} port={port} dbname={name} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
server_round_robin = 0
"""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        PROGRAM is None,
        reason="no pgbouncer on the PATH; apt-get install pgbouncer (Debian), brew install pgbouncer",
    ),
]


@pytest.fixture
def pooled_url(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the shared server behind PgBouncer in transaction mode, two servers at most."""
    assert PROGRAM is not None
    parts, listen, user = urlsplit(postgres_server.url), free_port(), unprivileged_user()
    folder = tmp_path_factory.mktemp("pgbouncer")
    settings = folder / "pgbouncer.ini"
    text = SETTINGS.format(
        name=parts.path.strip("/"),
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        listen=listen,
    )
    settings.write_text(text + _untranslated(PROGRAM), encoding="utf-8")
    give_to(folder, user)
    child = subprocess.Popen(
        # Named from within: the unprivileged user may not look into root's temporary folders.
        [PROGRAM, "-q", settings.name],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **owner_arguments(user),
    )
    try:
        _wait_for(child, listen)
        yield urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{listen}"))
    finally:
        child.kill()
        child.wait(PATIENCE)


def _untranslated(program: str) -> str:
    """Switch off what PgBouncer 1.21 and later can do: prepare again wherever it is needed."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)\.(\d+)", told.stdout)
    assert found is not None, told.stdout
    return "max_prepared_statements = 0\n" if (int(found[1]), int(found[2])) >= (1, 21) else ""


def _wait_for(child: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        assert child.poll() is None, "PgBouncer ended at once"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until, "PgBouncer does not listen"
            time.sleep(0.01)
        else:
            return


async def _twice_with_another_server_between(url: str, **options: int) -> list[int]:
    """Ask the same question on one client connection, on both servers of the pool."""
    asking = await asyncpg.connect(url, timeout=5, **options)
    holding = await asyncpg.connect(url, timeout=5, statement_cache_size=0)
    try:
        answers = [await asking.fetchval("SELECT $1::int + pg_backend_pid() * 0", 1)]
        # A transaction takes the server that was given back last: the one that knows the statement.
        async with holding.transaction():
            answers.append(await asking.fetchval("SELECT $1::int + pg_backend_pid() * 0", 2))
    finally:
        await asking.close()
        await holding.close()
    return answers


def test_a_prepared_statement_is_not_known_to_the_next_server_of_the_pool(pooled_url: str) -> None:
    with pytest.raises(asyncpg.InvalidSQLStatementNameError, match="does not exist"):
        asyncio.run(_twice_with_another_server_between(pooled_url))


def test_without_a_cache_of_statements_any_server_will_do(pooled_url: str) -> None:
    answers = asyncio.run(_twice_with_another_server_between(pooled_url, statement_cache_size=0))

    assert answers == [1, 2]
