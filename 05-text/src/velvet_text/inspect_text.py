# ruff: noqa: RUF002 - letters that look alike are its subject
"""What a text hides: characters that cannot be seen, reorder others, or look like others.

Bidirectional controls make source code read differently than it runs ("Trojan Source",
CVE-2021-42574); a Cyrillic а in a Latin word is another name; a line feed in a logged value is a
forged log line. The table of look-alikes is a part of that of UTS #39, and labelled so.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from velvet_text.errors import TextError
from velvet_text.samples.lookalikes import LOOKALIKES
from velvet_text.units import truncate

Severity = Literal["info", "warn", "danger"]
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f\u115f\u3164\uffa0")
_SKELETON = {ord(look): latin for latin, looks in LOOKALIKES.items() for look in looks}
_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{name}{n}" for name in ("COM", "LPT") for n in range(1, 10))}
)
_WINDOWS_FORBIDDEN = frozenset('<>:"/\\|?*')
MAX_NAME_BYTES = 255


@dataclass(frozen=True)
class Finding:
    """One thing that a reader cannot see.

    Attributes:
        code: a short name of its kind, such as ``bidi-control``.
        span: start and end in code points.
    """

    code: str
    span: tuple[int, int]
    severity: Severity
    message: str


def inspect(s: str) -> list[Finding]:
    """Return what is hidden or odd in a text, in its order; never raises, O(n)."""
    findings = [found for i, c in enumerate(s) if (found := _character(c, i))]
    for word in _words().finditer(s):
        scripts = _scripts(word.group())
        if len(scripts) > 1:
            said = f"{word.group()!r} mixes {' and '.join(sorted(scripts))}"
            findings.append(Finding("mixed-script", word.span(), "danger", said))
        elif (looks := skeleton(word.group())) != word.group() and looks.isascii():
            said = f"{word.group()!r} looks like {looks!r}"
            findings.append(Finding("confusable", word.span(), "warn", said))
    if not unicodedata.is_normalized("NFC", s):
        said = "not in NFC: compare by canonical_key"
        findings.append(Finding("not-nfc", (0, len(s)), "info", said))
    return sorted(findings, key=lambda one: (one.span, one.code))


def _character(c: str, i: int) -> Finding | None:
    if " " <= c <= "~" or c in "\n\t":
        return None
    point, name = ord(c), unicodedata.name(c, "unnamed")
    kind: tuple[str, Severity, str] | None = None
    if c in BIDI:
        kind = ("bidi-control", "danger", f"{name} changes the order in which text is shown")
    elif c in ZERO_WIDTH:
        kind = ("zero-width", "warn", f"{name} is invisible")
    elif 0xE0000 <= point <= 0xE007F:
        kind = ("tag", "danger", "a tag character: invisible text that programs read")
    elif 0xD800 <= point <= 0xDFFF:
        kind = ("surrogate", "danger", "a lone surrogate: it cannot be encoded")
    elif point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
        kind = ("noncharacter", "warn", "never assigned to a character")
    elif point < 0x20 or 0x7F <= point <= 0x9F:
        kind = ("control", "warn", f"control character {point:#04x}")
    elif unicodedata.category(c) == "Co":
        kind = ("private-use", "info", "private use: means what two parties agreed on")
    if kind is None:
        return None
    code, severity, said = kind
    return Finding(code, (i, i + 1), severity, f"U+{point:04X} {said}")


@lru_cache(maxsize=1)
def _words() -> Any:
    import regex  # type: ignore[import-untyped]

    return regex.compile(r"[\p{L}\p{M}\p{N}\p{Pc}]*\p{L}[\p{L}\p{M}\p{N}\p{Pc}]*")


@lru_cache(maxsize=4096)
def _script(c: str) -> str:
    import regex

    for script in ("Latin", "Cyrillic", "Greek", "Armenian", "Cherokee", "Georgian", "Hebrew"):
        if regex.match(rf"\p{{Script_Extensions={script}}}", c):
            return script
    return ""


def _scripts(word: str) -> set[str]:
    """Return the alphabets of a word's letters; Han, kana and the like mix by custom."""
    return {script for c in word if c.isalpha() and (script := _script(c))}


def skeleton(s: str) -> str:
    """Return a text with look-alikes replaced, for comparing names (after UTS #39, partial).

    >>> skeleton("раураl") == "paypal"
    True
    """
    return unicodedata.normalize("NFD", s).translate(_SKELETON)


def safe_log(s: str) -> str:
    """Return a text that cannot forge a log line or move a terminal's cursor.

    >>> print(safe_log("ok\\r\\nadmin logged in\\x1b[2J"))
    ok\\x0d\\x0aadmin logged in\\x1b[2J
    """
    return "".join(_escaped(c) if _unsafe(c) else c for c in s)


def _unsafe(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI


def _escaped(c: str) -> str:
    return f"\\x{ord(c):02x}" if c <= "\xff" else f"\\u{ord(c):04x}"


def safe_filename(s: str, platform: Literal["posix", "windows"] = "windows") -> str:
    """Return a name that a file system takes, within one folder, at most 255 bytes of UTF-8.

    Raises:
        TextError: nothing is left of it.

    >>> safe_filename("a/../b"), safe_filename("CON.txt")
    ('a_.._b', '_CON.txt')
    """
    forbidden = _WINDOWS_FORBIDDEN if platform == "windows" else frozenset("/")
    name = unicodedata.normalize("NFC", s)
    name = "".join("_" if c in forbidden or _unsafe(c) else c for c in name)
    if platform == "windows":
        name = name.rstrip(" .")
        if name.split(".")[0].rstrip().upper() in _RESERVED:
            name = f"_{name}"
    if name in ("", ".", ".."):
        raise TextError(f"{s!r} is no file name: nothing of it is left")
    stem, dot, suffix = name.rpartition(".")
    if stem and len(suffix) <= 10:
        room = MAX_NAME_BYTES - len(f".{suffix}".encode())
        return truncate(stem, room, "utf8", ellipsis="") + dot + suffix
    return truncate(name, MAX_NAME_BYTES, "utf8", ellipsis="")
