"""Identifiers, cursors, events as bytes, upcasting, the hash chain and erasure."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.app import evidence
from velvet_architecture.app.serial import EventRegistry, MsgspecCodec, converters
from velvet_architecture.bootstrap import registry
from velvet_architecture.domain.stock import Allocated
from velvet_architecture.ports import (
    Cursor,
    NewEvent,
    StoredEvent,
    UnknownEventType,
    UpcastError,
    derived_id,
    uuid7,
)

BERLIN = timezone(timedelta(hours=1))


@dataclass(frozen=True)
class Inner:
    price: Decimal


@dataclass(frozen=True)
class Everything:
    at: datetime
    day: date | None
    key: uuid.UUID
    parts: tuple[Inner, ...]
    note: str = "none"


VALUE = Everything(
    datetime(2026, 1, 2, 3, tzinfo=BERLIN), None, uuid.UUID(int=7), (Inner(Decimal("1.10")),)
)


def stored(kind: str, data: bytes, schema: int = 1) -> StoredEvent:
    return StoredEvent(Cursor(0, 9), "s-1", 1, kind, schema, data, {}, uuid7(), 0)


def test_identifiers_follow_the_vectors_of_rfc_9562() -> None:
    made = uuid7(0x017F22E279B0, bytes.fromhex("0cc318c4dc0c0c07398f"))
    assert made.upper() == "017F22E2-79B0-7CC3-98C4-DC0C0C07398F"
    assert str(uuid.uuid5(uuid.NAMESPACE_DNS, "www.example.com")) == (
        "2ed6657d-e927-568b-95e1-2665a8aea6a2"
    )
    assert derived_id("a", 1) == derived_id("a", 1) != derived_id("a", 2)
    assert uuid7(1) < uuid7(2)
    assert uuid.UUID(uuid7()).version == 7


@pytest.mark.parametrize("text", ["", "7", "a-1", "1-", "1-2-3", "-1-2"])
def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        Cursor.parse(text)


def test_an_event_comes_back_as_it_was() -> None:
    for codec in (None, MsgspecCodec() if importlib.util.find_spec("msgspec") else None):
        known = EventRegistry(codec)
        known.event("Everything")(Everything)
        new = known.encode(VALUE, event_id="e", metadata={"who": "ada"})
        back = known.decode(stored("Everything", new.data))
        assert back == VALUE
        assert back.at.utcoffset() == timedelta(0)
        assert new.metadata == {"who": "ada"}


def test_unknown_fields_are_ignored_and_missing_ones_take_their_default() -> None:
    known = registry()
    data = b'{"order_id":"o","qty":1,"batch_ref":"b","more":7}'
    assert known.decode(stored("Allocated", data)) == Allocated("o", 1, "b")


def test_old_events_climb_the_chain_of_upcasters() -> None:
    known = EventRegistry()
    known.event("Paid", schema=3)(Inner)
    known.upcaster("Paid", 1)(lambda old: {"amount": old["cents"] / 100})
    with pytest.raises(UpcastError, match="no upcaster from schema 2 to 3"):
        known.validate()
    known.upcaster("Paid", 2)(lambda old: {"price": f"{old['amount']:.2f}"})
    known.validate()

    assert known.decode(stored("Paid", b'{"cents":150}')) == Inner(Decimal("1.50"))
    assert known.decode(stored("Paid", b'{"amount":2.5}', 2)) == Inner(Decimal("2.50"))
    assert [list(one) for one in known.chain("Paid", {"cents": 150}, 1)] == [
        ["cents"],
        ["amount"],
        ["price"],
    ]


@pytest.mark.parametrize(
    ("kind", "data", "schema", "error"),
    [
        ("Nothing", b"{}", 1, UnknownEventType),
        ("Allocated", b"{}", 2, UnknownEventType),
        ("Allocated", b"{", 1, UpcastError),
        ("Allocated", b"[]", 1, UpcastError),
        ("Allocated", b"{}", 1, UpcastError),
        ("Allocated", b"\xff", 1, UpcastError),
        ("Allocated", b"{}", 0, UpcastError),
        ("Allocated", b'{"order_id":7,"qty":1,"batch_ref":"b"}', 1, UpcastError),
        ("Allocated", b'{"order_id":"o","qty":"many","batch_ref":"b"}', 1, UpcastError),
        ("Allocated", b'{"order_id":"o","qty":NaN,"batch_ref":"b"}', 1, UpcastError),
        ("OrderPlaced", b'{"lines":"ab","customer":"ada"}', 1, UpcastError),
    ],
)
def test_what_cannot_be_read_names_type_schema_and_place(
    kind: str, data: bytes, schema: int, error: type[Exception]
) -> None:
    with pytest.raises(error, match=f"{kind} schema {schema} at 0-9"):
        registry().decode(stored(kind, data, schema))


@pytest.mark.parametrize("hint", [float, list[int], dict, str | int, tuple[int, int], object])
def test_a_type_without_a_form_is_refused(hint: Any) -> None:
    with pytest.raises(ValueError, match="no stored form"):
        converters(hint)


def test_a_registry_refuses_what_makes_no_sense() -> None:
    known = EventRegistry()
    known.event("Inner")(Inner)
    with pytest.raises(ValueError, match="already"):
        known.event("Inner")(Everything)
    with pytest.raises(UnknownEventType, match="Everything is not registered"):
        known.encode(VALUE, event_id="e")
    known.event("Everything")(Everything)
    with pytest.raises(ValueError, match=r"Everything\.at: a datetime needs its time zone"):
        known.encode(replace(VALUE, at=datetime(2026, 1, 1)), event_id="e")  # noqa: DTZ001


@pytest.mark.parametrize(
    ("field", "value"),
    [("day", "today"), ("key", 7), ("parts", (Inner(1.5),)), ("note", None), ("note", b"")],  # type: ignore[arg-type]
)
def test_a_field_of_another_type_is_refused_before_it_is_stored(field: str, value: Any) -> None:
    known = EventRegistry()
    known.event("Everything")(Everything)
    with pytest.raises(ValueError, match=rf"Everything\.{field}: "):
        known.encode(replace(VALUE, **{field: value}), event_id="e")


@pytest.mark.parametrize(
    ("name", "value"), [("at", "2026-01-02T03:00:00"), ("parts", [{"price": 0.1}]), ("day", 7)]
)
def test_what_an_old_program_stored_in_another_form_is_refused(name: str, value: Any) -> None:
    known = EventRegistry()
    known.event("Everything")(Everything)
    fields = json.loads(known.encode(VALUE, event_id="e").data) | {name: value}
    with pytest.raises(UpcastError, match="Everything schema 1 at 0-9"):
        known.decode(stored("Everything", json.dumps(fields).encode()))


@pytest.mark.parametrize("steps", [(), (2,), (1,)])
def test_every_old_schema_needs_its_upcaster(steps: tuple[int, ...]) -> None:
    known = EventRegistry()
    known.event("Paid", schema=3)(Inner)
    for step in steps:
        known.upcaster("Paid", step)(dict)
        with pytest.raises(ValueError, match="already"):
            known.upcaster("Paid", step)(dict)
    with pytest.raises(UpcastError, match="Paid: no upcaster from schema"):
        known.validate()


@pytest.mark.parametrize("secret", [b"", b"key"])
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET data = '{}' WHERE version = 3",
        "UPDATE events SET type = 'Other' WHERE version = 3",
        "DELETE FROM events WHERE version = 3",
        "UPDATE events SET metadata = '' WHERE version = 3",
        "UPDATE events SET metadata = '{' WHERE version = 3",
        "UPDATE events SET metadata = '[1]' WHERE version = 3",
        "UPDATE events SET event_id = x'00' WHERE version = 3",
        "UPDATE events SET metadata = json_set(metadata, '$.who', 'bob') WHERE version = 3",
    ],
)
def test_a_changed_event_breaks_its_chain_and_is_named(
    tmp_path: Path, new: Callable[..., list[NewEvent]], damage: str, secret: bytes
) -> None:
    store = SqliteEventStore(tmp_path / "log.db", synchronous="normal")
    for _ in range(3):
        evidence.append_chained(store, "s-1", new(2, data=b"x"), secret=secret)
    assert evidence.verify_chain(store, "s-1", secret=secret) is None

    with sqlite3.connect(tmp_path / "log.db") as db:
        db.execute(damage)
    db.close()
    broken = evidence.verify_chain(store, "s-1", secret=secret)
    assert broken is not None
    assert broken.version == (4 if damage.startswith("DELETE") else 3)
    store.close()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", ""),
        ("type", "a\0b"),
        ("event_id", "\ud800"),
        ("event_id", 7),
        ("data", "text"),
        ("schema", 0),
        ("schema", True),
        ("schema", 2**40),
        ("metadata", {"who": 7}),
    ],
)
def test_an_event_that_no_store_could_keep_is_refused_by_name(field: str, value: Any) -> None:
    fields: dict[str, Any] = {"type": "T", "data": b"", "event_id": "e", field: value}
    with pytest.raises(ValueError, match=field):
        NewEvent(**fields)


def test_a_chain_cannot_be_forged_without_the_secret(new: Callable[..., list[NewEvent]]) -> None:
    store = MemoryEventStore()
    evidence.append_chained(store, "s-1", new(), secret=b"key")
    assert evidence.verify_chain(store, "s-1", secret=b"other") is not None


def test_a_person_is_forgotten_by_throwing_the_key_away() -> None:
    shredder = evidence.Shredder()
    sealed = shredder.seal("ada", "Ada, Main Street 1")
    assert sealed != shredder.seal("ada", "Ada, Main Street 1")
    assert shredder.open("ada", sealed) == "Ada, Main Street 1"
    with pytest.raises(ValueError, match="changed"):
        shredder.open("ada", sealed[:-4] + "AAAA")

    shredder.forget("ada")

    assert shredder.open("ada", sealed) == "[erased]"
    with pytest.raises(evidence.KeyErased):
        shredder.seal("ada", "again")
    assert shredder.open("bob", sealed) == "[erased]"
