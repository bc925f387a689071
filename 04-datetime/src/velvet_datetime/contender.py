"""What every engine's adapter offers, so that one set of cases can judge all of them.

An adapter is a module of `contenders` and uses its library as the library's own documentation
shows. Values are the library's own types; only `instant` and `wall` translate. What a library has
no word for raises `Unsupported`, which is never counted as a mistake.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Protocol


class Unsupported(NotImplementedError):
    """The library has no way to say this.

    An adapter raises it rather than help itself: what a reader would have to write is no merit of
    the library. The one exception says so: `zoneinfo_utc` borrows our calendar arithmetic.
    """


class Engine(Protocol):
    """One library's adapter."""

    label: str
    distribution: str  # what pip installs; empty for the standard library

    def parse(self, text: str) -> Any:
        """Return the value of an ISO 8601 text with an offset, by the library's own parser."""

    def from_wall(self, wall: dt.datetime, zone: str) -> Any:
        """Return the value of a wall time in a zone, with the library's default policy."""

    def from_instant(self, instant: dt.datetime, zone: str) -> Any:
        """Return an instant, given in UTC, in a zone."""

    def to_zone(self, value: Any, zone: str) -> Any:
        """Return a value in another zone."""

    def instant(self, value: Any) -> dt.datetime:
        """Return a value's instant in UTC."""

    def wall(self, value: Any) -> dt.datetime:
        """Return what a clock shows at a value, naive."""

    def add_exact(self, value: Any, delta: dt.timedelta) -> Any:
        """Return the value after exactly that much time."""

    def add_days(self, value: Any, days: int) -> Any:
        """Return the value at the same clock time, days later."""

    def add_months(self, value: Any, months: int) -> Any:
        """Return the value at the same clock time, months later."""

    def difference(self, end: Any, start: Any) -> dt.timedelta:
        """Return the time that passes between two values."""

    def equal(self, one: Any, other: Any) -> bool:
        """Whether two values are equal by the library's own operator."""

    def iso(self, value: Any) -> str:
        """Return a value as ISO 8601."""
