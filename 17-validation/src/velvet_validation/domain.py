"""One definition of a domain type, usable in four libraries and in a JSON Schema.

A type is parsed once, at the border, and carries its proof afterwards ("Parse, don't validate",
Alexis King, 2019). `Parsed` holds the three facts that every library asks for: how text becomes
the value, how the value becomes text, and what a JSON Schema may say about the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

T = TypeVar("T", bound="Parsed")

# ISO 4217: decimal places of the minor unit; the currencies of the examples.
MINOR_UNITS = {"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0, "KRW": 0, "BHD": 3, "KWD": 3}


class Parsed:
    """A value with one text form; a subclass says `parse`, `__str__` and ``SCHEMA``.

    No dataclass: msgspec would read one as an object and never ask the hook.
    """

    __slots__ = ("parts",)
    SCHEMA: ClassVar[dict[str, Any]] = {"type": "string"}

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.parts == self.parts

    def __hash__(self) -> int:
        return hash((type(self), self.parts))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.parts))})"

    def __str__(self) -> str:
        return str(self.parts[0])

    @classmethod
    def parse(cls: type[T], text: Any) -> T:
        """Return the value of a text; raises ValueError with the rule that it breaks."""
        raise NotImplementedError

    @classmethod
    def _checked(cls: type[T], value: Any) -> T:
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise ValueError(f"a {cls.__name__} is written as text, not as {type(value).__name__}")
        return cls.parse(value)

    # pydantic asks the type itself, by these two names.
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls._checked, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return dict(cls.SCHEMA)


class Money(Parsed):
    """An amount in minor units, written "EUR 12.30" (ISO 4217).

    >>> Money.parse("EUR 12.30")
    Money('EUR', 1230)
    """

    SCHEMA: ClassVar[dict[str, Any]] = {"type": "string", "pattern": r"^[A-Z]{3} -?[0-9.]+$"}

    @classmethod
    def parse(cls, text: Any) -> Money:
        """Return the amount; more decimal places than the currency has are refused."""
        currency, _, amount = text.partition(" ")
        if currency not in MINOR_UNITS:
            raise ValueError(f"{currency!r} is no known currency (ISO 4217)")
        if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", amount):
            raise ValueError(f"{amount!r} is no plain decimal amount")
        minor = Decimal(amount).scaleb(MINOR_UNITS[currency])
        if minor != int(minor):
            raise ValueError(f"{currency} has {MINOR_UNITS[currency]} decimal places, not more")
        return cls(currency, int(minor))

    def __str__(self) -> str:
        currency, minor = self.parts
        places = MINOR_UNITS[currency]
        return f"{currency} {Decimal(minor).scaleb(-places):.{places}f}"


class Iban(Parsed):
    """A bank account, checked by its remainder modulo 97 (ISO 13616).

    >>> str(Iban.parse("GB82 WEST 1234 5698 7654 32"))
    'GB82WEST12345698765432'
    """

    FORM = r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"
    SCHEMA: ClassVar[dict[str, Any]] = {"type": "string", "pattern": f"^{FORM}$"}

    @classmethod
    def parse(cls, text: Any) -> Iban:
        """Return the account without spaces."""
        packed = text.replace(" ", "")
        if not re.fullmatch(cls.FORM, packed):
            raise ValueError("an IBAN is two letters, two digits and 11 to 30 letters or digits")
        turned = packed[4:] + packed[:4]
        if int("".join(str(int(letter, 36)) for letter in turned)) % 97 != 1:
            raise ValueError("the IBAN's check digits do not match")
        return cls(packed)


PROVIDED: tuple[type[Parsed], ...] = (Money, Iban)


def msgspec_hooks() -> dict[str, Callable[..., Any]]:
    """Return ``dec_hook`` and ``enc_hook`` for msgspec."""

    def dec_hook(kind: type, value: Any) -> Any:
        if issubclass(kind, Parsed):
            return kind._checked(value)
        raise NotImplementedError(f"no hook for {kind}")

    return {"dec_hook": dec_hook, "enc_hook": str}


def register_with_cattrs(converter: Any) -> None:
    """Teach a cattrs converter every provided type."""
    for kind in PROVIDED:
        converter.register_structure_hook(kind, lambda value, cl: cl._checked(value))
        converter.register_unstructure_hook(kind, str)


def marshmallow_field(kind: type[Parsed]) -> Any:
    """Return a marshmallow field of the type."""
    from marshmallow import ValidationError, fields

    class ParsedField(fields.String):
        def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
            try:
                return kind._checked(value)
            except ValueError as error:
                raise ValidationError(str(error)) from error

    return ParsedField(required=True)
