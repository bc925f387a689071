"""What every way of thinning keeps, for any line; and what the raster counts, for any cloud."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from velvet_visualization.downsample import METHODS, every_nth, lttb, m4, minmax
from velvet_visualization.raster import datashade, fidelity, line_pixels, rasterize, shade
from velvet_visualization.samples import walk
from velvet_visualization.theme import LIGHT

QUICK = settings(deadline=None, max_examples=60)
VALUES = st.floats(-1e6, 1e6, width=32)
WITH_GAPS = st.one_of(VALUES, st.just(float("nan")))
LINES = st.integers(2, 400).flatmap(
    lambda n: st.tuples(
        arrays(float, n, elements=VALUES).map(np.sort), arrays(float, n, elements=WITH_GAPS)
    )
)


@QUICK
@given(LINES, st.integers(4, 120), st.sampled_from(sorted(METHODS)))
def test_indices_are_sorted_and_apart_and_keep_both_ends(line, points, method) -> None:  # type: ignore[no-untyped-def]
    x, y = line

    kept = METHODS[method](x, y, points)

    assert (np.diff(kept) > 0).all()
    assert kept[0] == 0
    assert kept[-1] == len(x) - 1
    gaps = int((np.diff((~np.isfinite(y)).astype(int)) == 1).sum()) + 1
    assert len(kept) <= points + 2 + 4 * gaps


@QUICK
@given(LINES, st.integers(4, 120), st.sampled_from(["minmax", "m4"]))
def test_extremes_are_kept(line, points, method) -> None:  # type: ignore[no-untyped-def]
    x, y = line
    kept = METHODS[method](x, y, points)

    if np.isfinite(y).any():
        assert np.nanmin(y[kept]) == np.nanmin(y)
        assert np.nanmax(y[kept]) == np.nanmax(y)


@QUICK
@given(LINES, st.integers(4, 120), st.sampled_from(sorted(METHODS)))
def test_a_gap_stays_a_gap(line, points, method) -> None:  # type: ignore[no-untyped-def]
    x, y = line
    if method == "every_nth" or np.isfinite(y).all():
        return

    kept = METHODS[method](x, y, points)

    assert (~np.isfinite(y[kept])).any()


@QUICK
@given(st.integers(500, 3000), st.integers(0, 50))
def test_m4_on_the_pixels_own_columns_changes_no_pixel(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = np.sort(random.uniform(0, 100, n)), random.normal(size=n)

    assert fidelity(x, y, m4(x, y, 4 * 100), width=100, height=60).changed == 0


def test_every_nth_loses_the_spike_and_the_others_keep_it() -> None:
    x, y = walk(50_000)

    kept = {name: method(x, y, 3200) for name, method in METHODS.items()}

    spike = int(np.argmax(y))
    assert [name for name, one in kept.items() if spike not in one] == ["every_nth"]
    changed = {name: fidelity(x, y, one).changed for name, one in kept.items()}
    assert changed["m4"] == 0
    assert changed["every_nth"] > 5 * changed["minmax"]


@pytest.mark.parametrize("method", METHODS.values())
def test_what_cannot_be_thinned_is_refused(method) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="too few"):
        method(np.arange(9.0), np.arange(9.0), 1)
    with pytest.raises(ValueError, match="x has 9 values and y has 8"):
        method(np.arange(9.0), np.arange(8.0), 5)
    with pytest.raises(ValueError, match="rising order"):
        method(np.array([2.0, 1]), np.array([1.0, 2]), 5)
    with pytest.raises(ValueError, match="finite"):
        method(np.array([1.0, np.nan]), np.array([1.0, 2]), 5)


def test_short_and_empty_lines_are_kept_whole() -> None:
    x, nothing = np.arange(3.0), np.full(3, np.nan)

    for method in METHODS.values():
        assert list(method(x, x, 10)) == [0, 1, 2]
    assert list(minmax(np.arange(9.0), np.full(9, np.nan), 4)) == [0, 8]
    assert list(lttb(x, nothing, 3)) == [0, 1, 2]
    assert list(every_nth(x[:0], x[:0], 2)) == []


def test_a_level_line_covers_one_row_and_a_gap_nothing() -> None:
    frame = (10, 5, (0.0, 9.0), (0.0, 5.0))
    x = np.arange(10.0)

    level = line_pixels(x, np.full(10, 2.5), *frame)
    broken = line_pixels(x, np.where(x == 5, np.nan, 2.5), *frame)

    assert level.sum() == 10
    assert level[2].all()
    assert 7 <= broken.sum() < 10


def test_a_line_that_leaves_its_frame_far_behind_costs_what_the_frame_shows() -> None:
    shown = line_pixels(np.array([0.0, 1e12]), np.array([0.0, 1e300]), 10, 5, (0, 1e-3), (0, 1e286))

    assert shown.sum() == 10
    assert shown[0].all()


CLOUD = arrays(float, st.tuples(st.just(2), st.integers(0, 200)), elements=st.floats(-2, 12))


@QUICK
@given(CLOUD, st.integers(1, 30), st.integers(1, 30))
def test_the_raster_counts_as_numpy_does(points, width: int, height: int) -> None:  # type: ignore[no-untyped-def]
    x, y = points

    counts = rasterize(x, y, width, height, (0.0, 10.0), (0.0, 10.0))

    inside = ((x >= 0) & (x <= 10) & (y >= 0) & (y <= 10)).sum()
    assert counts.shape == (height, width)
    assert counts.sum() == inside


def test_the_raster_agrees_with_histogram2d_and_datashader() -> None:
    random = np.random.default_rng(5)
    x, y = random.uniform(0, 10, (2, 5000))
    x[0] = np.nan
    whole, _, _ = np.histogram2d(y[1:], x[1:], bins=(16, 32), range=((0, 10), (0, 10)))

    counts = rasterize(x, y, 32, 16, (0, 10), (0, 10))

    assert (counts == whole).all()
    pytest.importorskip("datashader", reason="pip install -r requirements-peers.txt")
    assert (datashade(x, y, 32, 16, (0, 10), (0, 10)) == counts).all()


@pytest.mark.parametrize("how", ["linear", "log", "eq_hist"])
def test_empty_pixels_are_transparent_and_full_ones_dark(how) -> None:  # type: ignore[no-untyped-def]
    counts = np.array([[0.0, 1.0], [10.0, 1000.0]])

    picture = shade(counts, LIGHT.ramp, how)

    assert picture[1, 0, 3] == 0  # the bottom row comes last
    assert picture[0, 1, :3].tolist() == [0x3B, 0x1A, 0x66]
    assert shade(counts * 0, LIGHT.ramp, how)[..., 3].sum() == 0
    with pytest.raises(ValueError, match="choose linear, log, eq_hist"):
        shade(counts, LIGHT.ramp, "root")  # type: ignore[arg-type]


def test_a_raster_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="0 x 5 has no pixel"):
        rasterize(np.array([1.0]), np.array([1.0]), 0, 5, (0, 1), (0, 1))


def largest_triangles(x: list[float], y: list[float], points: int) -> list[int]:
    """Choose as Steinarsson describes it: in each bucket the largest triangle (shoelace formula)."""
    n, chosen = len(x), [0]
    edges = [int(edge) for edge in np.linspace(1, n - 1, points - 1)] + [n]
    for start, stop, after in zip(edges, edges[1:], edges[2:], strict=False):
        mean_x, mean_y = (sum(one[stop:after]) / (after - stop) for one in (x, y))
        a, b = x[chosen[-1]], y[chosen[-1]]
        areas = [
            abs(a * (y[i] - mean_y) + x[i] * (mean_y - b) + mean_x * (b - y[i]))
            for i in range(start, stop)
        ]
        chosen.append(start + areas.index(max(areas)))
    return [*chosen, n - 1]


@pytest.mark.parametrize("points", [3, 4, 7, 40])
@pytest.mark.parametrize("seed", range(5))
def test_lttb_keeps_the_largest_triangles(points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.cumsum(rng.uniform(0.1, 1.0, 200)), rng.normal(0, 10, 200)

    assert list(lttb(x, y, points)) == largest_triangles(x.tolist(), y.tolist(), points)
