"""Colour for terminals: one explained decision, styles that obey it, and the width of a text."""

from velvet_cli.color.cells import display_width, strip_ansi
from velvet_cli.color.decision import FLAGS, Decision, Level, decide, is_terminal
from velvet_cli.color.style import NAMES, RESET, Style

__all__ = [
    "FLAGS",
    "NAMES",
    "RESET",
    "Decision",
    "Level",
    "Style",
    "decide",
    "display_width",
    "is_terminal",
    "strip_ansi",
]
