"""Whether colours can be told apart, in numbers: WCAG contrast, colour vision, CIEDE2000.

Sources: WCAG 2.2 (1.4.3 and 1.4.11); Machado, Oliveira and Fernandes 2009 for the simulation in
linear RGB; Sharma, Wu and Dalal 2005 for the CIEDE2000 formula.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from velvet_visualization.theme import Theme

Vision = Literal["normal", "protan", "deutan", "tritan"]
VISIONS: tuple[Vision, ...] = get_args(Vision)
TEXT_MIN, GRAPHICS_MIN = 4.5, 3.0
# What six colours have to keep apart; about ten just noticeable differences.
DELTA_E_MIN = 8.0
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
# Machado 2009, severity 1.0. Lesser severities are blended with the identity, which stays within
# a few hundredths of the published tables.
_FULL: Mapping[Vision, NDArray[np.float64]] = {
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(color: str) -> NDArray[np.float64]:
    """Return ``#rrggbb`` as linear RGB.

    Raises:
        ValueError: it is no such text.
    """
    if not _HEX.fullmatch(color):
        raise ValueError(f"a colour is #rrggbb, not {color!r}")
    srgb = np.array([int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def relative_luminance(color: str) -> float:
    """Return 0.0 for black to 1.0 for white (WCAG 2.2)."""
    return float(linear(color) @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(a: str, b: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21; the order does not matter.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    high, low = sorted((relative_luminance(a), relative_luminance(b)), reverse=True)
    return round((high + 0.05) / (low + 0.05), 2)


def simulate(color: str, vision: Vision, severity: float = 1.0) -> str:
    """Return the colour as it is seen with that vision.

    Raises:
        ValueError: an unknown vision, or a severity that is not within 0 and 1.
    """
    if vision not in VISIONS:
        raise ValueError(f"{vision!r} is no vision: choose one of {', '.join(VISIONS)}")
    if not 0 <= severity <= 1:
        raise ValueError(f"severity is {severity}: choose 0 (none) to 1 (complete)")
    if vision == "normal":
        return color.lower()
    matrix = severity * _FULL[vision] + (1 - severity) * np.eye(3)
    seen = np.clip(matrix @ linear(color), 0, 1)
    srgb = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    return "#{:02x}{:02x}{:02x}".format(*(round(float(one) * 255) for one in srgb))


def lab(color: str) -> NDArray[np.float64]:
    """Return CIE L*a*b* under D65."""
    ratio = (_TO_XYZ @ linear(color)) / _WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def delta_e(a: str, b: str) -> float:
    """Return the CIEDE2000 difference of two colours; about 1 is just noticeable."""
    (l1, a1, b1), (l2, a2, b2) = lab(a), lab(b)
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(y, x)) % 360 for y, x in ((b1, a1), (b2, a2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dl, dc = l2 - l1, c2 - c1
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    l_mean, c_mean = (l1 + l2) / 2, (c1 + c2) / 2
    h_mean = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = (
        1
        - 0.17 * np.cos(np.radians(h_mean - 30))
        + 0.24 * np.cos(np.radians(2 * h_mean))
        + 0.32 * np.cos(np.radians(3 * h_mean + 6))
        - 0.20 * np.cos(np.radians(4 * h_mean - 63))
    )
    s_l = 1 + 0.015 * (l_mean - 50) ** 2 / np.sqrt(20 + (l_mean - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c_mean, 1 + 0.015 * c_mean * t
    turned = 30 * np.exp(-(((h_mean - 275) / 25) ** 2))
    r_t = -2 * np.sqrt(c_mean**7 / (c_mean**7 + 25.0**7)) * np.sin(np.radians(2 * turned))
    parts = (dl / s_l) ** 2 + (dc / s_c) ** 2 + (dh / s_h) ** 2
    return float(np.sqrt(max(parts + r_t * (dc / s_c) * (dh / s_h), 0.0)))


def least_difference(colors: Sequence[str], vision: Vision = "normal") -> float:
    """Return the smallest CIEDE2000 between any two of the colours under one vision."""
    seen = [simulate(color, vision) for color in colors]
    return min((delta_e(a, b) for a, b in combinations(seen, 2)), default=100.0)


@dataclass(frozen=True)
class PaletteReport:
    """What an audit found.

    Attributes:
        text: the contrast of the ink with the background.
        graphics: the smallest contrast of what carries meaning with the background.
        differences: the smallest CIEDE2000 between two carriers, by vision.
        problems: one sentence each; none is a pass.
    """

    text: float
    graphics: float
    differences: Mapping[Vision, float]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def audit(
    carriers: Sequence[str], background: str = "#ffffff", ink: str = "#000000"
) -> PaletteReport:
    """Judge the colours that carry meaning on a background; ValueError for none."""
    carriers = tuple(carriers)
    if not carriers:
        raise ValueError("there is no colour to judge")
    text = contrast(ink, background)
    graphics = min(contrast(one, background) for one in carriers)
    apart = {vision: round(least_difference(carriers, vision), 1) for vision in VISIONS}
    problems = []
    if text < TEXT_MIN:
        problems.append(f"text has a contrast of {text}, under {TEXT_MIN}")
    if graphics < GRAPHICS_MIN:
        problems.append(f"a mark has a contrast of {graphics}, under {GRAPHICS_MIN}")
    for vision, least in apart.items():
        if least < DELTA_E_MIN:
            problems.append(f"two colours differ by {least} for {vision} vision, under 8")
    return PaletteReport(text, graphics, apart, tuple(problems))


def audit_theme(theme: Theme) -> PaletteReport:
    """Judge a theme: its strokes carry, its fills only decorate."""
    return audit(theme.strokes, theme.background, theme.ink)


def redundant(theme: Theme, count: int) -> bool:
    """Whether that many series are told apart without any colour: by marker and by dash."""
    styles = theme.styles(count)
    return len({one.marker for one in styles}) == len({one.dash for one in styles}) == count
