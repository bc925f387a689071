"""The envelope in which filters and sketches are saved: readable for years, or refused.

Layout, little-endian: magic ``VLVT``, version (2 bytes), length of the header (4), length of the
payload (8), header (JSON with the kind and its parameters), payload, and a 16-byte BLAKE2b digest of all
that. A file that was cut off, has a bit flipped or comes from another version is refused by name,
because a filter that is wrong in one bit forgets a key and nobody would ever notice.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

MAGIC = b"VLVT"
VERSION = 1
_HEAD = struct.Struct("<4sHIQ")
_DIGEST_BYTES = 16


def pack(kind: str, fields: Mapping[str, Any], payload: bytes) -> bytes:
    """Return the envelope of one structure; `fields` are its parameters, JSON values only."""
    header = json.dumps({"kind": kind, **fields}, sort_keys=True).encode("ascii")
    body = _HEAD.pack(MAGIC, VERSION, len(header), len(payload)) + header + payload
    return body + blake2b(body, digest_size=_DIGEST_BYTES).digest()


def unpack(kind: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return parameters and payload of an envelope that holds a `kind`.

    Raises:
        ValueError: it is no envelope, cut off, altered, of another version or of another kind.
    """
    if len(data) < _HEAD.size or data[:4] != MAGIC:
        raise ValueError(f"not a saved {kind}: {len(data)} bytes that do not begin with {MAGIC!r}")
    _, version, header_size, payload_size = _HEAD.unpack_from(data)
    if version != VERSION:
        raise ValueError(
            f"this {kind} was saved in version {version}; only version {VERSION} can be read, "
            "so build it again from its source"
        )
    expected = _HEAD.size + header_size + payload_size + _DIGEST_BYTES
    if len(data) != expected:
        raise ValueError(f"a damaged {kind}: {len(data)} bytes where {expected} were saved")
    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        raise ValueError(f"a damaged {kind}: its checksum does not match its content")
    fields = json.loads(body[_HEAD.size : _HEAD.size + header_size])
    found = fields.pop("kind")
    if found != kind:
        raise ValueError(f"this is a saved {found}, not a {kind}")
    return fields, body[_HEAD.size + header_size :]


def refuse_unlike(kind: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Refuse to merge structures whose parameters differ.

    Raises:
        ValueError: they do; the message names both.
    """
    if ours != theirs:
        different = sorted(name for name in ours if ours[name] != theirs.get(name))
        both = ", ".join(f"{name} {ours[name]!r} and {theirs.get(name)!r}" for name in different)
        raise ValueError(f"two {kind}s can only be merged with equal parameters; they have {both}")
