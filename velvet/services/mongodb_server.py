"""MongoDB 6: address, local binary, container. No wheel or Debian package holds one."""

from __future__ import annotations

import shutil
import socket
import struct
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

REMEDY = "Set VELVET_MONGODB_URL, install mongod, or start a container engine."
VARIABLE = "VELVET_MONGODB_URL"
_OP_MSG = 2013


def _hello() -> bytes:
    """Return the `hello` command as one OP_MSG (MongoDB wire protocol)."""

    def text(name: bytes, value: bytes) -> bytes:
        return b"\x02" + name + b"\0" + struct.pack("<i", len(value) + 1) + value + b"\0"

    fields = b"\x10buildInfo\0" + struct.pack("<i", 1) + text(b"$db", b"admin")
    document = struct.pack("<i", len(fields) + 5) + fields + b"\0"
    body = struct.pack("<I", 0) + b"\0" + document
    return struct.pack("<iiii", 16 + len(body), 1, 0, _OP_MSG) + body


def ask(url: str) -> str | None:
    """Return the version from `buildInfo`, or None while nothing answers."""
    parts = urlsplit(url)
    try:
        with socket.create_connection(
            (parts.hostname or "127.0.0.1", parts.port or 27017), timeout=2
        ) as connection:
            connection.settimeout(2)
            connection.sendall(_hello())
            answer = connection.recv(65536)
    except OSError:
        return None
    if len(answer) < 21 or struct.unpack("<i", answer[12:16])[0] != _OP_MSG:
        return None
    _, found, rest = answer.partition(b"\x02version\0")
    if not found or len(rest) < 4:
        return "MongoDB"
    length = struct.unpack("<i", rest[:4])[0]
    return f"MongoDB {rest[4 : 3 + length].decode('ascii', 'replace')}"


def from_address() -> Server:
    """Use the server that the environment names."""
    return answering("mongodb", VARIABLE, ask)


def from_binary() -> Server:
    """Start a local `mongod`."""
    found = shutil.which("mongod")
    if found is None:
        raise RungFailed("mongod is not on the PATH")
    folder, port = private_folder("mongodb"), free_port()
    argv = [found, "--bind_ip", "127.0.0.1", "--port", str(port), "--dbpath", str(folder)]
    process = ServerProcess([*argv, "--nounixsocket"], folder / "server.log")
    url = f"mongodb://127.0.0.1:{port}/"

    def start() -> str:
        process.start()
        return wait_until(lambda: ask(url), alive=lambda: process.alive, what="mongod")

    try:
        version = start()
    except BaseException:
        process.stop()
        remove(folder)
        raise
    hooks = Hooks(start, process.stop, process.kill, lambda: process.pid)
    return Server("mongodb", url, version, "binary", hooks, folder)


def from_container() -> Server:
    """Start the container of compose.yaml."""
    url = "mongodb://velvet:velvet@127.0.0.1:{port}/?authSource=admin"
    return compose("mongodb", "mongo", "VELVET_MONGODB_PORT", url, ask)


def from_wheel() -> Server:
    """There is no such wheel; the rung says so."""
    raise RungFailed("no wheel or Debian package holds a MongoDB server")
