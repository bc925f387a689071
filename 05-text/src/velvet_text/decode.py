"""Decode bytes of unknown origin without damage.

A guess is the last resort, not the first: a byte order mark is a fact, a declaration is a promise,
and valid UTF-8 of any length is hardly ever something else by accident. Only what fails all three
goes to a detector, and what fails that is refused. Nothing is ever dropped silently.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from velvet_text.errors import DecodeError, TextError

# UTF-32 LE comes first: its mark begins with that of UTF-16 LE.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# UTF-7 carries markup past filters that look at bytes; the others are escapes, not encodings.
_REFUSED = frozenset({"utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode"})
_HANDLERS = ("strict", "replace", "backslashreplace", "surrogateescape")
_CONTEXT = 8  # bytes shown on each side of a fault
_MIN_CONFIDENCE = 0.2


@dataclass(frozen=True)
class Guess:
    """What a detector says: an encoding or None, and how sure it is, from 0 to 1."""

    encoding: str | None
    confidence: float


class Detector(Protocol):
    """Something that guesses an encoding from bytes."""

    def __call__(self, data: bytes, /) -> Guess: ...


@dataclass(frozen=True)
class Decoded:
    """A text and how it was found.

    Attributes:
        how: ``bom``, ``declared``, ``utf-8`` or ``detected``.
        replaced: ill-formed sequences that an error handler put something else for.
        warnings: sentences about what did not fit on the way.
    """

    text: str
    encoding: str
    how: str
    replaced: int = 0
    warnings: tuple[str, ...] = ()


def sniff_bom(data: bytes) -> str | None:
    """Return the codec that a byte order mark names, or None (Unicode 15.0, section 23.8).

    >>> sniff_bom(b"\\xff\\xfe\\x00\\x00a\\x00\\x00\\x00"), sniff_bom(b"plain")
    ('utf-32', None)
    """
    return next((codec for mark, codec in _BOMS if data.startswith(mark)), None)


def text_codec(name: str) -> str:
    """Return the canonical name of a text encoding.

    Raises:
        TextError: unknown, no text encoding, or one that hides markup.
    """
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError) as error:
        raise TextError(f"unknown encoding {name!r}: name one that Python has") from error
    canonical = info.name.replace("_", "-")
    if not getattr(info, "_is_text_encoding", True) or canonical in _REFUSED:
        raise TextError(f"{name!r} is refused as an encoding of text: ask for UTF-8")
    return canonical


def decode_bytes(
    data: bytes,
    *,
    declared: str | None = None,
    detector: Detector | None = None,
    errors: str = "strict",
) -> Decoded:
    """Decode in the order mark, declaration, strict UTF-8, detector; else refuse.

    Args:
        declared: the encoding that a header or a convention names. When the bytes contradict
            it, that becomes a warning and the next source is asked.
        detector: asked only for what is no UTF-8.
        errors: ``strict``; or ``replace``, ``backslashreplace``, ``surrogateescape``, applied
            to the first source that names an encoding, after all failed strictly.

    Raises:
        DecodeError: nothing decodes the bytes, and `errors` is strict.
        TextError: an unknown encoding, or the handler ``ignore``, which loses text.

    >>> decode_bytes("naïve".encode("cp1252"), declared="cp1252").how
    'declared'
    """
    if errors not in _HANDLERS:
        raise TextError(f"errors={errors!r} is refused; choose one of {', '.join(_HANDLERS)}")
    sources = [("bom", sniff_bom(data)), ("declared", declared and text_codec(declared))]
    sources.append(("utf-8", "utf-8"))
    warnings: list[str] = []
    first: UnicodeDecodeError | None = None
    for how, named in [*sources, ("detected", None)]:
        encoding = named
        if how == "detected" and detector is not None:
            guess = detector(data)
            encoding = guess.encoding if guess.confidence >= _MIN_CONFIDENCE else None
            warnings.append(f"guessed {guess.encoding} with confidence {guess.confidence:.2f}")
        if not encoding:
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            first = first or error
            warnings.append(f"{how} {encoding} does not fit at byte {error.start}")
            continue
        if how in ("declared", "detected") and any("\x80" <= c <= "\x9f" for c in text):
            warnings.append("C1 controls in the text: latin-1 never fails, so it may be cp1252")
        return Decoded(text, encoding, how, 0, tuple(warnings))
    if first is None:  # pragma: no cover - UTF-8 is always tried
        raise AssertionError("no source was tried")
    if errors == "strict":
        hint = "declare the encoding, or choose errors='replace' and report the count"
        raise DecodeError(
            first.encoding, first.start, first.end, data[first.start : first.end].hex(" "), hint
        )
    how, encoding = next((h, e) for h, e in sources if e)
    return Decoded(
        data.decode(encoding, errors),
        encoding,
        how,
        count_replaced(data, encoding),
        tuple(warnings),
    )


def count_replaced(data: bytes, encoding: str) -> int:
    """Return how many U+FFFD ``replace`` would insert, those in the source not counted."""
    inserted = data.decode(encoding, "replace").count("\ufffd")
    return inserted - data.decode(encoding, "ignore").count("\ufffd")


def explain(error: UnicodeError) -> str:
    """Return a few lines about a decoding or encoding error: where, what, why, what to do."""
    if isinstance(error, UnicodeDecodeError):
        start, data = error.start, error.object
        low = max(0, start - _CONTEXT)
        around = data[low : error.end + _CONTEXT]
        caret = " " * 3 * (start - low) + "^^ " * (error.end - start)
        printable = "".join(chr(b) if 32 <= b < 127 else "." for b in around)
        return "\n".join(
            [
                f"byte {start} of {len(data)} is not {error.encoding}: {error.reason}",
                f"  {around.hex(' ')}   {printable}",
                f"  {caret.rstrip()}",
                f"cause: {_cause(data, start, error.encoding)}",
            ]
        )
    if isinstance(error, UnicodeEncodeError):
        bad = error.object[error.start : error.end]
        points = " ".join(f"U+{ord(c):04X}" for c in bad[:4])
        if all("\ud800" <= c <= "\udfff" for c in bad):
            fix = "it is half of a pair or an undecoded byte: decode again with the right encoding"
        else:
            fix = f"{error.encoding} cannot say it: write UTF-8, or choose xmlcharrefreplace"
        return f"character {error.start} ({points}) does not fit {error.encoding}\ncause: {fix}"
    return f"{type(error).__name__}: {error}"


def _cause(data: bytes, start: int, encoding: str) -> str:
    byte = data[start]
    if sniff_bom(data):
        return f"the data begins with the mark of {sniff_bom(data)}; decode with that"
    if encoding.lower() in ("utf-8", "utf8"):
        odd = sum(b < 32 and b not in b"\t\r\n" for b in data)
        if odd > len(data) // 4 and not data.count(0) > len(data) // 4:
            return "full of controls: this is no text; fix: read it as binary data"
        if start + 4 > len(data) and byte >= 0xC2:
            return "cut inside a character; fix: an incremental decoder for chunks"
        if data.count(0) > len(data) // 4:
            return "every second byte is zero: UTF-16 without a mark; fix: utf-16-le or -be"
        return "probably a Windows code page; fix: encoding='cp1252' if its origin agrees"
    if encoding.lower() == "ascii":
        return "not ASCII; fix: encoding='utf-8'"
    return f"{encoding} has no character there; fix: find out what wrote these bytes"


def utf8_else_cp1252(data: bytes) -> Guess:
    """Guess UTF-8 where it decodes, else cp1252: what many programs do."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return Guess("cp1252", 0.5)
    return Guess("utf-8", 1.0)


def _chardet() -> Detector:
    import chardet

    def guess(data: bytes, /) -> Guess:
        found = chardet.detect(data)
        return Guess(found["encoding"], float(found["confidence"] or 0))

    return guess


def _charset_normalizer() -> Detector:
    import charset_normalizer

    def guess(data: bytes, /) -> Guess:
        best = charset_normalizer.from_bytes(data).best()
        return Guess(None, 0.0) if best is None else Guess(best.encoding, 1.0 - best.chaos)

    return guess


DETECTORS: dict[str, Callable[[], Detector]] = {
    "utf8_else_cp1252": lambda: utf8_else_cp1252,
    "chardet": _chardet,
    "charset_normalizer": _charset_normalizer,
}


def detector(name: str) -> Detector:
    """Return a detector by name; an ImportError where its library is absent."""
    if name not in DETECTORS:
        raise TextError(f"unknown detector {name!r}: choose one of {', '.join(DETECTORS)}")
    return DETECTORS[name]()
