"""A log that shows tampering, and a log that can forget: hash chain and erasure by key.

Events are never changed. Two duties seem to speak against that: to notice a change that was made
in the file all the same, and to erase a person's data on request. The first is met by a hash in
each event over the one before it; the second by encrypting personal fields with one key a person,
and throwing away the key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from velvet_architecture.domain import ArchitectureError
from velvet_architecture.ports import (
    AppendResult,
    EventStore,
    Expected,
    NewEvent,
    StoredEvent,
)

CHAIN = "chain"
ERASED = "[erased]"


class KeyErased(ArchitectureError):
    """The key of a person is gone, so nothing can be sealed for them any more."""


@dataclass(frozen=True)
class Broken:
    """The first event of a stream that does not fit its chain."""

    stream: str
    version: int
    event_id: str


def link(before: str, event: NewEvent | StoredEvent, version: int, secret: bytes = b"") -> str:
    """Return the hash of an event over everything before it; O(bytes of the event).

    With a secret it is an HMAC: write access to the file is not enough to mend the chain.
    """
    about = {name: text for name, text in event.metadata.items() if name != CHAIN}
    parts = (before, version, event.type, event.schema, event.event_id, about)
    told = json.dumps(parts, sort_keys=True, default=repr).encode() + b"\0" + event.data
    return hmac.new(secret or b"velvet", told, hashlib.sha256).hexdigest()


def append_chained(
    store: EventStore, stream: str, events: Sequence[NewEvent], *, secret: bytes = b""
) -> AppendResult:
    """Append with a chain; the version that was read is expected, so two writers cannot fork it.

    Raises:
        ConcurrencyError: another writer appended meanwhile.
    """
    last = store.read(stream, limit=1, backwards=True)
    before, version = (last[0].metadata.get(CHAIN, ""), last[0].version) if last else ("", 0)
    linked = []
    for place, event in enumerate(events, version + 1):
        before = link(before, event, place, secret)
        linked.append(replace(event, metadata={**event.metadata, CHAIN: before}))
    return store.append(stream, linked, expected=version or Expected.NO_STREAM)


def verify_chain(store: EventStore, stream: str, *, secret: bytes = b"") -> Broken | None:
    """Return the first event that was changed, removed or put in; O(events).

    Events cut off at the end leave no trace here: keep the last hash elsewhere to see that.
    """
    before = ""
    for place, event in enumerate(store.read(stream), 1):
        before = link(before, event, place, secret)
        if event.version != place or event.metadata.get(CHAIN) != before:
            return Broken(stream, event.version, event.event_id)
    return None


class Shredder:
    """Seals personal fields with a key a person; `forget` makes all their events unreadable.

    The keys live apart from the log and its backups, here in a dict. Needs `cryptography`.
    """

    def __init__(self, keys: dict[str, bytes | None] | None = None) -> None:
        self._keys = {} if keys is None else keys

    def seal(self, person: str, text: str) -> str:
        """Return a text that only this person's key opens.

        Raises:
            KeyErased: the key was thrown away.
        """
        from cryptography.fernet import Fernet

        plain = text.encode()  # refused before a key is made
        key = self._keys.setdefault(person, Fernet.generate_key())
        if key is None:
            raise KeyErased(f"the key of {person} is erased")
        return Fernet(key).encrypt(plain).decode()

    def open(self, person: str, sealed: str) -> str:
        """Return the text, or ``[erased]``; a sealed text that was changed is a ValueError."""
        from cryptography.fernet import Fernet, InvalidToken

        key = self._keys.get(person)
        if key is None:
            return ERASED
        try:
            return Fernet(key).decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise ValueError(f"the sealed text of {person} was changed") from error

    def forget(self, person: str) -> None:
        """Throw away a person's key; the tombstone stays, so that no new one is made."""
        self._keys[person] = None
