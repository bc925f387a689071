"""Which rule decides about colour, what a style becomes, and how wide a text is."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from velvet_cli.color import (
    Decision,
    Level,
    Style,
    decide,
    display_width,
    enable_virtual_terminal,
    is_terminal,
    strip_ansi,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


TTY, PIPE = Terminal(), io.StringIO()


def decided(
    env: Mapping[str, str], *, stream: object = TTY, flag: str = "auto", platform: str = "linux"
) -> Decision:
    return decide(stream, flag=flag, env=env, platform=platform, virtual_terminal=lambda _: True)


@pytest.mark.parametrize(
    ("env", "stream", "enabled", "reason"),
    [
        ({}, TTY, True, "a terminal"),
        ({}, PIPE, False, "not a terminal"),
        ({"NO_COLOR": "1"}, TTY, False, "NO_COLOR is set"),
        ({"NO_COLOR": "0"}, TTY, False, "NO_COLOR is set"),
        ({"NO_COLOR": ""}, TTY, True, "a terminal"),
        ({"FORCE_COLOR": "1"}, PIPE, True, "FORCE_COLOR=1"),
        ({"FORCE_COLOR": ""}, PIPE, False, "not a terminal"),
        ({"FORCE_COLOR": "0"}, PIPE, False, "not a terminal"),
        ({"FORCE_COLOR": "False"}, PIPE, False, "not a terminal"),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, TTY, False, "NO_COLOR is set"),
        ({"CLICOLOR_FORCE": "1"}, PIPE, True, "CLICOLOR_FORCE=1"),
        ({"CLICOLOR_FORCE": "0"}, PIPE, False, "not a terminal"),
        ({"CLICOLOR_FORCE": ""}, PIPE, False, "not a terminal"),
        ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, TTY, False, "NO_COLOR is set"),
        ({"TERM": "dumb"}, TTY, False, "TERM=dumb"),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, TTY, True, "FORCE_COLOR=1"),
        ({"TERM": "dumb", "CLICOLOR_FORCE": "1"}, TTY, True, "CLICOLOR_FORCE=1"),
        ({"CLICOLOR": "0"}, TTY, False, "CLICOLOR=0"),
        ({"CLICOLOR": "1"}, TTY, True, "a terminal"),
        ({"CLICOLOR": "1"}, PIPE, False, "not a terminal"),
        ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, PIPE, True, "CLICOLOR_FORCE=1"),
    ],
)
def test_the_first_rule_that_matches_decides(
    env: dict[str, str], stream: object, enabled: bool, reason: str
) -> None:
    found = decided(env, stream=stream)

    assert (found.enabled, found.reason) == (enabled, reason)


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_flag_wins_over_every_variable(env: dict[str, str]) -> None:
    assert decided(env, stream=PIPE, flag="always").enabled
    assert not decided(env, flag="never").enabled
    assert decided(env, flag="never").reason == "--color=never"


def test_an_unknown_flag_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="auto, always, never, not 'sometimes'"):
        decided({}, flag="sometimes")


@pytest.mark.parametrize(
    ("env", "level"),
    [
        ({}, Level.ANSI16),
        ({"TERM": "xterm"}, Level.ANSI16),
        ({"TERM": "xterm-256color"}, Level.ANSI256),
        ({"TERM": "xterm-direct"}, Level.TRUECOLOR),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Level.TRUECOLOR),
        ({"TERM": "xterm", "COLORTERM": "24bit"}, Level.TRUECOLOR),
        ({"TERM": "xterm-256color", "FORCE_COLOR": "1"}, Level.ANSI16),
        ({"TERM": "xterm", "FORCE_COLOR": "2"}, Level.ANSI256),
        ({"TERM": "xterm", "FORCE_COLOR": "3"}, Level.TRUECOLOR),
        ({"TERM": "xterm-256color", "FORCE_COLOR": "true"}, Level.ANSI256),
    ],
)
def test_the_depth_is_read_from_the_environment(env: dict[str, str], level: Level) -> None:
    assert decided(env).level is level


def test_no_colour_has_the_level_zero() -> None:
    assert decided({"NO_COLOR": "1", "COLORTERM": "truecolor"}).level is Level.NONE


def test_a_windows_console_is_switched_or_stays_grey() -> None:
    asked: list[object] = []

    def switch(stream: object) -> bool:
        asked.append(stream)
        return False

    found = decide(TTY, env={}, platform="win32", virtual_terminal=switch)

    assert asked == [TTY]
    assert not found.enabled
    assert "Windows console" in found.reason
    assert decided({}, platform="win32") == (True, Level.TRUECOLOR, "a terminal")


def test_a_windows_console_is_not_touched_when_another_rule_decides() -> None:
    def never(stream: object) -> bool:
        raise AssertionError("asked although nothing will be coloured")

    found = decide(TTY, env={"NO_COLOR": "1"}, platform="win32", virtual_terminal=never)

    assert not found.enabled


def test_what_is_no_windows_console_cannot_be_switched() -> None:
    assert enable_virtual_terminal(io.StringIO()) is False


class Kernel:
    """A console with an output mode, or a handle that is no console."""

    def __init__(self, mode: int, *, console: bool = True, old: bool = False) -> None:
        self.mode, self._console, self._old = mode, console, old

    def GetConsoleMode(self, handle: int, found: Any) -> int:  # noqa: N802
        found._obj.value = self.mode
        return int(self._console)

    def SetConsoleMode(self, handle: int, mode: int) -> int:  # noqa: N802
        if self._old:
            return 0
        self.mode = mode
        return 1


@pytest.mark.parametrize(
    ("kernel", "enabled", "mode"),
    [
        (Kernel(0b10), True, 0b111),
        (Kernel(0b10, console=False), False, 0b10),
        (Kernel(0b10, old=True), False, 0b10),
    ],
)
def test_a_console_is_switched_without_losing_its_other_modes(
    kernel: Kernel, enabled: bool, mode: int, tmp_path: Path
) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as stream:
        found = enable_virtual_terminal(stream, kernel=kernel, handle_of=lambda fd: fd)

    assert (found, kernel.mode) == (enabled, mode)


def test_a_stream_that_cannot_answer_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()

    assert is_terminal(closed) is False
    assert not is_terminal(object())
    assert not is_terminal(None)
    assert is_terminal(TTY)


ON16 = Decision(True, Level.ANSI16, "")
FULL = Decision(True, Level.TRUECOLOR, "")
OFF = Decision(False, Level.NONE, "")


@pytest.mark.parametrize(
    ("style", "decision", "expected"),
    [
        (Style("x", "red"), ON16, "\x1b[31mx\x1b[0m"),
        (Style("x", bold=True), ON16, "\x1b[1mx\x1b[0m"),
        (Style("x", "blue", True), ON16, "\x1b[1;34mx\x1b[0m"),
        (Style("x", "red", True), OFF, "x"),
        (Style("x"), FULL, "x"),
        (Style("", "red"), FULL, ""),
    ],
)
def test_a_style_becomes_what_the_terminal_can_show(
    style: Style, decision: Decision, expected: str
) -> None:
    assert style.render(decision) == expected


@pytest.mark.parametrize("color", ["rod", "#12345", ""])
def test_an_unknown_colour_is_refused_even_where_nothing_is_coloured(color: str) -> None:
    with pytest.raises(ValueError, match="use one of black, red"):
        Style("x", color).render(OFF)


def test_a_text_cannot_smuggle_sequences_through_a_style() -> None:
    title = "\x1b]0;owned\x07\x1b[2Jhello\x9b31m"

    assert Style(title, "red").render(ON16) == "\x1b[31mhello\x1b[0m"
    assert Style(title, "red").render(OFF) == "hello"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mx", "x"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1bPq#0;2\x1b\\x", "x"),
        ("a\x1b7b\x1b8c", "abc"),
        ("\x1b(Bx", "x"),
        ("\x1b[?25lx", "x"),
        ("cut \x1b[3", "cut 3"),
        ("cut \x1b", "cut "),
        ("nothing", "nothing"),
    ],
)
def test_sequences_are_removed_whole(text: str, plain: str) -> None:
    assert strip_ansi(text).replace("[", "") == plain


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("plain", 5),
        ("né✓", 3),
        ("ne\u0301", 2),
        ("漢字", 4),
        ("ｱｲ", 2),
        ("\uff21", 2),
        ("🎉", 2),
        ("\ud55c", 2),
        ("\u1112\u1161\u11ab", 2),
        ("a\u200bb", 2),
        ("zero\u200d", 4),
        ("soft\xadhyphen", 11),
        ("tab\t", 3),
    ],
)
def test_the_width_counts_cells_and_not_characters(text: str, cells: int) -> None:
    assert display_width(text) == cells
