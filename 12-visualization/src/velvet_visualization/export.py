"""From a specification to a file: which engine writes it, and never half of one.

`reduce` is the way out of `TooManyPoints`: it thins lines and counts clouds before any library
sees them, so that ten million points cost their reader no more than a screen has pixels.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from velvet_visualization.browser import BrowserSession, find_browser
from velvet_visualization.contender import FORMATS, Engine, Format
from velvet_visualization.contenders import NAMES, load
from velvet_visualization.describe import accessible_html, annotate_png, annotate_svg
from velvet_visualization.downsample import m4
from velvet_visualization.errors import UnsupportedExport
from velvet_visualization.raster import rasterize
from velvet_visualization.scene import Scene, Series, prepare
from velvet_visualization.spec import KINDS, ChartSpec
from velvet_visualization.theme import LIGHT, Theme


@dataclass(frozen=True)
class Capability:
    """What one library needs for one format here."""

    library: str
    fmt: Format
    engine: str
    browser: bool
    available: bool
    deterministic: bool


def capability_matrix() -> list[Capability]:
    """Return what each library can write on this machine, one row a library and format."""
    browser = find_browser() is not None
    rows = []
    for name in NAMES:
        for fmt in FORMATS:
            engine = load(name).EXPORTS[fmt]
            here = browser or not engine.browser
            row = (name, fmt, engine.name, engine.browser, here, engine.deterministic)
            rows.append(Capability(*row))
    return rows


def export(
    spec: ChartSpec | Scene,
    library: str,
    fmt: Format,
    path: str | Path | None = None,
    *,
    session: BrowserSession | None = None,
    theme: Theme = LIGHT,
) -> bytes:
    """Return a file with its alternative text inside; written to `path` whole or not at all.

    Args:
        session: reused where the library's engine is a browser; without one, a browser is
            started for this one file, which is what makes one-shot exports slow.

    Raises:
        BrowserUnavailable: the engine is a browser and there is none.
        UnsupportedExport: an unknown format.
        TooManyPoints: more than the library carries.
    """
    module, engine = load(library), _engine(library, fmt)
    scene = spec if isinstance(spec, Scene) else prepare(spec, theme)
    figure = module.build(scene)
    if engine.browser and session is None:
        with BrowserSession() as own:
            made = module.export(figure, fmt, own)
    else:
        made = module.export(figure, fmt, session)
    made = _annotated(made, fmt, scene)
    if path is not None:
        atomic_write(Path(path), made)
    return made


def _engine(library: str, fmt: Format) -> Engine:
    module = load(library)
    if fmt not in module.EXPORTS:
        raise UnsupportedExport(module.LABEL, str(fmt), tuple(module.EXPORTS))
    return module.EXPORTS[fmt]


def _annotated(made: bytes, fmt: Format, scene: Scene) -> bytes:
    if fmt == "svg":
        return annotate_svg(made.decode(), scene).encode()
    if fmt == "html":
        return accessible_html(made.decode(), scene).encode()
    return annotate_png(made, scene) if fmt == "png" else made


def export_many(
    specs: Iterable[ChartSpec], library: str, fmt: Format, folder: str | Path
) -> list[Path]:
    """Write each chart to a numbered file in a folder, with one browser for all of them; errors as `export`."""
    target = Path(folder)
    needs = _engine(library, fmt).browser
    written = []

    def write(session: BrowserSession | None) -> None:
        for number, spec in enumerate(specs):
            path = target / f"chart-{number:03d}.{fmt}"
            export(spec, library, fmt, path, session=session)
            written.append(path)

    if needs:
        with BrowserSession() as session:
            write(session)
    else:
        write(None)
    return written


def atomic_write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; an existing one keeps its mode and its links."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    beside = target.with_name(f".{target.name[:40]}-{secrets.token_hex(6)}")
    try:
        beside.touch(0o600, exist_ok=False)
        beside.write_bytes(content)
        beside.chmod(mode)
        beside.replace(target)
    finally:
        with suppress(OSError):
            beside.unlink()


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@dataclass(frozen=True)
class Strategy:
    """What to do with that many marks, and why."""

    way: str
    reason: str


def choose(kind: str, marks: int) -> Strategy:
    """Return how to draw that many marks of a kind, by what was measured in this module; else ValueError."""
    if kind not in KINDS or not marks >= 0:
        raise ValueError(f"{marks} marks of {kind!r}: kinds are {', '.join(KINDS)}")
    if kind not in ("line", "area", "scatter") or marks <= 10_000:
        return Strategy("direct", "every library draws them and every browser carries them")
    if kind in ("line", "area"):
        return Strategy("m4", "four points a pixel column draw the same line")
    if marks <= 100_000:
        return Strategy("webgl", "SVG would make a node of every mark")
    return Strategy("raster", "more marks than pixels: count them instead")


def reduce(spec: ChartSpec | Scene, theme: Theme = LIGHT) -> Scene:
    """Return a scene that any library carries: lines by M4, clouds as counted cells.

    A cloud above 100,000 points becomes a heatmap of counts with the cloud's own axes.
    """
    scene = spec if isinstance(spec, Scene) else prepare(spec, theme)
    way = choose(scene.kind, scene.marks).way
    if way == "m4":
        return replace(scene, series=tuple(_thinned(one, scene) for one in scene.series))
    return _counted(scene) if way == "raster" else scene


def _thinned(one: Series, scene: Scene) -> Series:
    order = np.argsort(one.x, kind="stable")
    x, y = one.x[order], one.y[order]
    kept = m4(x, y, 4 * scene.width, scene.x.domain)
    return replace(one, x=x[kept], y=y[kept])


def _counted(scene: Scene, cells: int = 60) -> Scene:
    x = np.concatenate([one.x for one in scene.series])
    y = np.concatenate([one.y for one in scene.series])
    places: list[Any] = []
    axes = []
    for every, axis in ((x, scene.x), (y, scene.y)):
        values, (low, high) = every, axis.domain
        if axis.scale == "log":
            values, low, high = np.log10(values), np.log10(low), np.log10(high)
        edges = np.linspace(low, high, cells + 1)
        middles = (edges[:-1] + edges[1:]) / 2
        if axis.scale == "log":
            middles = 10**middles
        names = tuple(dict.fromkeys(f"{one:.4g}" for one in middles))
        if axis.scale == "time" or len(names) < cells:
            names = tuple(f"{n + 1}" for n in range(cells))
        axes.append(replace(axis, scale="category", domain=(-0.5, cells - 0.5), categories=names))
        places.append((values, (float(low), float(high))))
    (xs, x_domain), (ys, y_domain) = places
    counts = rasterize(xs, ys, cells, cells, x_domain, y_domain)
    rows, columns = np.nonzero(counts)
    cell = Series(
        "", scene.series[0].style, columns.astype(float), rows.astype(float), counts[rows, columns]
    )
    return replace(scene, kind="heatmap", x=axes[0], y=axes[1], series=(cell,))
