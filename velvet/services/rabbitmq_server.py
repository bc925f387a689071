"""RabbitMQ: address, a node of our own from local binaries, container. No wheel holds one.

Our node has its own name, base folder, port and Erlang port mapper, so that a node which
already runs on this machine is never touched and no mapper is left behind.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

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

REMEDY = "Set VELVET_RABBITMQ_URL, install rabbitmq-server, or start a container engine."
VARIABLE = "VELVET_RABBITMQ_URL"
_PROGRAMS = ("/usr/lib/rabbitmq/bin/rabbitmq-server",)
# The protocol header of AMQP 0-9-1; a broker answers with its Connection.Start method.
_HEADER = b"AMQP\x00\x00\x09\x01"


def ask(url: str) -> str | None:
    """Return the broker's product and version from its Connection.Start, or None."""
    parts = urlsplit(url)
    try:
        with socket.create_connection(
            (parts.hostname or "127.0.0.1", parts.port or 5672), timeout=2
        ) as connection:
            connection.settimeout(2)
            connection.sendall(_HEADER)
            greeting = connection.recv(4096)
    except OSError:
        return None
    if greeting[:1] != b"\x01" or b"RabbitMQ" not in greeting:
        return None
    _, found, rest = greeting.partition(b"\x07versionS")
    length = int.from_bytes(rest[:4], "big") if found else 0
    return f"RabbitMQ {rest[4 : 4 + length].decode('ascii', 'replace')}".strip()


def from_address() -> Server:
    """Use the broker that the environment names."""
    return answering("rabbitmq", VARIABLE, ask)


def program() -> str | None:
    """Return the server's start script; Debian's wrapper on the PATH only serves its own node."""
    return next((path for path in _PROGRAMS if Path(path).is_file()), None) or shutil.which(
        "rabbitmq-server"
    )


def from_binary() -> Server:
    """Start a node of our own."""
    found = program()
    if found is None:
        raise RungFailed("rabbitmq-server is not installed")
    folder, port, mapper = private_folder("rabbitmq"), free_port(), free_port()
    env = {
        **os.environ,
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(mapper),
        "RABBITMQ_NODENAME": f"velvet{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_BASE": str(folder),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "absent"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "absent-env.conf"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2"
        ),
    }
    (folder / "plugins").write_text("[].\n", encoding="ascii")
    process = ServerProcess(_with_mapper(found), folder / "server.log", env=env)
    url = f"amqp://guest:guest@127.0.0.1:{port}/"

    def start() -> str:
        process.start()
        return wait_until(lambda: ask(url), alive=lambda: process.alive, what="rabbitmq-server")

    def stop() -> None:
        process.stop()
        _end_mapper(env)

    try:
        version = start()
    except BaseException:
        stop()
        remove(folder)
        raise
    hooks = Hooks(start, stop, stop, lambda: process.pid)
    return Server("rabbitmq", url, version, "binary", hooks, folder)


def _with_mapper(program: str) -> list[str]:
    """Return the command of a node whose Erlang port mapper is in its own process group.

    Left to itself a node starts a mapper that belongs to nobody, and that nothing would end
    after a crash of ours.
    """
    mapper = shutil.which("epmd")
    if os.name != "posix" or mapper is None:
        return [program]
    return ["/bin/sh", "-c", '"$0" & exec "$1"', mapper, program]


def _end_mapper(env: dict[str, str]) -> None:
    """End a port mapper that the node itself started; it outlives its node by design."""
    mapper = shutil.which("epmd")
    if mapper is not None:
        subprocess.run(
            [mapper, "-port", env["ERL_EPMD_PORT"], "-kill"],
            env=env,
            capture_output=True,
            timeout=10,
            check=False,
        )


def from_container() -> Server:
    """Start the container of compose.yaml."""
    url = "amqp://velvet:velvet@127.0.0.1:{port}/"
    return compose("rabbitmq", "rabbitmq", "VELVET_RABBITMQ_PORT", url, ask)


def from_wheel() -> Server:
    """There is no such wheel; the rung says so."""
    raise RungFailed("no wheel holds a RabbitMQ server")
