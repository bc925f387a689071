"""Whatever the items, their number and the time that they take: nothing is lost and no line is wide."""

from __future__ import annotations

import io
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velvet_cli.color import display_width
from velvet_cli.progress import Throttled, format_count, format_interval

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Stream(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@given(
    steps=st.lists(st.floats(0, 1000), max_size=60),
    total=st.none() | st.integers(1, 100),
    label=st.text(max_size=30),
    width=st.integers(1, 120),
    terminal=st.booleans(),
)
@quick
def test_items_pass_unchanged_and_lines_fit(
    steps: list[float], total: int | None, label: str, width: int, terminal: bool
) -> None:
    now = [0.0]
    stream = Stream(terminal)
    wrapped = Throttled(stream, width=width, clock=lambda: now[0]).wrap(steps, total, label)

    seen = []
    for step in wrapped:
        now[0] += step
        seen.append(step)

    assert seen == steps
    for line in re.split(r"[\r\n]", stream.getvalue()):
        assert display_width(line) < max(2, width)


@given(st.floats(0, 1e20))
@quick
def test_a_count_is_short_and_near_the_truth(count: float) -> None:
    text = format_count(count)

    factor = 1000.0 ** " kMGTPE".index(text[-1]) if text[-1].isalpha() else 1.0
    assert abs(float(text.rstrip("kMGTPE")) * factor - count) <= max(0.005, 0.0051 * count)
    assert len(text) <= 6 or count >= 1e21


@given(st.integers(0, 48 * 3600 - 1))
@quick
def test_an_interval_below_two_days_can_be_read_back(seconds: int) -> None:
    total = 0
    for part in format_interval(seconds).split(":"):
        total = total * 60 + int(part)

    assert total == seconds
