"""For any chart: the same facts from four libraries, and the same chart back from JSON."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from velvet_visualization.chart_test import problems
from velvet_visualization.contenders import NAMES
from velvet_visualization.contrast import contrast, delta_e, simulate
from velvet_visualization.describe import MAX_ALT, alt_text
from velvet_visualization.scene import prepare
from velvet_visualization.spec import Channel, ChartSpec

LABELS = st.text(max_size=30)
COLORS = st.integers(0, (1 << 24) - 1).map(lambda one: f"#{one:06x}")
NUMBERS = st.one_of(st.floats(-1e9, 1e9), st.just(float("nan")))


@st.composite
def specs(draw):  # type: ignore[no-untyped-def]
    """Any scatter plot, line or area of one to three series."""
    kind = draw(st.sampled_from(["scatter", "line", "area"]))
    n = draw(st.integers(1, 12))
    log = kind != "area" and draw(st.booleans())
    y = draw(st.lists(st.floats(1e-6, 1e9) if log else NUMBERS, min_size=n, max_size=n))
    y[0] = 1.0  # something is there
    names = draw(st.lists(LABELS, min_size=1, max_size=3, unique=True))
    step = draw(st.floats(0.001, 1e6))
    data = {"x": np.arange(n) * step, "y": y, "s": [names[k % len(names)] for k in range(n)]}
    axes = Channel("x", draw(LABELS)), Channel("y", draw(LABELS), "log" if log else "linear")
    return ChartSpec(kind, data, *axes, draw(st.sampled_from(["", "s"])), title=draw(LABELS))


@settings(
    max_examples=6,  # of four libraries each
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(specs())
def test_four_libraries_show_the_same_facts(spec: ChartSpec) -> None:
    scene = prepare(spec)

    assert {name: problems(name, scene) for name in NAMES} == {name: [] for name in NAMES}


@settings(deadline=None, max_examples=50)
@given(specs())
def test_json_round_trip_and_alternative_text(spec: ChartSpec) -> None:
    again = ChartSpec.from_json(spec.to_json())

    assert again.to_json() == spec.to_json()
    assert 0 < len(alt_text(prepare(again))) <= MAX_ALT


@settings(deadline=None)
@given(COLORS, COLORS)
def test_contrast_and_difference_are_symmetric(a: str, b: str) -> None:
    assert 1 <= contrast(a, b) == contrast(b, a) <= 21
    assert delta_e(a, b) == delta_e(b, a) or abs(delta_e(a, b) - delta_e(b, a)) < 1e-9
    assert delta_e(a, a) == 0
    assert len(simulate(a, "deutan", 0.5)) == 7
