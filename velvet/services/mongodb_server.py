"""MongoDB 6: local binary, container. No wheel or Debian package holds one."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from velvet.services.ladder import Server, exchange, free_port
from velvet.services.own import Lease, serve

REMEDY = "Set VELVET_MONGODB_URL, install mongod, or start a container engine."
NO_BINARY = "mongod is not on the PATH"
NO_WHEEL = "no wheel or Debian package holds a MongoDB server"
CONTAINER = ("mongo", "mongodb://velvet:velvet@127.0.0.1:{port}/?authSource=admin")
_OP_MSG = 2013


def _hello() -> bytes:
    """Return the `buildInfo` command as one OP_MSG (MongoDB wire protocol)."""

    def text(name: bytes, value: bytes) -> bytes:
        return b"\x02" + name + b"\0" + struct.pack("<i", len(value) + 1) + value + b"\0"

    fields = b"\x10buildInfo\0" + struct.pack("<i", 1) + text(b"$db", b"admin")
    document = struct.pack("<i", len(fields) + 5) + fields + b"\0"
    body = struct.pack("<I", 0) + b"\0" + document
    return struct.pack("<iiii", 16 + len(body), 1, 0, _OP_MSG) + body


def ask(url: str) -> str | None:
    """Return the version from `buildInfo`, or None while nothing answers."""
    answer = exchange(url, 27017, _hello())
    if len(answer) < 21 or struct.unpack("<i", answer[12:16])[0] != _OP_MSG:
        return None
    _, found, rest = answer.partition(b"\x02version\0")
    if not found or len(rest) < 4:
        return "MongoDB"
    length = struct.unpack("<i", rest[:4])[0]
    return f"MongoDB {rest[4 : 3 + length].decode('ascii', 'replace')}"


def binary() -> Path | None:
    """Return a local `mongod`."""
    found = shutil.which("mongod")
    return Path(found) if found else None


def launch(program: Path, rung: str) -> Server:
    """Start a program on a free port with its data in a private folder."""
    with Lease("mongodb") as lease:
        port = free_port()
        argv = [str(program), "--bind_ip", "127.0.0.1", "--port", str(port)]
        argv += ["--dbpath", str(lease.folder), "--nounixsocket"]
        return serve(lease, rung, argv, f"mongodb://127.0.0.1:{port}/", ask)
