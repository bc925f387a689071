"""Events as bytes and back: names instead of classes, schemas, and upcasters between them.

A log outlives the code that wrote it. So an event is stored under a name with a schema number, as
JSON that other programs can read (pickle would run code and freeze class names), and `decode`
brings old shapes to today's, one upcaster a step. Unknown fields are ignored; a missing field needs
a default or an upcaster.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from velvet_architecture.ports import NewEvent, StoredEvent, UnknownEventType, UpcastError

C = TypeVar("C", bound=type)
Convert = Callable[[Any], Any]
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


def _exactly(kind: type) -> Convert:
    """Return a function that lets one type pass: a float is no int, and NaN is neither."""

    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"must be {kind.__name__}, not {value!r}")
        return value

    return check


_text, _list, _day = _exactly(str), _exactly(list), _exactly(date)


def _as_text(kind: type) -> Convert:
    check = _exactly(kind)
    return lambda value: str(check(value))


def _utc(moment: datetime) -> str:
    return _aware(moment).astimezone(timezone.utc).isoformat()


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a datetime needs its time zone: {moment!r}")
    return moment


_SIMPLE: dict[Any, tuple[Convert, Convert]] = {
    **{kind: (_exactly(kind), _exactly(kind)) for kind in (str, int, bool, type(None))},
    Decimal: (_as_text(Decimal), lambda text: Decimal(_text(text))),
    datetime: (_utc, lambda text: _aware(datetime.fromisoformat(text))),
    date: (lambda day: _day(day).isoformat(), date.fromisoformat),
    uuid.UUID: (_as_text(uuid.UUID), uuid.UUID),
}


def converters(hint: Any) -> tuple[Convert, Convert]:
    """Return the functions that pack and unpack one type; ValueError for one that has no form.

    >>> pack, unpack = converters(tuple[Decimal, ...])
    >>> pack((Decimal("1.10"),)), unpack(["1.10"])
    (['1.10'], (Decimal('1.10'),))
    """
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType) and type(None) in arguments:
        inner = [one for one in arguments if one is not type(None)]
        if len(inner) == 1:
            pack, unpack = converters(inner[0])
            return (
                lambda value: None if value is None else pack(value),
                lambda value: None if value is None else unpack(value),
            )
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        pack, unpack = converters(arguments[0])
        return lambda value: list(map(pack, value)), lambda value: tuple(map(unpack, _list(value)))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        shape = Shape(hint)
        return shape.pack, shape.unpack
    raise ValueError(
        f"{hint!r} has no stored form; use str, int, Decimal, date, tuple and the like"
    )


class Shape:
    """How one dataclass becomes a dict and comes back; compiled once, O(fields) a use."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        hints = typing.get_type_hints(kind)
        both = {one.name: converters(hints[one.name]) for one in dataclasses.fields(kind)}
        self._out = [(name, pack) for name, (pack, _) in both.items()]
        self._in = {name: unpack for name, (_, unpack) in both.items()}

    def pack(self, value: Any) -> dict[str, Any]:
        """Return the fields as what JSON knows; a ValueError names the field that has no form."""
        packed = {}
        for name, pack in self._out:
            try:
                packed[name] = pack(getattr(value, name))
            except (ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"{self.kind.__name__}.{name}: {error}") from error
        return packed

    def unpack(self, fields: Mapping[str, Any]) -> Any:
        """Return the object; TypeError or ValueError when the fields do not make one."""
        if not isinstance(fields, dict):
            raise TypeError(f"{self.kind.__name__} is made of an object, not {fields!r}")
        known = self._in
        return self.kind(**{name: known[name](fields[name]) for name in known if name in fields})


class Codec(Protocol):
    """Turns plain values into bytes and back."""

    def dumps(self, value: Any) -> bytes:
        """Return JSON as bytes."""

    def loads(self, data: bytes) -> Any:
        """Return what JSON says."""


class JsonCodec:
    """The standard library's JSON, without spaces."""

    def dumps(self, value: Any) -> bytes:
        """Return JSON as bytes."""
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    def loads(self, data: bytes) -> Any:
        """Return what JSON says."""
        return json.loads(data)


class MsgspecCodec:
    """The same bytes by msgspec, which is optional."""

    def __init__(self) -> None:
        import msgspec  # optional, so looked for where it is used

        self.dumps: Callable[[Any], bytes] = msgspec.json.encode
        self.loads: Callable[[bytes], Any] = msgspec.json.decode


class EventRegistry:
    """Which class stands for which name, and how old schemas become new ones."""

    def __init__(self, codec: Codec | None = None) -> None:
        self.codec = codec or JsonCodec()
        self._named: dict[str, tuple[Shape, int]] = {}
        self._name_of: dict[type, str] = {}
        self._upcasters: dict[tuple[str, int], Upcaster] = {}

    def event(self, name: str, schema: int = 1) -> Callable[[C], C]:
        """Register a dataclass under a name; a second one for the name is a ValueError."""

        def register(kind: C) -> C:
            if name in self._named or kind in self._name_of:
                raise ValueError(f"{name} or {kind.__name__} is registered already")
            self._named[name] = (Shape(kind), schema)
            self._name_of[kind] = name
            return kind

        return register

    def upcaster(self, name: str, from_schema: int) -> Callable[[Upcaster], Upcaster]:
        """Register the step from one schema to the next: a dict in, a dict out."""

        def register(step: Upcaster) -> Upcaster:
            if (name, from_schema) in self._upcasters:
                raise ValueError(f"{name} has an upcaster from schema {from_schema} already")
            self._upcasters[name, from_schema] = step
            return step

        return register

    def validate(self) -> None:
        """Raise UpcastError at start-up, not at night, where a chain of upcasters has a hole."""
        for name, (_, schema) in self._named.items():
            for step in range(1, schema):
                if (name, step) not in self._upcasters:
                    raise UpcastError(f"{name}: no upcaster from schema {step} to {step + 1}")

    def encode(
        self, event: Any, *, event_id: str, metadata: Mapping[str, str] | None = None
    ) -> NewEvent:
        """Return an event as the store takes it.

        Raises:
            UnknownEventType: its class is not registered.
        """
        name = self._name_of.get(type(event))
        if name is None:
            raise UnknownEventType(f"{type(event).__name__} is not registered")
        shape, schema = self._named[name]
        data = self.codec.dumps(shape.pack(event))
        return NewEvent(name, data, event_id, schema, metadata or {})

    def decode(self, stored: StoredEvent) -> Any:
        """Return the event as today's class.

        Raises:
            UnknownEventType: the type, or its schema, is newer than this code.
            UpcastError: the bytes or the old fields do not make an event.
        """
        shape, schema = self._named.get(stored.type, (None, 0))
        if shape is None or stored.schema > schema:
            raise UnknownEventType(
                f"{stored.type} schema {stored.schema} at {stored.cursor} is unknown here"
            )
        try:
            fields = self.codec.loads(stored.data)
            for step in range(stored.schema, schema):
                fields = self._upcasters[stored.type, step](fields)
            return shape.unpack(fields)
        except Exception as error:  # an upcaster may raise anything, and the reader needs the place
            raise UpcastError(
                f"{stored.type} schema {stored.schema} at {stored.cursor}: {error!r}"
            ) from error

    def chain(self, name: str, fields: dict[str, Any], schema: int) -> list[dict[str, Any]]:
        """Return the shapes that old fields go through, for a look at what upcasting does."""
        shapes = [dict(fields)]
        for step in range(schema, self._named[name][1]):
            shapes.append(self._upcasters[name, step](dict(shapes[-1])))
        return shapes
