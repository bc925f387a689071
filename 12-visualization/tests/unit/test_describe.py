"""The sentence, the table, the chunk: what a chart says without being seen."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from velvet_visualization.describe import (
    MAX_ALT,
    accessible_html,
    alt_text,
    annotate_svg,
    data_table,
)
from velvet_visualization.export import export
from velvet_visualization.samples import cloud, example
from velvet_visualization.scene import prepare
from velvet_visualization.spec import KINDS, Channel, ChartSpec, Kind

X, Y = Channel("x", "time (s)"), Channel("y", "heat (K)")


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([1, 2, 9], "rising, highest 9 at 3"),
        ([9, 2, 1], "falling, highest 9 at 1"),
        ([5, 9, 5.1], "about level, highest 9 at 2"),
        ([5, np.nan, 7], "highest 7 at 3"),
    ],
)
def test_a_line_is_told_by_trend_and_extreme(y: list[float], words: str) -> None:
    spec = ChartSpec("line", {"x": [1, 2, 3], "y": y}, X, Y, title="Oven")

    text = alt_text(prepare(spec))

    assert text.startswith("Line chart \u201cOven\u201d: heat (K) by time (s), ")
    assert text.endswith(f"; {words}.")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_sentence(kind: Kind) -> None:
    assert 40 < len(alt_text(prepare(example(kind)))) <= MAX_ALT


def test_a_text_of_the_author_wins_and_a_long_title_is_cut() -> None:
    own = ChartSpec("line", {"x": [1], "y": [1]}, X, Y, alt="What matters here.")
    labels = Channel("x", "l" * 99), Channel("y", "m" * 99)
    long = ChartSpec("line", {"x": [1], "y": [1]}, *labels, title="t" * 500)

    assert alt_text(prepare(own)) == "What matters here."
    assert len(alt_text(prepare(long))) == MAX_ALT


def test_a_series_without_a_mark_is_told() -> None:
    data = {"x": [1, 2], "y": [1, np.nan], "s": ["a", "b"]}

    assert "b without a mark" in alt_text(prepare(ChartSpec("scatter", data, X, Y, "s")))


def test_the_table_is_cut_and_says_so() -> None:
    table = data_table(prepare(cloud(200)))

    assert table.count("<tr>") == 51
    assert "The first 50 of 200 rows." in table
    assert "<p>" not in data_table(prepare(cloud(9)))
    assert '<th scope="col">value</th>' in data_table(prepare(example("heatmap")))
    assert "2026-03-01T00:00" in data_table(prepare(example("line")))


def test_a_gap_is_called_missing_and_a_text_without_a_picture_is_refused() -> None:
    gap = prepare(ChartSpec("line", {"x": [1, 2], "y": [np.nan, 7]}, X, Y))

    assert "<td>1</td><td>missing</td>" in data_table(gap)
    with pytest.raises(ValueError, match="there is no <svg>"):
        annotate_svg("<p>", gap)


def test_labels_are_escaped_in_the_page() -> None:
    spec = ChartSpec("line", {"x": [1], "y": [1]}, Channel("x", "<i>"), Y, title='"><script>')

    page = accessible_html("<html><head><title>old</title></head><body>chart</body></html>",
                           prepare(spec))  # fmt: skip

    assert "<script>" not in page
    assert "<title>&quot;&gt;&lt;script&gt;</title>" in page
    assert "old" not in page
    assert "&lt;i&gt;" in page


def test_a_fragment_without_a_body_is_kept() -> None:
    assert "just this" in accessible_html("just this", prepare(cloud(3)))


def test_the_png_carries_its_description() -> None:
    scene = prepare(example("bar"))

    with Image.open(io.BytesIO(export(scene, "matplotlib", "png"))) as picture:
        assert picture.info["Description"] == alt_text(scene)
