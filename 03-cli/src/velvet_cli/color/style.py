"""A text with a look, which becomes escape sequences only when a decision allows them."""

from __future__ import annotations

import re

from velvet_cli.color.cells import strip_ansi
from velvet_cli.color.decision import Decision, Level

NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
RESET = "\x1b[0m"
_CUBE = (0, 95, 135, 175, 215, 255)
_SIXTEEN = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0)),
    *((0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0)),
    *((92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255)),
)


class Style:
    """A text with its look, rendered only when a decision is known.

    Args:
        text: plain text. Escape sequences in it are removed at rendering: a title read from a
            file must not drive the reader's terminal.
        fg: one of the eight names, ``bright-`` with a name, ``#rrggbb``, or None.
        bold: SGR 1, which ``NO_COLOR`` drops like every other sequence.

    Raises:
        ValueError: the colour is unknown.
    """

    __slots__ = ("_color", "bold", "fg", "text")

    def __init__(self, text: str, fg: str | None = None, bold: bool = False) -> None:
        self.text, self.fg, self.bold = text, fg, bold
        self._color = None if fg is None else _rgb_or_index(fg)

    def render(self, decision: Decision) -> str:
        """Return the text with the sequences that the decision allows.

        A colour beyond the level becomes the nearest one that the terminal has.
        """
        text = strip_ansi(self.text)
        if not decision.enabled or not text:
            return text
        codes = ["1"] if self.bold else []
        if self._color is not None:
            codes.append(_sgr(self._color, decision.level))
        return f"\x1b[{';'.join(codes)}m{text}{RESET}" if codes else text


def _rgb_or_index(color: str) -> int | tuple[int, int, int]:
    """Read a colour: an index below 16 for a name, or three bytes.

    Raises:
        ValueError: it is neither a name nor ``#rrggbb``.
    """
    name = color.removeprefix("bright-")
    if name in NAMES:
        return NAMES.index(name) + (8 if color.startswith("bright-") else 0)
    if re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
    raise ValueError(
        f"unknown colour {color!r}: use #rrggbb, or one of {', '.join(NAMES)} (or bright-NAME)"
    )


def _sgr(color: int | tuple[int, int, int], level: Level) -> str:
    if isinstance(color, tuple):
        if level >= Level.TRUECOLOR:
            return f"38;2;{color[0]};{color[1]};{color[2]}"
        if level >= Level.ANSI256:
            r, g, b = (_nearest(part, _CUBE) for part in color)
            return f"38;5;{16 + 36 * r + 6 * g + b}"
        goal = color
        color = min(
            range(16),
            key=lambda i: sum((a - b) ** 2 for a, b in zip(_SIXTEEN[i], goal, strict=True)),
        )
    return str(30 + color if color < 8 else 82 + color)


def _nearest(value: int, levels: tuple[int, ...]) -> int:
    return min(range(len(levels)), key=lambda i: abs(levels[i] - value))
