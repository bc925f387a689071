"""Where this machine's zone data comes from, and whether all its copies are the same.

One process may hold four copies of the IANA database: the system's, the tzdata package's, pytz's
and dateutil's. Two libraries that disagree about a zone are mostly two versions of the data.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
import zoneinfo
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from velvet_datetime.leap import LeapTable


@dataclass(frozen=True)
class TzReport:
    """What was found.

    Attributes:
        source: what `zoneinfo` reads: a folder of `TZPATH`, or the tzdata package.
        versions: the IANA version of each copy, such as ``2026f``; absent copies are left out.
        leap_expires: until when the leap second table is complete.
    """

    source: str
    versions: dict[str, str]
    leap_expires: dt.datetime | None
    quirks: tuple[str, ...] = ()

    @property
    def agree(self) -> bool:
        """Whether all copies have one version."""
        return len(set(self.versions.values())) < 2


def tz_report() -> TzReport:
    """Return where zones come from on this machine; reads a few small files."""
    folders = [Path(folder) for folder in zoneinfo.TZPATH]
    system = next((folder for folder in folders if (folder / "Europe").is_dir()), None)
    versions: dict[str, str] = {}
    if system is not None and (found := _system_version(system)):
        versions[system.as_posix()] = found
    leap = None
    if importlib.util.find_spec("tzdata") is not None:
        versions["tzdata"] = _version(
            (resources.files("tzdata") / "zoneinfo" / "tzdata.zi").read_text(encoding="ascii")
        )
        leap = LeapTable.from_tzdata().expires
    if importlib.util.find_spec("pytz") is not None:
        import pytz  # type: ignore[import-untyped,unused-ignore]

        versions["pytz"] = pytz.OLSON_VERSION
    quirks = []
    if sys.version_info < (3, 11):
        quirks.append(
            "datetime.fromisoformat refuses Z, +01 and fractions of other than 3 or 6 digits"
        )
    if sys.platform == "win32":
        quirks.append("no zones in the system: the tzdata package is needed")
    source = system.as_posix() if system else "tzdata" if "tzdata" in versions else "nothing"
    return TzReport(source, versions, leap, tuple(quirks))


def _system_version(folder: Path) -> str:
    """Return a system database's version; "" where the distribution left it out."""
    for name in ("tzdata.zi", "+VERSION"):
        if (folder / name).is_file():
            return _version((folder / name).read_text(encoding="ascii"))
    return ""


def _version(text: str) -> str:
    """Return the version from a first line such as `# version 2026f` or `2026f`."""
    return text.partition("\n")[0].split()[-1]
