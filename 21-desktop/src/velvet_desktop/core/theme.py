"""A look as named tokens, checked for contrast, and handed to each toolkit in its own form.

What makes a window look dated is not the toolkit: no spacing, five accents, bevels, and a dark mode
that is the light one with a black ground. Text needs 4.5:1 against what lies behind it, the parts
of controls 3:1 (WCAG 2.2, criteria 1.4.3 and 1.4.11).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from velvet_desktop.errors import UnknownTheme

TEXT_RATIO, PART_RATIO = 4.5, 3.0
SPACES = (4, 8, 12, 16)


@dataclass(frozen=True)
class Theme:
    """The colours of a look, as ``#rrggbb``."""

    name: str
    surface: str
    raised: str
    text: str
    muted: str
    accent: str
    on_accent: str
    danger: str
    line: str
    radius: int = 4
    size: int = 13


# In the order of the fields: surface, raised, text, muted, accent, on accent, danger, line.
THEMES = {
    "light": Theme(
        "light",
        *("#ffffff", "#f6f2ff", "#35303c", "#5f5869", "#6d3fc4", "#ffffff", "#b3204f", "#8a7f98"),
    ),
    "dark": Theme(
        "dark",
        *("#1a1521", "#2a2335", "#eee9f4", "#bdb4c6", "#b39bed", "#1a1521", "#ff8fa8", "#8d8299"),
    ),
    "high_contrast": Theme(
        "high_contrast",
        *("#000000", "#000000", "#ffffff", "#ffffff", "#ffd500", "#000000", "#ff9aa8", "#ffffff"),
    ),
}


def find(name: str) -> Theme:
    """Return a theme by name.

    Raises:
        UnknownTheme: there is none.
    """
    if name not in THEMES:
        raise UnknownTheme(name, THEMES)
    return THEMES[name]


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the parts of ``#rrggbb``, 0 to 255.

    >>> rgb("#ff8000")
    (255, 128, 0)
    """
    if len(colour) != 7 or colour[0] != "#" or set(colour[1:]) - set("0123456789abcdefABCDEF"):
        raise ValueError(f"a colour is written #rrggbb, not {colour!r}")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def rgba(colour: str) -> tuple[float, float, float, float]:
    """Return the parts of a colour from 0 to 1 with full opacity, as Kivy takes them."""
    red, green, blue = rgb(colour)
    return red / 255, green / 255, blue / 255, 1.0


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2, from 0 (black) to 1 (white)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in rgb(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return round((lighter + 0.05) / (darker + 0.05), 3)


def audit(theme: Theme) -> list[str]:
    """Return a sentence for each pair of tokens that is too pale; empty is good."""
    pairs = [
        (text, ground) for text in ("text", "muted", "danger") for ground in ("surface", "raised")
    ]
    wanted = [(*pair, TEXT_RATIO) for pair in (*pairs, ("on_accent", "accent"))]
    wanted += [(part, "surface", PART_RATIO) for part in ("accent", "line")]
    found = []
    for front, back, bound in wanted:
        ratio = contrast(getattr(theme, front), getattr(theme, back))
        if ratio < bound:
            found.append(f"{theme.name}: {front} on {back} is {ratio:.2f}:1, needs {bound}:1")
    return found


def to_qss(theme: Theme) -> str:
    """Return a Qt style sheet."""
    colours = {one.name: getattr(theme, one.name) for one in fields(theme)}
    return """
QWidget {{ background: {surface}; color: {text}; font-size: {size}px; }}
QPushButton, QLineEdit {{ background: {raised}; border: 1px solid {line};
    border-radius: {radius}px; padding: {small}px {middle}px; }}
QPushButton:focus, QLineEdit:focus {{ border: 2px solid {accent}; }}
QTableView {{ border: 1px solid {line}; gridline-color: {raised};
    selection-background-color: {accent}; selection-color: {on_accent}; }}
QHeaderView::section {{ background: {raised}; color: {muted}; border: 0; padding: {small}px; }}
""".format(small=SPACES[0], middle=SPACES[1], **colours)
