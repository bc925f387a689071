"""When a line is drawn, what is on it, and which progress is chosen."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Iterator

import pytest

from velvet_cli.color import display_width
from velvet_cli.comparisons.bars import BARS, Naive, Null
from velvet_cli.comparisons.progress import BARE, _main, lap, loop
from velvet_cli.comparisons.running import open_ends
from velvet_cli.progress import Throttled, format_count, format_interval


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0

    def __call__(self) -> float:
        self.asked += 1
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    """A stream whose reader has gone away."""

    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        raise BrokenPipeError

    def isatty(self) -> bool:
        return True


def slowly(items: int, clock: Clock, seconds: float) -> Iterator[int]:
    for item in range(items):
        clock.now += seconds
        yield item


def drawn(stream: io.StringIO) -> list[str]:
    return [part.rstrip() for part in stream.getvalue().replace("\n", "\r").split("\r") if part]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00"), (59.99, "00:59"), (60, "01:00"), (3599, "59:59"), (3600, "1:00:00"),
        (86400, "24:00:00"), (172800, "2d 00h"), (270000, "3d 03h"), (math.inf, "--:--"),
        (math.nan, "--:--"),
    ],
)  # fmt: skip
def test_an_interval_is_shown_as_a_clock_shows_it(seconds: float, text: str) -> None:
    assert format_interval(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"), (999, "999"), (1000, "1.00k"), (12_345, "12.3k"), (999_499, "999k"),
        (999_500, "1.00M"), (1_000_000, "1.00M"), (0.25, "0.25"), (9.999, "10.0"),
        (99.97, "100"), (1e18, "1.00E"), (1e22, "10000E"),
    ],
)  # fmt: skip
def test_a_count_has_three_digits(count: float, text: str) -> None:
    assert format_count(count) == text


@pytest.mark.parametrize("bad", [-1, math.nan, math.inf])
def test_what_is_no_count_or_duration_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="zero or more, not"):
        format_count(bad)
    with pytest.raises(ValueError, match="cannot be negative: -1"):
        format_interval(-1)


def test_a_line_is_drawn_at_most_ten_times_a_second() -> None:
    clock, stream = Clock(), Terminal()

    list(Throttled(stream, clock=clock).wrap(slowly(1280, clock, 1 / 128), 1280, "work"))

    # Ten seconds, and the last line.
    assert 60 <= len(drawn(stream)) <= 101
    assert drawn(stream)[-1].startswith("work: [####")
    assert "100% 1.28k/1.28k 00:10 128/s" in drawn(stream)[-1]


def test_the_clock_is_asked_seldom_when_items_are_quick() -> None:
    clock = Clock()

    list(Throttled(Terminal(), clock=clock).wrap(slowly(100_000, clock, 1e-6), 100_000))

    assert clock.asked < 30


def test_slow_items_are_each_looked_at() -> None:
    clock, stream = Clock(), Terminal()

    list(Throttled(stream, clock=clock).wrap(slowly(5, clock, 2.0), 5))

    assert clock.asked >= 6
    assert len(drawn(stream)) == 6
    assert " 40% 2/5 -00:06 0.50/s" in drawn(stream)[1]


def test_the_rate_is_an_average_that_forgets() -> None:
    clock, stream = Clock(), Terminal()

    def faster() -> Iterator[int]:
        for item in range(30):
            clock.now += 1.0 if item < 10 else 0.2
            yield item

    list(Throttled(stream, clock=clock).wrap(faster(), 30))

    assert "1/s" in drawn(stream)[9]
    assert "2.20/s" in drawn(stream)[10]
    assert "3.04/s" in drawn(stream)[11]
    assert "5/s" in drawn(stream)[-2]


def test_a_line_never_reaches_the_last_cell() -> None:
    for width in (1, 10, 30, 80):
        clock, stream = Clock(), Terminal()
        list(Throttled(stream, width=width, clock=clock).wrap(range(3), 3, "漢字" * 5))

        assert [display_width(part) for part in drawn(stream)] in ([], [width - 1], [width - 2])


def test_a_label_cannot_drive_the_terminal() -> None:
    stream = Terminal()

    list(Throttled(stream).wrap(range(2), 2, "\x1b[2Jlabel"))

    assert "\x1b" not in stream.getvalue()


def test_without_a_total_items_are_counted() -> None:
    clock, stream = Clock(), Terminal()

    list(Throttled(stream, clock=clock).wrap(slowly(20, clock, 0.1), label="work"))

    assert drawn(stream)[-1] == "work: 20 00:02 10/s"


def test_the_total_is_asked_of_the_items() -> None:
    stream = Terminal()

    list(Throttled(stream).wrap([1, 2, 3]))

    assert "100% 3/3" in drawn(stream)[-1]


def test_a_wrong_total_is_harmless() -> None:
    stream = Terminal()

    assert list(Throttled(stream).wrap(range(10), 5)) == list(range(10))
    assert list(Throttled(stream).wrap(range(5), 10)) == list(range(5))

    assert "100% 10/5" in drawn(stream)[-2]
    assert " 50% 5/10" in drawn(stream)[-1]


@pytest.mark.parametrize("total", [-1, 0, 1e18, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("width", [-1, 0, 1, 80])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_total_or_a_width_without_sense_does_not_end_the_work(
    total: float, width: int, terminal: bool
) -> None:
    stream = Terminal() if terminal else io.StringIO()
    items = (item for item in range(3))

    assert list(Throttled(stream, width=width).wrap(items, total)) == [0, 1, 2]
    assert "%" not in stream.getvalue()


def test_without_a_terminal_there_is_a_line_in_ten_percent_or_nothing() -> None:
    clock, stream = Clock(), io.StringIO()

    list(Throttled(stream, clock=clock).wrap(slowly(1000, clock, 0.01), 1000, "work"))
    list(Throttled(stream).wrap(character for character in "no length"))

    lines = stream.getvalue().splitlines()
    assert len(lines) == 10
    assert "\r" not in stream.getvalue()
    assert "100% 1.00k/1.00k" in lines[-1]


def test_a_few_slow_items_make_a_line_each() -> None:
    clock, stream = Clock(), io.StringIO()

    list(Throttled(stream, clock=clock).wrap(slowly(3, clock, 1.0), 3))

    assert len(stream.getvalue().splitlines()) == 3


def test_an_interrupted_loop_ends_its_line() -> None:
    clock, stream = Clock(), Terminal()
    wrapped = Throttled(stream, clock=clock).wrap(slowly(100, clock, 1.0), 100)

    for item in wrapped:
        if item == 9:
            wrapped.close()  # type: ignore[attr-defined]
            break

    assert stream.getvalue().endswith("\n")
    assert " 10% 10/100" in drawn(stream)[-1]


def test_an_error_in_the_items_passes_through() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("lost")

    stream = Terminal()
    with pytest.raises(KeyError, match="lost"):
        list(Throttled(stream).wrap(items(), 2))

    assert stream.getvalue().endswith("\n")


def test_progress_that_cannot_be_written_does_not_end_the_work() -> None:
    clock, stream = Clock(), Broken()

    assert list(Throttled(stream, clock=clock).wrap(slowly(50, clock, 1.0), 50)) == list(range(50))

    assert stream.writes == 1


def test_the_naive_bar_writes_at_every_item() -> None:
    stream = io.StringIO()

    assert list(Naive(stream).wrap(range(10), label="work")) == list(range(10))
    assert list(Naive(stream).wrap(iter("ab"))) == ["a", "b"]

    assert stream.getvalue().count("\r") == 12
    assert "work  50% 5/10" in stream.getvalue()


@pytest.mark.parametrize("name", BARS)
@pytest.mark.parametrize("terminal", [True, False])
def test_every_bar_hands_on_the_items_in_order(name: str, terminal: bool) -> None:
    if name == "tqdm":
        pytest.importorskip("tqdm", reason="pip install tqdm")
    stream = Terminal() if terminal else io.StringIO()
    bar = BARS[name](stream)

    assert list(bar.wrap(iter("abc"), 3, "[x]")) == ["a", "b", "c"]
    assert list(bar.wrap([], label="")) == []


def test_null_returns_what_it_was_given() -> None:
    items = [1, 2]

    assert Null(io.StringIO()).wrap(items, 2, "x") is items


@pytest.mark.parametrize(
    ("bar", "place", "items", "why"),
    [
        ("fast", "pipe", 1, "no bar 'fast'; known are bare, null"),
        ("null", "printer", 1, "place must be one of pty, pipe, not 'printer'"),
        ("null", "pipe", 0, "items must be 1 or more, not 0"),
    ],
)
def test_a_lap_that_makes_no_sense_is_refused(bar: str, place: str, items: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        lap(bar, place, items, env=os.environ)


@pytest.mark.parametrize("bar", [BARE, "throttled"])
def test_the_loop_of_a_lap_takes_time_and_draws_on_its_stream(bar: str) -> None:
    stream = io.StringIO()

    cpu_s, wall_s = loop(bar, 1000, stream)

    assert cpu_s >= 0
    assert wall_s > 0
    assert bool(stream.getvalue()) == (bar != BARE)


def test_the_child_of_a_lap_answers_with_two_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('["null", 10]'))

    _main()

    cpu_s, wall_s = json.loads(capsys.readouterr().out)
    assert cpu_s >= 0
    assert wall_s > 0


def test_where_there_are_no_terminals_a_pipe_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pty", None)

    with pytest.raises(OSError, match="no pseudo-terminals on this system: use a pipe"):
        open_ends("pty")
