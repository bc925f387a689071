"""Whether to colour, how deeply, and why: one decision, made once, that can explain itself.

Every framework answers this for itself and they disagree, so a tool built from two libraries
colours half of its output. Here the conventions are one ordered list of rules and the first
that matches wins; the reason is part of the answer, because "why is my output grey?" is what
users ask.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from importlib import import_module
from typing import Any, NamedTuple

FLAGS = ("auto", "always", "never")
_OFF_WORDS = ("0", "false")
# Flags of a Windows console's output mode.
_PROCESSED_OUTPUT, _VIRTUAL_TERMINAL = 0x0001, 0x0004


class Level(IntEnum):
    """How many colours may be used."""

    NONE = 0
    ANSI16 = 16
    ANSI256 = 256
    TRUECOLOR = 1 << 24


class Decision(NamedTuple):
    """The answer: whether any SGR sequence may be written, how many colours, and which rule said so."""

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

    The order: the flag; ``NO_COLOR`` not empty (no-color.org); ``FORCE_COLOR`` not empty and
    neither 0 nor false (force-color.org); ``CLICOLOR_FORCE`` not 0; ``TERM=dumb``;
    ``CLICOLOR=0`` (bixense.com/clicolors); no terminal; on Windows a console that cannot.

    Args:
        stream: what will be written to; only its ``isatty`` and ``fileno`` are asked.
        flag: ``auto``, ``always`` or ``never``, as the user typed it. A flag is nearer than
            an environment, so it wins over ``NO_COLOR`` too, as no-color.org says it should.
        env: the environment.
        virtual_terminal: switches a Windows console to escape sequences; true when it did.

    Raises:
        ValueError: the flag is none of the three.
    """
    if flag not in FLAGS:
        raise ValueError(f"color must be one of {', '.join(FLAGS)}, not {flag!r}")
    on, reason = _rule(stream, flag, env)
    if on is None:
        switch = virtual_terminal or enable_virtual_terminal
        if platform == "win32" and not switch(stream):
            on, reason = False, "this Windows console takes no escape sequences"
        else:
            on, reason = True, "a terminal"
    return Decision(on, _level(env, platform) if on else Level.NONE, reason)


def _rule(stream: object, flag: str, env: Mapping[str, str]) -> tuple[bool | None, str]:
    """Return the answer of the first rule that has one, or None for a terminal."""
    forced, clicolor = env.get("FORCE_COLOR", ""), env.get("CLICOLOR_FORCE", "")
    rules: Iterable[tuple[bool, bool, str]] = (
        (flag != "auto", flag == "always", f"--color={flag}"),
        (bool(env.get("NO_COLOR")), False, "NO_COLOR is set"),
        (
            bool(forced) and forced.lower() not in _OFF_WORDS,
            True,
            f"FORCE_COLOR={forced}",
        ),
        (bool(clicolor) and clicolor != "0", True, f"CLICOLOR_FORCE={clicolor}"),
        (env.get("TERM") == "dumb", False, "TERM=dumb"),
        (env.get("CLICOLOR") == "0", False, "CLICOLOR=0"),
        (not is_terminal(stream), False, "not a terminal"),
    )
    return next(((on, reason) for matches, on, reason in rules if matches), (None, ""))


def is_terminal(stream: object) -> bool:
    """Whether a stream is a terminal; a closed stream, or one that cannot say, is none."""
    isatty = getattr(stream, "isatty", None)
    try:
        return bool(isatty()) if callable(isatty) else False
    except (OSError, ValueError):
        return False


def _level(env: Mapping[str, str], platform: str) -> Level:
    """Read the depth: FORCE_COLOR's number, COLORTERM, then TERM; sixteen where nothing says more."""
    asked = {"1": Level.ANSI16, "2": Level.ANSI256, "3": Level.TRUECOLOR}.get(
        env.get("FORCE_COLOR", "")
    )
    if asked is not None:
        return asked
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

    Source: "Console Virtual Terminal Sequences", SetConsoleMode.

    Args:
        kernel: what has `GetConsoleMode` and `SetConsoleMode`; kernel32 by default.
        handle_of: descriptor -> console handle; msvcrt's by default.
    """
    import ctypes

    try:
        # Looked up by name: these exist on Windows only, and so do their types.
        if kernel is None:
            kernel = getattr(ctypes, "windll").kernel32  # noqa: B009
        if handle_of is None:
            handle_of = getattr(import_module("msvcrt"), "get_osfhandle")  # noqa: B009
        handle = handle_of(getattr(stream, "fileno")())  # noqa: B009
    except (ImportError, AttributeError, OSError, ValueError):
        return False
    mode = ctypes.c_uint32()
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(kernel.SetConsoleMode(handle, mode.value | _PROCESSED_OUTPUT | _VIRTUAL_TERMINAL))
