"""A test of a chart that needs no stored picture, and seven bugs that prove it.

`problems` builds the chart, reads its facts back from the library's own objects, and compares
them with what the data say; then it audits what facts cannot see: contrast, redundancy, alternative
text. `BUGS` breaks a scene in seven ways that reviews miss. A picture test with one stored PNG
finds some of them, needs a picture for every platform, and fails when only the font changes.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velvet_visualization.contenders import load
from velvet_visualization.contrast import audit_theme, redundant
from velvet_visualization.describe import MAX_ALT, alt_text
from velvet_visualization.facts import ChartFacts, diff_facts, expected
from velvet_visualization.scene import Scene


def problems(library: str, scene: Scene, figure: Any | None = None) -> list[str]:
    """Return what is wrong with a library's figure of a scene; empty is a pass.

    Args:
        figure: what the application drew; built from the scene by default.
    """
    module = load(library)
    shown = module.facts(module.build(scene) if figure is None else figure)
    found = diff_facts(expected(scene), shown)
    found += [f"theme: {one}" for one in audit_theme(scene.theme).problems]
    if scene.legend and not redundant(scene.theme, len(scene.series)):
        found.append("theme: series are told apart by colour alone")
    if not 0 < len(alt_text(scene)) <= MAX_ALT:
        found.append(f"alternative text of {len(alt_text(scene))} letters")
    if scene.kind in ("bar", "area", "histogram") and not _from_zero(shown):
        found.append("y_domain: bars and areas that do not stand on zero exaggerate")
    return found


def _from_zero(shown: ChartFacts) -> bool:
    low, high = shown.y_domain
    return low <= 0 <= high


def _series(scene: Scene, number: int, **changes: Any) -> Scene:
    changed = list(scene.series)
    changed[number] = replace(changed[number], **changes)
    return replace(scene, series=tuple(changed))


def _wrong_label(scene: Scene) -> Scene:
    return replace(scene, y=replace(scene.y, label=f"{scene.y.label} (%)"))


def _cut_axis(scene: Scene) -> Scene:
    low, high = scene.y.domain
    return replace(scene, y=replace(scene.y, domain=(low + 0.2 * (high - low), high)))


def _lost_series(scene: Scene) -> Scene:
    return replace(scene, series=scene.series[:-1])


def _lost_point(scene: Scene) -> Scene:
    return _series(scene, 0, x=scene.series[0].x[:-1], y=scene.series[0].y[:-1])


def _swapped_colors(scene: Scene) -> Scene:
    first, second = (scene.series[n].style for n in (0, 1))
    return _series(_series(scene, 0, style=second), 1, style=first)


def _linear_not_log(scene: Scene) -> Scene:
    return replace(scene, y=replace(scene.y, scale="linear"))


def _shifted_by_one(scene: Scene) -> Scene:
    return _series(scene, 1, y=np.roll(scene.series[1].y, 1))


# Each takes a scene of several series with a logarithmic y axis, and returns a wrong one.
BUGS: dict[str, Callable[[Scene], Scene]] = {
    "an axis says per cent": _wrong_label,
    "an axis is cut": _cut_axis,
    "a series is missing": _lost_series,
    "the last point is missing": _lost_point,
    "two colours are swapped": _swapped_colors,
    "linear instead of log": _linear_not_log,
    "values moved by one row": _shifted_by_one,
}


@dataclass(frozen=True)
class VisualDiff:
    """How two pictures of one size differ.

    Attributes:
        changed: the share of pixels that differ by more than smoothing does.
        box: left, top, right, bottom of what changed; None when nothing did.
    """

    changed: float
    rms: float
    box: tuple[int, int, int, int] | None


def pixels(png: bytes) -> NDArray[np.int16]:
    """Return a PNG as rows of RGB on white; OSError for what Pillow cannot read."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        whole = picture.convert("RGBA")
        ground = Image.new("RGBA", whole.size, "white")
        return np.asarray(Image.alpha_composite(ground, whole).convert("RGB")).astype(np.int16)


def compare(a: bytes, b: bytes, *, tolerance: int = 24) -> VisualDiff:
    """Compare two PNGs; pictures of different sizes differ everywhere.

    Args:
        tolerance: of one channel, out of 255, below which a pixel counts as the same; else ValueError.
    """
    if not 0 <= tolerance <= 255:
        raise ValueError(f"tolerance is {tolerance}: choose 0 to 255")
    first, second = pixels(a), pixels(b)
    if first.shape != second.shape:
        return VisualDiff(1.0, 255.0, (0, 0, first.shape[1], first.shape[0]))
    apart = np.abs(first - second).max(axis=2)
    rows, columns = np.nonzero(apart > tolerance)
    box = None
    if len(rows):
        box = (
            int(np.min(columns)),
            int(np.min(rows)),
            int(np.max(columns)),
            int(np.max(rows)),
        )
    rms = float(np.sqrt(np.mean((first - second).astype(float) ** 2)))
    return VisualDiff(len(rows) / apart.size, rms, box)
