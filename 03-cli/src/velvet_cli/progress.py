"""A progress bar that the loop does not feel.

What makes a bar slow is asking at every item whether to draw. Here an item costs one comparison of
integers; the clock is read about twenty times a second, a line is written at most ten times.
Nothing may harm the work: a total without sense counts as unknown, a failing stream is left alone.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from operator import length_hint
from typing import TextIO, TypeVar

from velvet_cli.color import display_width, is_terminal, strip_ansi

T = TypeVar("T")
DRAW_EVERY_S = 0.1
LOOK_EVERY_S = DRAW_EVERY_S / 2
SMOOTHING = 0.3  # weight of the newest interval in the average rate
TICK_S = 1e-9  # no clock tells less apart
STEPS = 10  # lines over a whole run where there is no terminal
_UNITS = ("", "k", "M", "G", "T", "P", "E")


class Throttled:
    """Draw progress on a terminal, one line in ten percent elsewhere; not thread-safe.

    `stream`: usually standard error; `interactive`: whether lines may be drawn over, by default
    whether it is a terminal; `width`: cells of a line; `clock`: seconds, monotonic.
    """

    name = "throttled"

    def __init__(
        self,
        stream: TextIO,
        *,
        interactive: bool | None = None,
        width: int = 80,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream: TextIO | None = stream
        self._interactive = is_terminal(stream) if interactive is None else interactive
        self._width, self._clock = max(1, width), clock

    def wrap(
        self, iterable: Iterable[T], total: float | None = None, label: str = ""
    ) -> Iterator[T]:
        """Yield the items and show how far it is; about 20 ns an item beyond the loop itself.

        `total`: asked of the iterable by default, wrong is harmless; escapes in the label are
        removed.
        """
        expected = total if total and 0 < total < 1e18 else length_hint(iterable) or None
        meter = _Meter(expected, strip_ansi(label)[: 4 * self._width], self._clock())
        count, due = 0, 1
        try:
            for count, item in enumerate(iterable, 1):
                yield item
                if count >= due:
                    now = self._clock()
                    due = count + meter.pace(count, now)
                    self._show(meter, count, now)
        finally:
            self._finish(meter, count)

    def _show(self, meter: _Meter, count: int, now: float) -> None:
        if self._interactive:
            if now - meter.drawn >= DRAW_EVERY_S:
                meter.advance(count, now)
                self._write(f"\r{meter.line(count, now, self._width)}")
        elif meter.total and count * STEPS >= meter.total * (meter.step + 1):
            meter.step = int(count * STEPS // meter.total)
            if count < meter.total:
                meter.advance(count, now)
                self._write(meter.line(count, now, self._width).rstrip() + "\n")

    def _finish(self, meter: _Meter, count: int) -> None:
        if self._interactive or meter.total:
            line = meter.line(count, self._clock(), self._width).rstrip()
            self._write(f"\r{line}\n" if self._interactive else f"{line}\n")

    def _write(self, text: str) -> None:
        """Write, and never again once the stream has failed: progress must not end the work."""
        if self._stream is not None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):
                self._stream = None


class _Meter:
    """Where a run stands: its average rate, and how many items may pass before the next look."""

    def __init__(self, total: float | None, label: str, now: float) -> None:
        self.total, self.label = total, label
        self.began = self.drawn = self._looked = now
        self.step = self._count = self._passed = 0
        self._rate = 0.0

    def pace(self, count: int, now: float) -> int:
        """Return how many items to let pass, from how long the last ones took."""
        passed, took = count - self._passed, now - self._looked
        self._passed, self._looked = count, now
        # At most doubled, so that a start on cached items does not blind it to slow ones.
        wanted = passed * LOOK_EVERY_S / max(took, TICK_S)
        return max(1, min(int(wanted), passed * 2))

    def advance(self, count: int, now: float) -> None:
        """Take the rate since the last line into the average."""
        rate = (count - self._count) / max(now - self.drawn, TICK_S)
        self._rate += (rate - self._rate) * (SMOOTHING if self._count else 1.0)
        self._count, self.drawn = count, now

    def line(self, count: int, now: float, width: int) -> str:
        """Return one line of exactly `width` - 1 cells: the last cell makes some terminals wrap."""
        took = now - self.began
        rate = self._rate or count / max(took, TICK_S)
        speed = f"{format_count(round(rate, 2))}/s"
        text = f"{self.label}: " if self.label else ""
        if self.total:
            share = min(1.0, count / self.total)
            left = (self.total - count) / rate if rate and count <= self.total else 0.0
            eta = format_interval(took) if count >= self.total else f"-{format_interval(left)}"
            tail = f" {share:4.0%} {format_count(count)}/{format_count(self.total)} {eta} {speed}"
            room = width - 1 - display_width(text) - len(tail) - 2
            bar = f"[{('#' * int(share * room)).ljust(room, '.')}]" if room >= 5 else ""
            text += bar + tail
        else:
            text += f"{format_count(count)} {format_interval(took)} {speed}"
        # Cut or filled to so many cells, without splitting a wide character.
        fits = bisect_right(range(len(text) + 1), width - 1, key=lambda n: display_width(text[:n]))
        text = text[: fits - 1]
        return text + " " * (width - 1 - display_width(text))


def format_interval(seconds: float) -> str:
    """Return a duration as ``mm:ss``, ``h:mm:ss`` or ``2d 03h``; ``--:--`` where it is unknown.

    Seconds are rounded down, as a clock shows them; ValueError: the duration is negative.
    """
    if not math.isfinite(seconds):
        return "--:--"
    if seconds < 0:
        raise ValueError(f"a duration cannot be negative: {seconds!r} s")
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24}d {hours % 24:02}h"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def format_count(count: float) -> str:
    """Return a count with three digits and a decimal prefix: ``999``, ``1.00k``, ``12.3M``.

    Raises ValueError: the count is negative or no number.
    """
    if not count >= 0 or math.isinf(count):
        raise ValueError(f"a count must be zero or more, not {count!r}")
    if count < 1000 and float(count).is_integer():
        return str(int(count))
    power = 0
    # Half a unit of the last digit more would round up to the next prefix.
    while count >= 999.5 and power < len(_UNITS) - 1:
        count /= 1000
        power += 1
    digits = 2 if count < 9.995 else 1 if count < 99.95 else 0
    return f"{count:.{digits}f}{_UNITS[power]}"
