"""Known values of contrast, colour vision and colour difference; palettes that pass and fail."""

from __future__ import annotations

import numpy as np
import pytest

from velvet.ui.palette import FILLS, STROKES
from velvet_visualization.contrast import (
    VISIONS,
    Vision,
    audit,
    audit_theme,
    contrast,
    delta_e,
    lab,
    redundant,
    simulate,
)
from velvet_visualization.errors import PaletteError
from velvet_visualization.samples.palettes import STOCK
from velvet_visualization.theme import DARK, LIGHT, Theme


@pytest.mark.parametrize(
    ("a", "b", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#FFFFFF", 4.48),
        ("#abcdef", "#abcdef", 1.0),
    ],
)
def test_contrast_has_the_values_of_wcag(a: str, b: str, ratio: float) -> None:
    assert contrast(a, b) == contrast(b, a) == ratio


@pytest.mark.parametrize("bad", ["red", "#fff", "#12345g", "#1234567", ""])
def test_what_is_no_colour_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="a colour is #rrggbb"):
        contrast(bad, "#000000")


@pytest.mark.parametrize("vision", VISIONS)
def test_white_and_black_look_the_same_to_everybody(vision: Vision) -> None:
    assert simulate("#ffffff", vision) == "#ffffff"
    assert simulate("#000000", vision) == "#000000"
    assert simulate("#C52666", vision, 0.0) == "#c52666"


def test_red_and_green_meet_for_protanopia_and_not_for_tritanopia() -> None:
    red, green = "#b04020", "#5a6a20"

    near, far = (delta_e(simulate(red, v), simulate(green, v)) for v in ("protan", "tritan"))

    assert near < far / 2


@pytest.mark.parametrize("severity", [-0.1, 1.1, float("nan")])
def test_a_severity_outside_its_range_is_refused(severity: float) -> None:
    with pytest.raises(ValueError, match="choose 0"):
        simulate("#123456", "protan", severity)


def test_the_difference_agrees_with_scikit_image() -> None:
    color = pytest.importorskip("skimage.color", reason="pip install -r requirements-peers.txt")
    random = np.random.default_rng(0)
    colors = [f"#{one:06x}" for one in random.integers(0, 1 << 24, 1000)] + ["#808080", "#000000"]

    for a, b in zip(colors[::2], colors[1::2], strict=True):
        assert delta_e(a, b) == pytest.approx(float(color.deltaE_ciede2000(lab(a), lab(b))))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_project_palette_passes(theme: Theme) -> None:
    report = audit_theme(theme)

    assert report.ok, report.problems
    assert redundant(theme, 6)


def test_it_is_the_palette_of_the_project() -> None:
    assert (LIGHT.fills, LIGHT.strokes) == (FILLS, STROKES)


@pytest.mark.parametrize("name", STOCK)
def test_no_stock_palette_carries_meaning_alone(name: str) -> None:
    assert not audit(STOCK[name]).ok


def test_a_theme_without_markers_is_not_redundant() -> None:
    assert not redundant(Theme(LIGHT.fills, LIGHT.strokes, markers=("circle",) * 6), 3)


def test_a_theme_with_fewer_fills_than_strokes_has_as_many_styles_as_fills() -> None:
    with pytest.raises(PaletteError, match="2 series, but the palette keeps 1 apart"):
        Theme(LIGHT.fills[:1], LIGHT.strokes).styles(2)


def test_pale_text_is_named() -> None:
    assert "text has a contrast of 1.6" in audit(["#000000"], ink="#cccccc").problems[0]
