"""A progress bar that the loop does not feel.

What makes a bar slow is not drawing but asking at every item whether to draw. Here an item costs
one comparison of integers; the clock is read once in so many items that readings are about a
twentieth of a second apart, and a line is written at most ten times a second. When items become
slower at once, the next line is late by that many items at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from operator import length_hint
from typing import TextIO, TypeVar

from velvet_cli.color import display_width, is_terminal, strip_ansi
from velvet_cli.progress.formatting import format_count, format_interval

T = TypeVar("T")
DRAW_EVERY_S = 0.1
LOOK_EVERY_S = DRAW_EVERY_S / 2
SMOOTHING = 0.3  # weight of the newest interval in the average rate
TICK_S = 1e-9  # no clock tells less apart
STEPS = 10  # lines over a whole run where there is no terminal


class Throttled:
    """Draw progress on a terminal, one line in ten percent elsewhere; not thread-safe.

    Args:
        stream: usually standard error: standard output is for data.
        interactive: whether lines may be drawn over; by default whether it is a terminal.
        lines: without a terminal, write a line per ten percent; otherwise stay silent.
        width: cells of a line.
        clock: seconds, monotonic.
    """

    name = "throttled"

    def __init__(
        self,
        stream: TextIO,
        *,
        interactive: bool | None = None,
        lines: bool = True,
        width: int = 80,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream: TextIO | None = stream
        self._interactive = is_terminal(stream) if interactive is None else interactive
        self._lines, self._width, self._clock = lines, width, clock

    def wrap(self, iterable: Iterable[T], total: int | None = None, label: str = "") -> Iterator[T]:
        """Yield the items and show how far it is; about 20 ns an item beyond the loop itself.

        Args:
            total: how many items there are; asked of the iterable by default. Wrong is harmless.
            label: in front of the bar; escape sequences in it are removed.
        """
        meter = _Meter(total or length_hint(iterable) or None, strip_ansi(label), self._clock())
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
        elif self._lines and meter.total and count * STEPS >= meter.total * (meter.step + 1):
            meter.step = count * STEPS // meter.total
            if count < meter.total:
                meter.advance(count, now)
                self._write(meter.line(count, now, self._width).rstrip() + "\n")

    def _finish(self, meter: _Meter, count: int) -> None:
        if self._interactive or (self._lines and meter.total):
            now = self._clock()
            line = meter.line(count, now, self._width).rstrip()
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

    def __init__(self, total: int | None, label: str, now: float) -> None:
        self.total, self.label = total, label
        self.began = self.drawn = self._looked = now
        self.step = self._count = self._seen = 0
        self._rate = 0.0

    def pace(self, count: int, now: float) -> int:
        """Return how many items to let pass, from how long the last ones took."""
        passed, took = count - self._seen, now - self._looked
        self._seen, self._looked = count, now
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
        head = f"{self.label}: " if self.label else ""
        if self.total:
            share = min(1.0, count / self.total)
            left = (self.total - count) / rate if rate and count <= self.total else 0.0
            eta = format_interval(took) if count >= self.total else f"-{format_interval(left)}"
            tail = f" {share:4.0%} {format_count(count)}/{format_count(self.total)} {eta} {speed}"
            room = width - 1 - display_width(head) - len(tail) - 2
            bar = f"[{('#' * int(share * room)).ljust(room, '.')}]" if room >= 5 else ""
            text = f"{head}{bar}{tail}"
        else:
            text = f"{head}{format_count(count)} {format_interval(took)} {speed}"
        return _fitted(text, width - 1)


def _fitted(text: str, width: int) -> str:
    """Cut or fill a text to so many cells, without splitting a wide character."""
    while display_width(text) > width:
        text = text[:-1]
    return text + " " * (width - display_width(text))
