"""The tokens of the look: what each library is told, in each library's own words elsewhere.

The rule: a pastel is a fill and never the only carrier. Every series has a dark stroke of its
hue, a marker of its own and a dash of its own, so that it is known without seeing colour at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from velvet_visualization.errors import PaletteError


@dataclass(frozen=True)
class Style:
    """How one series looks; four carriers, of which any one is enough."""

    fill: str
    stroke: str
    marker: str
    dash: str


@dataclass(frozen=True)
class Theme:
    """Colours as ``#rrggbb``, and the names of markers and dashes, one for each series.

    Attributes:
        ramp: from low to high, of falling lightness, so that a grey print keeps the order.
    """

    fills: tuple[str, ...]
    strokes: tuple[str, ...]
    ink: str = "#4a4a4a"
    grid: str = "#e6e6fa"
    background: str = "#ffffff"
    markers: tuple[str, ...] = ("circle", "square", "triangle", "diamond", "cross", "x")
    dashes: tuple[str, ...] = ("solid", "dash", "dot", "dashdot", "longdash", "sparse")
    ramp: tuple[str, ...] = ("#fff8f0", "#fbd9c9", "#e9a7b4", "#be6fa6", "#7e3f93", "#3b1a66")
    font: str = "DejaVu Sans"
    point_px: float = 7.0

    def styles(self, count: int) -> tuple[Style, ...]:
        """Return one style a series.

        Raises:
            PaletteError: there are more series than styles; a silent second round would lie.
        """
        known = min(map(len, (self.fills, self.strokes, self.markers, self.dashes)))
        if count > known:
            raise PaletteError(count, known)
        every = zip(self.fills, self.strokes, self.markers, self.dashes, strict=False)
        return tuple(Style(*one) for one, _ in zip(every, range(count), strict=False))


LIGHT = Theme(
    fills=("#b39bed", "#ea9294", "#edca84", "#a7facd", "#9ac2d1", "#f4ebf3"),
    strokes=("#3e1586", "#c52666", "#745502", "#084838", "#081625", "#a725ce"),
)
DARK = replace(
    LIGHT,
    fills=LIGHT.strokes,
    strokes=LIGHT.fills,
    ink="#eee9f4",
    grid="#40364f",
    background="#1a1521",
    ramp=LIGHT.ramp[::-1],
)
# Dash patterns in units of one pixel, for the libraries that know no names: drawn, left out, ...
DASHES = {
    "solid": (1.0, 0.0),
    "dash": (6.0, 3.0),
    "dot": (2.0, 2.0),
    "dashdot": (6.0, 2.0, 2.0, 2.0),
    "longdash": (12.0, 4.0),
    "sparse": (2.0, 6.0),
}
