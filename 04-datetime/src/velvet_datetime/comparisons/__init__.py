"""What is measured: one file a subject, each with `add_to(suite)`."""

from __future__ import annotations

import datetime as dt
from typing import Any

# Each engine with the distribution that it needs.
NEEDS: dict[str, tuple[str, ...]] = {
    "zoneinfo_wall": (),
    "zoneinfo_utc": (),
    "pytz": ("pytz",),
    "pytz_misused": ("pytz",),
    "dateutil": ("python-dateutil",),
    "pendulum": ("pendulum",),
    "arrow": ("arrow",),
    "whenever": ("whenever",),
    "pandas": ("pandas",),
}
# A timed row may use pytz as documented, but never the misuse: its answer is another one.
TIMED = tuple(name for name in NEEDS if name != "pytz_misused")


def meaning(value: Any) -> dt.datetime:
    """Return the instant of any library's value, so that equal work can be checked."""
    value = getattr(value, "datetime", value)  # arrow
    if hasattr(value, "to_instant"):
        value = value.to_instant().to_stdlib()
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    instant: dt.datetime = value.astimezone(dt.timezone.utc)
    return instant.replace(fold=0)
