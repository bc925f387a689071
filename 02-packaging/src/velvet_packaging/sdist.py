"""A source distribution read without being unpacked: what is in it, what was left out.

An sdist is a tar archive, and a tar may hold devices, links out of the tree and absolute paths. So
the members are only looked at, by the rules of tarfile's `data` filter. `compare_to_tree` answers
what a maintainer learns too late: which files did the backend leave behind?

Sources: the PyPA specification source-distribution-format; PEP 517, 625, 643, 706 and 721.
"""

from __future__ import annotations

import gzip
import posixpath
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename
from packaging.version import InvalidVersion, Version

from velvet_packaging import metadata
from velvet_packaging.errors import NotAnArchive
from velvet_packaging.findings import Finding, Report, report
from velvet_packaging.wheel import MAX_TEXT, Wheel

MAX_INFLATED = 256 << 20
_IGNORED = ("/.git/", "/build/", "/dist/", "/__pycache__/", ".egg-info/")


@dataclass(frozen=True)
class Lost:
    """How two sets of files differ, as sorted paths."""

    lost: tuple[str, ...]
    surplus: tuple[str, ...]


@dataclass(frozen=True)
class Sdist:
    """An sdist whose members were listed.

    Attributes:
        pkg_info: PKG-INFO, validated; None where it is absent.
    """

    path: Path
    members: tuple[tarfile.TarInfo, ...]
    pkg_info: metadata.MetadataReport | None

    @classmethod
    def open(cls, path: Path) -> Sdist:
        """List an sdist's members.

        Raises:
            NotAnArchive: it is no gzip-compressed tar archive, or a bomb.
        """
        try:
            _within(path)
            with tarfile.open(path, "r:gz") as archive:
                members = tuple(archive.getmembers())
                raw = None
                for member in members:
                    if member.name.count("/") == 1 and member.name.endswith("/PKG-INFO"):
                        file = archive.extractfile(member) if member.isfile() else None
                        raw = file.read(MAX_TEXT) if file else None
        except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
            if isinstance(error, (FileNotFoundError, NotAnArchive)):
                raise
            raise NotAnArchive(f"{path.name} is no readable .tar.gz: {error}") from None
        return cls(path, members, metadata.validate(raw) if raw is not None else None)

    @property
    def roots(self) -> tuple[str, ...]:
        """The top-level folders; an sdist has one."""
        return tuple(dict.fromkeys(one.name.partition("/")[0] for one in self.members))

    @property
    def root(self) -> str:
        """The first top-level folder."""
        return self.roots[0] if self.roots else ""

    @property
    def names(self) -> tuple[str, ...]:
        """The files, as paths below the root."""
        cut = len(self.root) + 1
        return tuple(one.name[cut:] for one in self.members if one.isfile())

    def verify(self) -> Report:
        """Return every fault; see `findings.CODES` for the rules."""
        return report(self._checked())

    def _checked(self) -> Iterator[Finding]:
        for name, count in Counter(one.name for one in self.members if not one.isdir()).items():
            if count > 1:
                yield Finding("ZIP009", f"{count} members have this name", name)
        for member in self.members:
            yield from _member(member)
        if len(self.roots) != 1:
            yield Finding("MET001", f"{len(self.roots)} root folders: {', '.join(self.roots[:3])}")
        try:
            name, version = parse_sdist_filename(self.path.name)
        except InvalidSdistFilename as error:
            yield Finding("NAM007", str(error))
            return
        folder, _, told = self.root.rpartition("-")
        if canonicalize_name(folder) != name or not _is(told, version):
            yield Finding("MET002", f"the root is {self.root!r}", self.root)
        if "pyproject.toml" not in self.names:
            yield Finding("MET003", "there is no pyproject.toml", self.root)
        if self.pkg_info is None:
            yield Finding("MET003", "there is no PKG-INFO", self.root)
            return
        where = f"{self.root}/PKG-INFO"
        for sentence in self.pkg_info.errors:
            yield Finding("MET008", sentence, where)
        parsed = self.pkg_info.parsed
        if canonicalize_name(parsed.get("name", "")) != name:
            yield Finding("MET004", f"{parsed.get('name', '')!r}, the file says {name!r}", where)
        if not _is(parsed.get("version", ""), version):
            yield Finding("MET005", f"{parsed.get('version')!r}, the file says {version}", where)


def _within(path: Path) -> None:
    """Inflate the whole stream once, a block at a time, so that a bomb ends before tarfile."""
    total = 0
    with gzip.open(path) as stream:
        while block := stream.read(1 << 20):
            total += len(block)
            if total > MAX_INFLATED:
                raise NotAnArchive(f"{path.name}: bomb: more than {MAX_INFLATED:,} bytes")


def _is(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False


def _outside(path: str) -> bool:
    clean = posixpath.normpath(path)
    return clean.startswith(("/", "../")) or clean == ".." or path[1:2] == ":"


def _member(member: tarfile.TarInfo) -> Iterator[Finding]:
    name = member.name
    if name.startswith(("/", "\\")) or name[1:2] == ":":
        yield Finding("NAM002", "is absolute", name)
    elif _outside(name):
        yield Finding("NAM001", "leads out of the archive", name)
    elif "\\" in name:
        yield Finding("NAM003", "holds a backslash", name)
    if member.isdev():
        yield Finding("NAM006", "is a device or a pipe", name)
    if member.islnk() or member.issym():
        base = "" if member.islnk() else posixpath.dirname(name)
        if member.linkname.startswith("/") or _outside(posixpath.join(base, member.linkname)):
            yield Finding("NAM006", f"links to {member.linkname!r}, outside", name)


def compare_to_tree(sdist: Sdist, tree: Path) -> Lost:
    """Return which files of a source tree the sdist lacks, and what it has beside them."""
    there = {
        path.relative_to(tree).as_posix()
        for path in tree.rglob("*")
        if path.is_file()
        and not any(one in f"/{path.relative_to(tree).as_posix()}/" for one in _IGNORED)
    }
    return _differ(there, set(sdist.names) - {"PKG-INFO"})


def compare_to_wheel(sdist: Sdist, wheel: Wheel) -> Lost:
    """Return which files below `src` the wheel lacks, and what it has that the sdist lacks."""
    source = {one.removeprefix("src/") for one in sdist.names if one.startswith("src/")}
    source = {one for one in source if ".egg-info/" not in one}
    built = {
        one
        for one in wheel.names
        if not one.endswith("/") and not one.startswith(tuple(wheel.dist_infos))
    }
    return _differ(source, built)


def _differ(wanted: set[str], had: set[str]) -> Lost:
    return Lost(tuple(sorted(wanted - had)), tuple(sorted(had - wanted)))
