"""Thin calls into the toolkit's servers: a scratch database, and the program that is the floor.

Servers themselves come from `velvet.services.postgres()` and its kin.
"""

from __future__ import annotations

import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from velvet.services import postgres_server

PROGRAM = f"pgbench{postgres_server.SUFFIX}"


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """Make a database with a random name on a PostgreSQL, give its address, and drop it.

    Raises:
        psycopg.Error: the server cannot be reached, or the user may not create databases.
    """
    name = f"velvet_scratch_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def pgbench() -> Path | None:
    """Return PostgreSQL's own load generator, from the same places as the server; or None."""
    folders = list(postgres_server.binaries())
    wheel = postgres_server.wheel_install()
    if wheel is not None:
        folders.append(wheel / "bin")
    return next((folder / PROGRAM for folder in folders if (folder / PROGRAM).is_file()), None)


def pgbench_tps(program: Path, url: str, clients: int, seconds: int, work: Sequence[str]) -> float:
    """Return how often a second `clients` connections do `work` when no Python is in the way.

    Args:
        program: what `pgbench` returned.
        seconds: a whole number, 1 or more.

    Raises:
        RuntimeError: it failed; with the last line it said.
    """
    with tempfile.TemporaryDirectory(prefix="velvet-databases-") as folder:
        script = Path(folder) / "work.sql"
        script.write_text("".join(f"{sql};\n" for sql in work), encoding="utf-8")
        options = ["-n", "-f", str(script), "-c", str(clients), "-j", "2", "-T", str(seconds)]
        done = subprocess.run(
            [str(program), *options, url],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds + 30,
            check=False,
        )
    found = [line for line in done.stdout.splitlines() if line.startswith("tps = ")]
    if done.returncode or not found:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RuntimeError(f"pgbench failed: {said}")
    return float(found[-1].split()[2])
