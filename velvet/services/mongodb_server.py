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
# {buildInfo: 1, $db: "admin"} in BSON: a number and a text, each with its type and its name.
_COMMAND = b"\x10buildInfo\0\x01\0\0\0" + b"\x02$db\0\x06\0\0\0admin\0"


def _hello() -> bytes:
    """Return the command as one OP_MSG (MongoDB wire protocol) with its BSON document."""
    document = struct.pack("<i", len(_COMMAND) + 5) + _COMMAND + b"\0"
    body = struct.pack("<I", 0) + b"\0" + document
    return struct.pack("<iiii", 16 + len(body), 1, 0, _OP_MSG) + body


def ask(url: str) -> str | None:
    """Return the version from `buildInfo`, or None while nothing answers."""
    answer = exchange(url, 27017, _hello())
    if len(answer) < 21 or struct.unpack("<i", answer[12:16])[0] != _OP_MSG:
        return None
    _, _, rest = answer.partition(b"\x02version\0")
    version, _, _ = rest[4:].partition(b"\0")  # after its length
    return f"MongoDB {version.decode('ascii', 'replace')}".strip()


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
