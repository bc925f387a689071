"""RabbitMQ: a node of our own from local binaries, container. No wheel holds one.

Our node has its own name, base folder, port and Erlang port mapper, so that a node which
already runs on this machine is never touched and no mapper is left behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from velvet.services.ladder import Server, exchange, free_port
from velvet.services.own import Lease, serve

REMEDY = "Set VELVET_RABBITMQ_URL, install rabbitmq-server, or start a container engine."
NO_BINARY = "rabbitmq-server is not installed"
NO_WHEEL = "no wheel holds a RabbitMQ server"
CONTAINER = ("rabbitmq", "amqp://velvet:velvet@127.0.0.1:{port}/")
_PROGRAMS = ("/usr/lib/rabbitmq/bin/rabbitmq-server",)
# The protocol header of AMQP 0-9-1; a broker answers with its Connection.Start method.
_HEADER = b"AMQP\x00\x00\x09\x01"


def ask(url: str) -> str | None:
    """Return the broker's product and version from its Connection.Start, or None."""
    greeting = exchange(url, 5672, _HEADER)
    if greeting[:1] != b"\x01" or b"RabbitMQ" not in greeting:
        return None
    _, found, rest = greeting.partition(b"\x07versionS")
    length = int.from_bytes(rest[:4], "big") if found else 0
    return f"RabbitMQ {rest[4 : 4 + length].decode('ascii', 'replace')}".strip()


def binary() -> Path | None:
    """Return the server's start script; Debian's wrapper on the PATH only serves its own node."""
    usual = next((path for path in _PROGRAMS if Path(path).is_file()), None)
    found = usual or shutil.which("rabbitmq-server")
    return Path(found) if found else None


def launch(program: Path, rung: str) -> Server:
    """Start a node of our own; settings of the user's other nodes do not reach it."""
    with Lease("rabbitmq") as lease:
        folder, port = lease.folder, free_port()
        others = ("RABBITMQ_", "ERL_", "ERLANG_")
        env = {
            **{name: text for name, text in os.environ.items() if not name.startswith(others)},
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
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
        url = f"amqp://guest:guest@127.0.0.1:{port}/"
        argv = _with_mapper(str(program))
        return serve(lease, rung, argv, url, ask, env=env, afterwards=lambda: _end_mapper(env))


def _with_mapper(program: str) -> list[str]:
    """Return the command of a node whose Erlang port mapper is in its own process group.

    Left to itself a node starts a mapper that belongs to no process of ours, and that nothing
    would end after a crash of ours.
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
