"""An environment read from outside: its files say everything, and nothing of it is run.

`pip list` starts the interpreter that may be broken. `pyvenv.cfg` and the `.dist-info` folders are
plain files: who installed what, for which Python, whether it fits together, whether it is still
what was recorded, and how much of the disk it really takes when files are hard links.

Sources: PEP 405; the PyPA specifications recording-installed-packages, core-metadata and
externally-managed-environments.
"""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import re
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from velvet_environments.errors import NotAnEnvironment
from velvet_environments.target import Target
from velvet_environments.wheelsmith import normalize


@dataclass(frozen=True)
class Dist:
    """An installed distribution.

    Attributes:
        requires: the texts of its `Requires-Dist`.
        installer: who wrote it: pip, uv, ...; empty where it does not say.
        editable: whether it points to a working tree.
    """

    name: str
    version: str
    requires: tuple[str, ...]
    installer: str
    editable: bool
    info: Path = field(compare=False)


@dataclass(frozen=True)
class Problem:
    """What is wrong with an environment, and with which distribution or file."""

    kind: str
    subject: str
    words: str


@dataclass(frozen=True)
class Disk:
    """Sizes in bytes: what the files show, and what is freed when the folder goes."""

    apparent: int
    unique: int


def site_packages_of(env: Path) -> list[Path]:
    """Return where packages may lie in an environment, on any system; not all need be there."""
    return [*sorted(env.glob("lib/python3*/site-packages")), env / "Lib" / "site-packages"]


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    Attributes:
        python: its version, as `pyvenv.cfg` tells.
        system_site: whether it sees the interpreter's own packages.
        installed: the distributions by name; unreadable ones are left to `check`.
    """

    path: Path
    python: str
    system_site: bool
    site_packages: Path
    installed: tuple[Dist, ...]

    @classmethod
    def read(cls, path: Path | str) -> Environment:
        """Read an environment's settings.

        Raises:
            NotAnEnvironment: no `pyvenv.cfg`, or no `site-packages`.
        """
        place = Path(path)
        try:
            text = (place / "pyvenv.cfg").read_text(encoding="utf-8")
        except (OSError, ValueError):  # not there, not UTF-8, or no path at all
            raise NotAnEnvironment(place) from None
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(f"[venv]\n{text}")
        except configparser.Error:
            raise NotAnEnvironment(place, "pyvenv.cfg is not readable") from None
        told = parser["venv"]
        found = [one for one in site_packages_of(place) if one.is_dir()]
        if not found:
            raise NotAnEnvironment(place, "no site-packages")
        version = told.get("version", told.get("version_info", ""))
        system = told.get("include-system-site-packages", "false").strip().lower() == "true"
        dists = sorted(_dists(found[0]), key=lambda one: (one.name, one.version))
        return cls(place, version.strip(), system, found[0], tuple(dists))

    def check(self, target: Target | None = None) -> list[Problem]:
        """Return what does not fit: missing, wrong version, twice, unreadable, orphaned files."""
        told = re.match(r"(\d+\.\d+)(?:\.(\d+))?", self.python)
        python, micro = told.groups() if told else ("3.12", None)
        here = target or Target(python, Target.here().platform, int(micro or 0))
        known: dict[str, Dist] = {}
        found = []
        for dist in self.installed:
            if dist.name in known:
                both = f"{known[dist.name].version} and {dist.version}"
                found.append(Problem("two versions", dist.name, both))
            known[dist.name] = dist
        read = {dist.info for dist in self.installed}
        found += [
            Problem("unreadable", info.name, "no METADATA with name and version")
            for info in sorted(self.site_packages.glob("*.dist-info"))
            if info not in read
        ]
        for dist in self.installed:
            if dist.editable:
                found.append(Problem("editable", dist.name, "points to a working tree"))
            for text in dist.requires:
                problem = _unmet(dist, text, known, here)
                if problem:
                    found.append(problem)
        return found

    def verify_records(self) -> list[Problem]:
        """Compare every file with its RECORD, and find files that no RECORD names; O(bytes)."""
        found, named = [], set()
        root = self.path.resolve()
        for dist in self.installed:
            record = dist.info / "RECORD"
            if not record.is_file():
                found.append(Problem("no record", dist.name, "RECORD is missing"))
                continue
            for row in csv.reader(_text(record).replace("\0", "?").splitlines()):
                if not row:
                    continue
                path = (self.site_packages / row[0]).resolve()
                if not path.is_relative_to(root):
                    found.append(Problem("escapes", row[0], "escapes the environment"))
                    continue
                named.add(path)
                if problem := _altered(path, row[0], row[1] if len(row) > 1 else ""):
                    found.append(problem)
        for path in sorted(self.site_packages.rglob("*")):
            is_ours = path.is_file() and path.suffix != ".pyc" and path.parent != self.site_packages
            if is_ours and path.resolve() not in named:
                inside = path.relative_to(self.site_packages).as_posix()
                found.append(Problem("orphan", inside, "no RECORD names it"))
        return found

    def disk(self) -> Disk:
        """Return the environment's size, hard links to elsewhere counted apart; O(files)."""
        return disk([self.path])


def _dists(site_packages: Path) -> Iterator[Dist]:
    for info in site_packages.glob("*.dist-info"):
        told = HeaderParser().parsestr(_text(info / "METADATA"))
        name, version = told.get("Name", ""), told.get("Version", "")
        if name and version:
            yield Dist(
                normalize(name),
                version,
                tuple(told.get_all("Requires-Dist", [])),
                _text(info / "INSTALLER").partition("\n")[0].strip(),
                '"editable": true' in _text(info / "direct_url.json"),
                info,
            )


def disk(folders: list[Path]) -> Disk:
    """Return the size of several folders together: a file linked twice is counted once.

    A file with more links than these folders hold stays on the disk when they go: it belongs to a
    cache as well, and counts as apparent only.
    """
    apparent, seen = 0, dict[tuple[int, int], tuple[int, int, int]]()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_symlink() or not path.is_file():
                continue
            told = path.stat()
            apparent += told.st_size
            key = (told.st_dev, told.st_ino)
            size, links, _ = told.st_size, told.st_nlink, 0
            seen[key] = (size, links, seen.get(key, (0, 0, 0))[2] + 1)
    return Disk(apparent, sum(size for size, links, here in seen.values() if links <= here))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _unmet(dist: Dist, text: str, known: dict[str, Dist], target: Target) -> Problem | None:
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        return Problem("unreadable", dist.name, f"requires {text!r}, which is no requirement")
    if not target.wants(wanted.marker):
        return None
    other = known.get(normalize(wanted.name))
    if other is None:
        return Problem("missing", dist.name, f"requires {wanted.name}, which is not installed")
    try:
        fits = wanted.specifier.contains(Version(other.version), prereleases=True)
    except InvalidVersion:
        return Problem("unreadable", other.name, f"{other.version!r} is no version")
    if fits:
        return None
    words = f"requires {wanted.name}{wanted.specifier}, and {other.version} is installed"
    return Problem("wrong version", dist.name, words)


def _altered(path: Path, name: str, digest: str) -> Problem | None:
    if not path.is_file():
        return Problem("gone", name, "RECORD names it, and it is not there")
    kind, _, wanted = digest.partition("=")
    if kind != "sha256":
        return None  # RECORD itself and bytecode have no digest
    got = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest())
    if got.rstrip(b"=").decode() == wanted:
        return None
    return Problem("altered", name, "differs from its RECORD")


def is_virtual(prefix: Path) -> bool:
    """Whether a prefix is a virtual environment (PEP 405): it has a `pyvenv.cfg`."""
    return (prefix / "pyvenv.cfg").is_file()


def externally_managed(stdlib: Path | None = None) -> str | None:
    """Return what an interpreter tells those who install into it; None where anyone may.

    Args:
        stdlib: the folder of its standard library; the running interpreter's by default.
    """
    marker = (stdlib or Path(sysconfig.get_path("stdlib"))) / "EXTERNALLY-MANAGED"
    if stdlib is None and sys.prefix != sys.base_prefix:
        return None  # PEP 668: inside a virtual environment the marker does not count
    if not marker.is_file():
        return None
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(marker))
    except configparser.Error:
        return ""
    return parser.get("externally-managed", "Error", fallback="")
