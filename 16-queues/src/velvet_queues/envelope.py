"""The message: JSON and nothing else, checked before it is sent, refused when it cannot be read.

A queue stores messages for longer than a deploy lasts, so a message names its version, and a
worker that meets another version says so instead of guessing. Pickle is no alternative: every
client that can write to the broker could then run code in the worker.
"""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from velvet_queues.errors import BadMessage, NotSerializable, PayloadTooLarge

VERSION = 1
MAX_BYTES = 256 * 1024  # what SQS allows, and far more than a message should need
MAX_DEPTH = 50
PRIORITIES = range(10)
MAX_DELAY_S = 366 * 86_400.0
MAX_ATTEMPTS = 1000
MAX_NAME = 200
MAX_MOMENT = 1e11  # the year 5138; an integer of 400 digits is no float


def new_id() -> str:
    """Return a new task id."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Envelope:
    """One task on its way.

    Attributes:
        task: the handler's name.
        payload: JSON values.
        key: at most one task with this key waits or runs; None for no such rule.
        priority: 0 to 9, higher first.
        not_before: seconds since the epoch before which it must not run.
        attempts: how often it was leased so far, whether or not that ended well.
        max_attempts: after so many leases it is dead.
        enqueued_at: seconds since the epoch.

    Raises:
        ValueError: a field out of its range, named.
        NotSerializable: the payload, with the path.
    """

    task: str
    payload: Any = None
    id: str = field(default_factory=new_id)
    key: str | None = None
    priority: int = 0
    not_before: float = 0.0
    attempts: int = 0
    max_attempts: int = 5
    enqueued_at: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        for name in ("task", "id", *(() if self.key is None else ("key",))):
            word = getattr(self, name)
            if not (isinstance(word, str) and 0 < len(word) <= MAX_NAME and word.isprintable()):
                raise ValueError(f"{name} must be a name of at most {MAX_NAME}, not {word!r:.80}")
        if type(self.priority) is not int or self.priority not in PRIORITIES:
            raise ValueError(f"priority must be 0 to {PRIORITIES[-1]}, not {self.priority!r}")
        for name, least in (("attempts", 0), ("max_attempts", 1)):
            count = getattr(self, name)
            if type(count) is not int or not least <= count <= MAX_ATTEMPTS:
                limits = f"at least {least} and at most {MAX_ATTEMPTS}"
                raise ValueError(f"{name} must be {limits}, not {count!r:.80}")
        for name in ("not_before", "enqueued_at"):
            moment = getattr(self, name)
            number = isinstance(moment, int | float) and not isinstance(moment, bool)
            if not number or not 0 <= moment <= MAX_MOMENT:
                raise ValueError(f"{name} must be a moment in seconds, not {moment!r:.80}")
        check_json(self.payload)


def check_delay(delay_s: float) -> float:
    """Return a delay in seconds.

    Raises:
        ValueError: it is negative, no number, or over a year.
    """
    if not 0 <= delay_s <= MAX_DELAY_S:
        raise ValueError(f"delay must be 0 to {MAX_DELAY_S:.0f} seconds, not {delay_s!r}")
    return float(delay_s)


def check_length(name: str, seconds: float) -> None:
    """Refuse a lease or a memory that is over at once, or that never ends.

    Raises:
        ValueError: it is not above 0 and finite, named.
    """
    if not 0 < seconds < math.inf:
        raise ValueError(f"{name} must be above 0 seconds and finite, not {seconds!r}")


def check_json(value: Any, path: str = "payload", depth: int = 0) -> None:
    """Refuse what JSON would change or cannot hold.

    >>> check_json({"order": 7, "lines": [{"tags": {"a"}}]})
    Traceback (most recent call last):
    velvet_queues.errors.NotSerializable: payload.lines[0].tags is a set; send JSON values \
and look up the rest in the task

    Raises:
        NotSerializable: with the path of the first such value.
    """
    if depth > MAX_DEPTH:
        raise NotSerializable(path, f"nested deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise NotSerializable(path, "text with a lone surrogate")
        return
    if isinstance(value, int):
        if abs(value) >= 2**63:
            raise NotSerializable(path, "an integer of more than 64 bits")
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotSerializable(path, f"{value}, which JSON does not have")
        return
    if type(value) in (list, dict):
        items = enumerate(value) if isinstance(value, list) else value.items()
        for name, item in items:
            if isinstance(value, dict) and not isinstance(name, str):
                raise NotSerializable(path, f"a dict with the key {name!r}")
            place = f"{path}.{name}" if isinstance(value, dict) else f"{path}[{name}]"
            check_json(item, place, depth + 1)
        return
    raise NotSerializable(path, f"a {type(value).__name__}")


def encode(envelope: Envelope, *, limit: int = MAX_BYTES) -> str:
    """Return the message as text.

    Raises:
        PayloadTooLarge: more than `limit` bytes.
        NotSerializable: the payload was changed since the envelope was made.
    """
    check_json(envelope.payload)
    text = json.dumps({"version": VERSION, **asdict(envelope)}, separators=(",", ":"))
    if not len(text) <= limit:  # json.dumps writes ASCII, so characters are bytes
        raise PayloadTooLarge(len(text), limit)
    return text


def decode(text: str | bytes) -> Envelope:
    """Read a message.

    >>> decode(encode(Envelope("charge", {"order": 7}, id="a"))).payload
    {'order': 7}

    Raises:
        BadMessage: truncated, not JSON, another version, or a field out of its range.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"a message that is not JSON: {error}") from None
    if not isinstance(raw, Mapping) or raw.get("version") != VERSION:
        found = raw.get("version") if isinstance(raw, Mapping) else type(raw).__name__
        raise BadMessage(f"a message of version {found!r}; this worker reads version {VERSION}")
    known = {one.name for one in fields(Envelope)}
    if unknown := sorted(set(raw) - known - {"version"}):
        raise BadMessage(f"a message with unknown fields: {', '.join(unknown)}")
    try:
        return Envelope(**{name: raw[name] for name in known if name in raw})
    except (TypeError, ValueError) as error:
        raise BadMessage(f"a message with a bad field: {error}") from None
