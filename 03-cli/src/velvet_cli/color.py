"""Whether to colour, and why: one decision that explains itself, styles that obey it, widths.

Every framework answers this for itself and they disagree. Here the conventions are one ordered list
of rules, the first that matches wins, and the reason is part of the answer to "why is my output
grey?".
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Mapping
from enum import IntEnum
from importlib import import_module
from typing import Any, NamedTuple

from velvet_cli.contract import COLORS

NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_OFF_WORDS = ("0", "false")
# Flags of a Windows console's output mode.
_PROCESSED_OUTPUT, _VIRTUAL_TERMINAL = 0x0001, 0x0004
# ECMA-48: CSI sequences, OSC and other strings up to BEL or ST, two-byte escapes, and an escape
# that begins nothing. The last one makes the result free of escapes whatever the input was.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
    r"|[\x1b\x80-\x9f]"
)


class Level(IntEnum):
    """How many colours may be used."""

    NONE = 0
    ANSI16 = 16
    ANSI256 = 256
    TRUECOLOR = 1 << 24


class Decision(NamedTuple):
    """Whether any SGR sequence may be written, how many colours, and which rule said so."""

    enabled: bool
    level: Level
    reason: str


def decide(
    stream: object,
    *,
    flag: str = "auto",
    env: Mapping[str, str],
    platform: str = sys.platform,
    virtual_terminal: Callable[[object], bool] | None = None,
) -> Decision:
    """Decide about colour on a stream; the first rule that matches wins.

    The order: the flag, which is nearer than an environment; ``NO_COLOR`` not empty (no-color.org);
    ``FORCE_COLOR`` not empty and neither 0 nor false (force-color.org); ``CLICOLOR_FORCE`` not 0;
    ``TERM=dumb``; ``CLICOLOR=0`` (bixense.com/clicolors); no terminal; on Windows a console that
    `virtual_terminal` cannot switch to escape sequences. Raises ValueError: no such flag.
    """
    if flag not in COLORS:
        raise ValueError(f"color must be one of {', '.join(COLORS)}, not {flag!r}")
    forced, clicolor = env.get("FORCE_COLOR", ""), env.get("CLICOLOR_FORCE", "")
    force = bool(forced) and forced.lower() not in _OFF_WORDS
    rules = (
        (flag != "auto", flag == "always", f"--color={flag}"),
        (bool(env.get("NO_COLOR")), False, "NO_COLOR is set"),
        (force, True, f"FORCE_COLOR={forced}"),
        (bool(clicolor) and clicolor != "0", True, f"CLICOLOR_FORCE={clicolor}"),
        (env.get("TERM") == "dumb", False, "TERM=dumb"),
        (env.get("CLICOLOR") == "0", False, "CLICOLOR=0"),
        (not is_terminal(stream), False, "not a terminal"),
    )
    on, reason = next(((on, why) for matches, on, why in rules if matches), (True, "a terminal"))
    switch = virtual_terminal or enable_virtual_terminal
    if reason == "a terminal" and platform == "win32" and not switch(stream):
        on, reason = False, "this Windows console takes no escape sequences"
    return Decision(on, _level(env, platform) if on else Level.NONE, reason)


def is_terminal(stream: object) -> bool:
    """Return whether a stream is a terminal; a closed stream, or one that cannot say, is none."""
    isatty = getattr(stream, "isatty", None)
    try:
        return bool(isatty()) if callable(isatty) else False
    except (OSError, ValueError):
        return False


def _level(env: Mapping[str, str], platform: str) -> Level:
    """Read the depth: FORCE_COLOR's number, COLORTERM, then TERM; sixteen where nothing says more."""
    asked = {"1": Level.ANSI16, "2": Level.ANSI256, "3": Level.TRUECOLOR}
    if (forced := env.get("FORCE_COLOR", "")) in asked:
        return asked[forced]
    term = env.get("TERM", "")
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return Level.TRUECOLOR
    if "256color" in term:
        return Level.ANSI256
    # Every console that has the virtual terminal mode also has all colours.
    return Level.TRUECOLOR if platform == "win32" and not term else Level.ANSI16


def enable_virtual_terminal(
    stream: object, *, kernel: Any = None, handle_of: Callable[[int], int] | None = None
) -> bool:
    """Ask a Windows console to interpret escape sequences; true when it does, false elsewhere.

    Source: "Console Virtual Terminal Sequences", SetConsoleMode. Arguments are for tests.
    """
    import ctypes

    try:
        # Looked up by name: these exist on Windows only, and so do their types.
        kernel = kernel or getattr(ctypes, "windll").kernel32  # noqa: B009
        handle_of = handle_of or getattr(import_module("msvcrt"), "get_osfhandle")  # noqa: B009
        handle = handle_of(getattr(stream, "fileno")())  # noqa: B009
    except (ImportError, AttributeError, OSError, ValueError):
        return False
    mode = ctypes.c_uint32()
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(kernel.SetConsoleMode(handle, mode.value | _PROCESSED_OUTPUT | _VIRTUAL_TERMINAL))


class Style(NamedTuple):
    """A text with its look, which becomes escape sequences only when a decision allows them.

    Escape sequences in the text are removed: a title read from a file must not drive the terminal.
    """

    text: str
    fg: str | None = None
    bold: bool = False

    def render(self, decision: Decision) -> str:
        """Return the text with the sequences that the decision allows; ValueError: unknown colour."""
        if self.fg is not None and self.fg not in NAMES:
            raise ValueError(f"unknown colour {self.fg!r}: use one of {', '.join(NAMES)}")
        text = strip_ansi(self.text)
        codes = ["1"] * self.bold + ([str(30 + NAMES.index(self.fg))] if self.fg else [])
        if not (decision.enabled and text and codes):
            return text
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m"


def strip_ansi(text: str) -> str:
    """Remove every escape sequence (ECMA-48) and every lone escape; O(len(text)).

    The result holds no ESC and no C1 control, so nothing in it can act on a terminal.
    """
    return _ANSI.sub("", text)


def display_width(text: str) -> int:
    """Return how many terminal cells a text takes; O(len(text)).

    Wide characters (Unicode Standard Annex 11) take two; combining marks, format and control
    characters and joining Hangul vowels none. A terminal that joins emoji shows less.
    """
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        # The soft hyphen is a format character that terminals do draw.
        return int(character == "\xad")
    if "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
