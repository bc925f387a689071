"""Every zone at 26 instants, each engine against the standard library: who disagrees, and when.

`zoneinfo` is the reference, and the reader in `tzif` agrees with it at every listed change. What
is left is either another version of the IANA data or an engine's own mistake; so the comparison
only counts where the versions are the same (see `environment.tz_report`).
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from velvet_datetime.clock import UTC, to_wall
from velvet_datetime.contender import Engine, Unsupported

# Midsummer of the north, every ten years: where a rule for the future is missing, it shows.
INSTANTS = tuple(dt.datetime(year, 7, 1, 12, tzinfo=UTC) for year in range(1850, 2101, 10))


@dataclass(frozen=True)
class Divergence:
    """Where an engine and the reference differ.

    Attributes:
        by_year: year to the number of zones that differ there; years without one are absent.
        zones: how many zones were asked; those that the engine does not know are `unknown`.
        worst: the largest difference.
    """

    by_year: Counter[int]
    zones: int
    unknown: int
    worst: dt.timedelta

    def zones_after(self, year: int) -> int:
        """Return the zones that differ in the worst year after the given one."""
        return max((count for at, count in self.by_year.items() if at > year), default=0)


@contextmanager
def only_tzdata() -> Iterator[None]:
    """Let zones be read from the tzdata package alone, so that versions can be compared.

    dateutil and arrow follow `zoneinfo`; whenever has a search path and a cache of its own.
    """
    before = zoneinfo.TZPATH
    try:
        _search(())
        yield
    finally:
        zoneinfo.reset_tzpath(to=before)  # first, so that no interrupt leaves it undone
        _search(before)


def _search(path: Sequence[str]) -> None:
    zoneinfo.reset_tzpath(to=list(path))
    zoneinfo.ZoneInfo.clear_cache()
    with suppress(ImportError):
        from dateutil import tz  # type: ignore[import-untyped,unused-ignore]

        tz.gettz.cache_clear()
    with suppress(ImportError):
        import whenever

        whenever.reset_tzpath(tuple(path))
        whenever.clear_tzcache()


def divergence(
    engine: Engine,
    zones: Iterable[str] | None = None,
    instants: Iterable[dt.datetime] = INSTANTS,
) -> Divergence:
    """Compare an engine with `zoneinfo`, zone by zone; 15,548 conversions by default.

    A local mean time is compared to the minute: before about 1930 some databases round to it.
    """
    asked = sorted(zoneinfo.available_timezones() if zones is None else zones)
    moments = tuple(instants)
    by_year: Counter[int] = Counter()
    unknown, worst = 0, dt.timedelta(0)
    for zone in asked:
        try:
            got = [engine.wall(engine.from_instant(one, zone)) for one in moments]
        except (Unsupported, ValueError, KeyError, OverflowError):
            unknown += 1
            continue
        for moment, wall in zip(moments, got, strict=True):
            gap = abs(wall - to_wall(moment, zone))
            if gap >= dt.timedelta(minutes=1):
                by_year[moment.year] += 1
                worst = max(worst, gap)
    return Divergence(by_year, len(asked), unknown, worst)
