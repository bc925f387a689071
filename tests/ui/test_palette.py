"""The palette audited by colour arithmetic: contrast, colour-vision deficiency, CIEDE2000.

Sources: WCAG 2.2 (relative luminance and contrast ratio); Machado, Oliveira and Fernandes,
"A Physiologically-based Model for Simulation of Color Vision Deficiency" (IEEE TVCG 2009),
matrices of severity 1.0; Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula" (2005).
"""

from __future__ import annotations

import math
import re
from itertools import pairwise

import plotly.graph_objects as go
import pytest

from velvet import catalog
from velvet.ui import palette

VISIONS = ("normal", "protanopia", "deuteranopia", "tritanopia")
READABLE = 4.5
GROUNDS = (
    *(palette.WHITE, palette.LAVENDER_BLUSH, palette.LAVENDER_SOFT),
    *(palette.PAPAYA, palette.MISTY_ROSE, palette.LAVENDER),
)
Triple = tuple[float, float, float]

MACHADO = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour: str) -> Triple:
    """Return linear sRGB of ``#rrggbb``."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return r, g, b


def luminance(colour: str) -> float:
    """Return WCAG relative luminance."""
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first: str, second: str) -> float:
    """Return the WCAG contrast ratio, 1 to 21."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def seen(colour: str, vision: str) -> Triple:
    """Return linear sRGB as a viewer with that vision sees it (``normal`` changes nothing)."""
    rgb = linear(colour)
    if vision == "normal":
        return rgb
    r, g, b = (
        min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, rgb, strict=True))))
        for row in MACHADO[vision]
    )
    return r, g, b


def lab(rgb: Triple) -> Triple:
    """Return CIELAB (D65) of linear sRGB."""
    r, g, b = rgb
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (
        t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def difference(first: Triple, second: Triple) -> float:
    """Return CIEDE2000 of two CIELAB colours."""
    l1, a1, b1 = first
    l2, a2, b2 = second
    mean_c = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    dl, dc = l2 - l1, c2 - c1
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn) / 2)
    ml, mc = (l1 + l2) / 2, (c1 + c2) / 2
    mh = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    t = (
        1
        - 0.17 * math.cos(math.radians(mh - 30))
        + 0.24 * math.cos(math.radians(2 * mh))
        + 0.32 * math.cos(math.radians(3 * mh + 6))
        - 0.20 * math.cos(math.radians(4 * mh - 63))
    )
    sl = 1 + 0.015 * (ml - 50) ** 2 / math.sqrt(20 + (ml - 50) ** 2)
    sc, sh = 1 + 0.045 * mc, 1 + 0.015 * mc * t
    rotation = -2 * math.sqrt(mc**7 / (mc**7 + 25**7))
    rotation *= math.sin(math.radians(60 * math.exp(-(((mh - 275) / 25) ** 2))))
    return math.sqrt(
        (dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rotation * (dc / sc) * (dh / sh)
    )


def least_difference(colours: list[str], vision: str) -> float:
    """Return the smallest CIEDE2000 between any two colours under a vision."""
    labs = [lab(seen(colour, vision)) for colour in colours]
    return min(difference(a, b) for i, a in enumerate(labs) for b in labs[i + 1 :])


def test_black_on_white_has_the_largest_contrast():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)


def test_a_colour_has_no_contrast_with_itself():
    assert contrast("#745502", "#745502") == pytest.approx(1.0)


def test_contrast_does_not_depend_on_the_order():
    assert contrast("#3e1586", "#FFFFFF") == contrast("#FFFFFF", "#3e1586")


# Pairs of the test data that Sharma, Wu and Dalal published with their paper.
@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_of_two_colours_has_its_published_value(first, second, known):
    assert difference(first, second) == pytest.approx(known, abs=5e-5)


@pytest.mark.parametrize(
    ("colour", "known"),
    [
        ("#FFFFFF", (100, 0, 0)),
        ("#000000", (0, 0, 0)),
        ("#FF0000", (53.24, 80.09, 67.20)),
        ("#0000FF", (32.30, 79.19, -107.86)),
    ],
)
def test_a_colour_lies_where_cielab_has_it(colour, known):
    assert lab(linear(colour)) == pytest.approx(known, abs=0.02)


@pytest.mark.parametrize("vision", VISIONS[1:])
def test_grey_stays_grey_for_everybody(vision):
    assert difference(lab(seen("#808080", vision)), lab(linear("#808080"))) < 0.5


def test_red_and_green_come_close_without_the_receptor_for_green():
    pair = ["#b8860b", "#6b8e23"]

    assert least_difference(pair, "deuteranopia") < least_difference(pair, "normal") / 2


@pytest.mark.parametrize("ground", GROUNDS)
def test_text_is_readable_on_every_ground(ground):
    assert contrast(palette.TEXT, ground) >= READABLE


def declarations() -> list[tuple[str, str, str]]:
    """Every rule of the style sheet that sets both: (selector, text colour, ground)."""
    found = []
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", palette.css()):
        text = re.search(r"(?<![-\w])color:\s*(#[0-9A-Fa-f]{6})", body)
        ground = re.search(r"(?<![-\w])background:\s*(#[0-9A-Fa-f]{6})", body)
        # WCAG exempts controls that cannot be used just now.
        if text and ground and ":disabled" not in selector:
            found.append((" ".join(selector.split()), text.group(1), ground.group(1)))
    return found


@pytest.mark.parametrize(
    ("text", "ground"),
    [pytest.param(text, ground, id=selector) for selector, text, ground in declarations()],
)
def test_every_rule_of_the_style_sheet_is_readable(text, ground):
    assert contrast(text, ground) >= READABLE


def test_the_style_sheet_has_rules_to_audit():
    assert [selector for selector, _, _ in declarations()] == [
        '.stButton button[kind="primary"]',
    ]


# The page (white below, lavender blush at its top) and cards, claims and dashed tags on it.
@pytest.mark.parametrize("ground", [palette.WHITE, palette.LAVENDER_BLUSH])
def test_soft_text_is_readable_on_the_page_and_its_cards(ground):
    assert contrast(palette.TEXT_SOFT, ground) >= READABLE


@pytest.mark.parametrize("verdict", list(palette.VERDICTS))
def test_a_verdict_is_readable_on_its_card_and_on_the_page(verdict):
    colour = palette.VERDICTS[verdict]

    assert contrast(colour, palette.WHITE) >= READABLE
    assert contrast(colour, palette.LAVENDER_BLUSH) >= READABLE


def test_each_verdict_has_a_mark_of_its_own():
    assert set(palette.VERDICT_MARKS) == set(palette.VERDICTS)
    assert len(set(palette.VERDICT_MARKS.values())) == len(palette.VERDICTS)


@pytest.mark.parametrize("stroke", palette.STROKES)
def test_a_stroke_is_seen_on_white(stroke):
    assert contrast(stroke, palette.WHITE) >= READABLE


@pytest.mark.parametrize("vision", VISIONS)
def test_fills_differ_for_everybody(vision):
    assert least_difference(list(palette.FILLS), vision) >= 8


@pytest.mark.parametrize("vision", VISIONS)
def test_strokes_differ_for_everybody(vision):
    assert least_difference(list(palette.STROKES), vision) >= 12


@pytest.mark.parametrize("vision", VISIONS)
def test_the_heatmap_darkens_with_every_step_for_everybody(vision):
    lightness = [lab(seen(colour, vision))[0] for colour in palette.SCALE]

    assert all(lighter - darker >= 5 for lighter, darker in pairwise(lightness))


def test_kinds_of_work_differ_in_more_than_colour():
    looks = {(fill, shape) for fill, _, shape in palette.KIND_COLOURS.values()}

    assert len(looks) == len(palette.KIND_COLOURS)
    assert all(fill != stroke for fill, stroke, _ in palette.KIND_COLOURS.values())


def test_series_repeat_after_the_sixth():
    assert palette.pair(7) == palette.pair(1) == (palette.FILLS[1], palette.STROKES[1])


def test_the_style_sheet_reaches_for_nothing_outside_the_page():
    assert not re.search(r"https?:|url\(|@import", palette.css())


def test_a_figure_gets_the_look_and_is_returned():
    figure = go.Figure()

    returned = palette.plotly_layout(figure, title="A title", height=200)

    assert returned is figure
    assert figure.layout.title.text == "A title"
    assert figure.layout.height == 200
    assert figure.layout.template.layout.font.color == palette.TEXT
    assert figure.layout.template.layout.xaxis.gridcolor == palette.LAVENDER


def test_each_colour_of_the_palette_has_a_dark_counterpart():
    assert palette.darkened(f"{palette.WHITE.lower()} {palette.STROKES[0]}") == (
        f"{palette.darkened(palette.WHITE)} {palette.FILLS[0]}"
    )
    assert palette.adaptive(palette.TEXT) == f"light-dark({palette.TEXT}, #eee9f4)"


@pytest.mark.parametrize("ground", [palette.darkened(ground) for ground in GROUNDS])
def test_text_is_readable_on_every_dark_ground(ground):
    assert contrast(palette.darkened(palette.TEXT), ground) >= 4.5
    assert contrast(palette.darkened(palette.TEXT_SOFT), ground) >= 4.5


def test_the_config_file_holds_every_option():
    text = palette.config_toml()

    assert text.count(" = ") == len(palette.streamlit_options())
    assert '[theme.dark]\nprimaryColor = "#b39bed"' in text


def test_a_module_on_the_kit_has_the_config_file_of_all():
    for module in catalog.modules():
        if (module.folder / "src" / module.package / "dashboard").is_dir():
            path = module.folder / ".streamlit" / "config.toml"
            assert path.read_text(encoding="utf-8") == palette.config_toml(), module.slug
