"""A wheel read and verified without being unpacked.

`verify` asks more than an installer asks by default: is the archive one archive, does RECORD cover
every file with the digest that it has, do file name, folder and metadata name one release, and does
anything in it do more than be imported? Content is hashed in blocks, so memory grows with the number
of entries and not with their sizes.

Sources: the PyPA specifications binary-distribution-format, recording-installed-packages,
entry-points and platform-compatibility-tags.
"""

from __future__ import annotations

import configparser
import contextlib
import hashlib
import itertools
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name
from packaging.utils import parse_wheel_filename as _parse
from packaging.version import InvalidVersion, Version

from velvet_packaging import metadata
from velvet_packaging.errors import EntryUnreadable, NotAnArchive, RecordError
from velvet_packaging.findings import Finding, Profile, Report, report
from velvet_packaging.record import UNSIGNED, RecordEntry, parse_record
from velvet_packaging.zipaudit import Entry, Limits, Scan, inflated, scan

MAX_TEXT = 16 << 20  # no metadata file is larger
MAX_TAGS = 5_000  # a tag of three long lists expands to their product
SHADOWED = frozenset(
    (
        *("pip", "setuptools", "wheel", "packaging", "pkg_resources", "numpy", "requests"),
        *("os", "sys", "json", "re", "ssl", "typing", "sitecustomize", "usercustomize"),
    )
)
# What well-known projects install on purpose, beside a package of their own name.
KNOWN = {"setuptools": frozenset({"pkg_resources", "distutils-precedence.pth"})}
CROWDED = frozenset({"tests", "test", "src", "docs", "examples", "build", "dist"})
_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)", re.IGNORECASE)
_SPREAD = re.compile(r"[^/]+\.data/(purelib|platlib)/")  # unpacked beside everything else
_MAGIC = (
    *(b"\x7fELF", b"MZ"),
    *(b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"),  # Mach-O
)


@dataclass(frozen=True)
class WheelName:
    """What a wheel's file name says."""

    name: str
    version: Version
    build: str
    tags: frozenset[Tag]

    @property
    def is_pure(self) -> bool:
        """Whether every tag says that any machine will do."""
        return all(tag.platform == "any" and tag.abi == "none" for tag in self.tags)


def parse_wheel_filename(filename: str) -> WheelName:
    """Split a wheel's file name.

    Raises:
        NotAnArchive: it breaks the specification.

    >>> parse_wheel_filename("velvet_demo-1.0-py3-none-any.whl").is_pure
    True
    """
    try:
        name, version, build, tags = _parse(filename)
    except (InvalidWheelFilename, ValueError) as error:
        raise NotAnArchive(f"{filename!r}: {error}") from None
    return WheelName(str(name), version, "".join(map(str, build)), tags)


class Wheel:
    """A wheel whose archive was scanned; nothing of it is on the disk or in memory yet.

    Attributes:
        scan: entries, regions and faults of the archive.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path
        self.scan: Scan = scan(path, limits)
        self.by_name: dict[str, Entry] = {one.name: one for one in self.scan.entries}

    @classmethod
    def open(cls, path: Path) -> Wheel:
        """Scan a wheel.

        Raises:
            NotAnArchive: it has no central directory.
            OSError: it cannot be read.
        """
        wheel = cls(path)
        if not wheel.scan.entries:
            raise NotAnArchive(f"{path.name} is no ZIP archive with entries")
        return wheel

    @property
    def filename(self) -> WheelName:
        """Its file name, split."""
        return parse_wheel_filename(self.path.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The paths inside, in their order."""
        return tuple(one.name for one in self.scan.entries)

    @property
    def dist_infos(self) -> tuple[str, ...]:
        """The .dist-info folders at the top level; a wheel has one."""
        tops = dict.fromkeys(name.partition("/")[0] for name in self.names if "/" in name)
        return tuple(one for one in tops if one.endswith(".dist-info"))

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield a file's content in blocks.

        Raises:
            EntryUnreadable: it does not inflate to what is promised.
        """
        with self.path.open("rb") as file:
            yield from inflated(file, self.by_name[name])

    def read(self, name: str) -> bytes:
        """Return a small file's content; see `stream`.

        Raises:
            EntryUnreadable: it is absent or too large.
        """
        if name not in self.by_name:
            raise EntryUnreadable(f"{name}: absent")
        if self.by_name[name].size > MAX_TEXT:
            raise EntryUnreadable(f"{name}: more than {MAX_TEXT:,} bytes")
        return b"".join(self.stream(name))

    def _info(self, name: str) -> bytes:
        if not self.dist_infos:
            raise EntryUnreadable(f"{name}: there is no .dist-info folder")
        return self.read(f"{self.dist_infos[0]}/{name}")

    @property
    def metadata(self) -> metadata.MetadataReport:
        """METADATA, validated."""
        return metadata.validate(self._info("METADATA"))

    @property
    def wheel_info(self) -> dict[str, list[str]]:
        """The fields of WHEEL, each with its values."""
        fields: dict[str, list[str]] = {}
        for key, text in BytesParser().parsebytes(self._info("WHEEL")).items():
            fields.setdefault(key.title(), []).append(str(text))
        return fields

    @property
    def entry_points(self) -> dict[str, dict[str, str]]:
        """Group -> name -> object reference; empty where there is no such file.

        Raises:
            EntryUnreadable: it is malformed.
        """
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
        if not any(name.endswith(".dist-info/entry_points.txt") for name in self.names):
            return {}
        try:
            parser.read_string(self._info("entry_points.txt").decode("utf-8"))
        except (configparser.Error, UnicodeDecodeError) as error:
            raise EntryUnreadable(f"entry_points.txt: {error}".splitlines()[0]) from None
        return {group: dict(parser[group]) for group in parser.sections()}

    @property
    def record(self) -> tuple[RecordEntry, ...]:
        """The rows of RECORD.

        Raises:
            RecordError: a row is malformed.
        """
        return parse_record(self._info("RECORD").decode("utf-8"), self.dist_infos[0])

    @property
    def tags(self) -> frozenset[str]:
        """The compatibility tags that WHEEL states."""
        return frozenset(self.wheel_info.get("Tag", ()))


def verify(path: Path, profile: Profile = "strict", limits: Limits | None = None) -> Report:
    """Return every fault of a wheel; see `findings.CODES` for the rules.

    Time is linear in the inflated size, memory in the number of entries. Never raises on hostile
    bytes; an archive that is a bomb is not inflated at all.

    Args:
        profile: `strict` passes a file without any finding, `installer` allows warnings and
            hygiene findings.
        limits: how far the archive may expand; `Limits()` by default.

    Raises:
        OSError: the file cannot be read.
    """
    return report(_checked(path, limits), profile)


def _checked(path: Path, limits: Limits | None) -> Iterator[Finding]:
    wheel = Wheel(path, limits)
    yield from wheel.scan.findings
    try:
        named: WheelName | None = wheel.filename
    except NotAnArchive as error:
        named = None
        yield Finding("NAM007", str(error))
    yield from _paths(wheel)
    yield from _hygiene(wheel, named)
    if len(wheel.dist_infos) != 1:
        yield Finding("MET001", f"{len(wheel.dist_infos)} .dist-info folders")
    if not wheel.dist_infos:
        return
    yield from _identity(wheel, named)
    yield from _wheel_file(wheel, named)
    if "ZIP012" not in {one.code for one in wheel.scan.findings}:
        yield from _contents(wheel)


def _paths(wheel: Wheel) -> Iterator[Finding]:
    folded: dict[str, str] = {}
    for entry in wheel.scan.entries:
        name = entry.name
        parts = name.removesuffix("/").split("/")
        if ".." in re.split(r"[/\\]", name):
            yield Finding("NAM001", "leads out of the archive", name)
        if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
            yield Finding("NAM002", "is absolute", name)
        elif "\\" in name or any(part in ("", ".") for part in parts):
            yield Finding("NAM003", "is not normalized", name)
        if any(_RESERVED.match(part) for part in parts):
            yield Finding("NAM004", "is a device on Windows", name)
        if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield Finding("NAM006", "is a link or a device", name)
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            yield Finding("NAM005", f"is {other!r} on a system that ignores case", name)


def _hygiene(wheel: Wheel, named: WheelName | None) -> Iterator[Finding]:
    own = named.name if named else ""
    known = KNOWN.get(own, frozenset())
    placed = {name: _SPREAD.sub("", name) for name in wheel.names}
    for top in sorted({name.partition("/")[0] for name in placed.values()}):
        module = top.removesuffix(".py")
        if module in SHADOWED and canonicalize_name(module) != own and module not in known:
            yield Finding("HYG002", f"shadows the package {module!r}", top)
        if top in CROWDED and top != own:
            yield Finding("HYG003", "a name that other projects use, too", top)
        if top.endswith(".dist-info") and top not in wheel.dist_infos:
            yield Finding("MET001", "another .dist-info folder, installed from .data", top)
    is_bomb = "ZIP012" in {one.code for one in wheel.scan.findings}
    for entry in wheel.scan.entries:
        place = placed[entry.name]
        if place.endswith(".pth") and "/" not in place and place not in known:
            yield Finding("HYG001", "runs at every start of Python", entry.name)
        if entry.name.endswith((".pyc", ".pyo")):
            yield Finding("HYG004", "bytecode belongs to one Python", entry.name)
        launcher = entry.name.endswith(".exe")  # pip and setuptools carry them as data
        looked_at = named and named.is_pure and not is_bomb and not launcher
        if looked_at and entry.size and not entry.is_directory:
            with contextlib.suppress(EntryUnreadable, StopIteration):
                if next(wheel.stream(entry.name)).startswith(_MAGIC):
                    yield Finding("HYG005", "machine code under a pure tag", entry.name)


def _identity(wheel: Wheel, named: WheelName | None) -> Iterator[Finding]:
    """Compare file name, folder and METADATA."""
    folder = wheel.dist_infos[0]
    if named and not _same(*folder.removesuffix(".dist-info").rpartition("-")[::2], named):
        yield Finding("MET002", f"{folder} is not {named.name} {named.version}", folder)
    where = f"{folder}/METADATA"
    try:
        told = wheel.metadata
    except EntryUnreadable as error:
        yield Finding("MET003", str(error), where)
        return
    if told.version and told.version not in metadata.KNOWN_VERSIONS:
        yield Finding("MET007", f"Metadata-Version {told.version}", where)
    for sentence in told.errors:
        yield Finding("MET008", sentence, where)
    if named is None:
        return
    name, version = told.parsed.get("name", ""), told.parsed.get("version", "")
    if canonicalize_name(name) != named.name:
        yield Finding("MET004", f"{name!r}, the file name says {named.name!r}", where)
    if not _same(named.name, version, named):
        yield Finding("MET005", f"{version!r}, the file name says {str(named.version)!r}", where)


def _same(name: str, version: str, named: WheelName) -> bool:
    try:
        return canonicalize_name(name) == named.name and Version(version) == named.version
    except InvalidVersion:
        return False


def _wheel_file(wheel: Wheel, named: WheelName | None) -> Iterator[Finding]:
    where = f"{wheel.dist_infos[0]}/WHEEL"
    try:
        told = wheel.wheel_info
    except EntryUnreadable as error:
        yield Finding("MET003", str(error), where)
        return
    version = "".join(told.get("Wheel-Version", ["missing"])[:1])
    if version.partition(".")[0] != "1":
        yield Finding("MET006", f"Wheel-Version {version}", where)
    if named is None:
        return
    tags = (tag for text in told.get("Tag", ()) for tag in _expanded(text))
    stated = set(itertools.islice(tags, MAX_TAGS))
    if stated != {str(tag) for tag in named.tags}:
        yield Finding("MET009", f"WHEEL states {', '.join(sorted(stated)[:9]) or 'no tag'}", where)
    purelib = "".join(told.get("Root-Is-Purelib", [""])[:1]).lower()
    if named.is_pure and purelib != "true":
        yield Finding("MET009", f"the tags say pure, Root-Is-Purelib says {purelib!r}", where)


def _expanded(text: str) -> Iterator[str]:
    parts = text.split("-")
    if len(parts) == 3:
        python, abi, platform = (part.split(".") for part in parts)
        yield from (f"{x}-{y}-{z}" for x in python for y in abi for z in platform)


def _contents(wheel: Wheel) -> Iterator[Finding]:
    """Inflate every file once; compare each with its row in RECORD."""
    where = f"{wheel.dist_infos[0]}/RECORD"
    rows: dict[str, RecordEntry] | None = None
    if where not in wheel.by_name:
        yield Finding("REC001", "absent", where)
    else:
        try:
            rows = {row.path: row for row in wheel.record}
        except (RecordError, EntryUnreadable, ValueError) as error:
            yield Finding("REC002", str(error), where)
    free = {f"{wheel.dist_infos[0]}/{name}" for name in UNSIGNED}
    for entry in wheel.scan.entries:
        row = rows.get(entry.name) if rows is not None else None
        digest = hashlib.new(row.algorithm) if row and row.algorithm else None
        try:
            for block in _blocks(wheel, entry):
                if digest:
                    digest.update(block)
        except EntryUnreadable as error:
            yield Finding("ZIP015", str(error), entry.name)
            continue
        if entry.is_directory and entry.size:
            yield Finding("REC004", "a folder that holds bytes", entry.name)
        if rows is None or entry.is_directory or entry.name in free:
            continue
        if row is None:
            yield Finding("REC004", "not listed in RECORD", entry.name)
            continue
        if digest and digest.digest() != row.digest:
            yield Finding("REC005", f"its {row.algorithm} is not the recorded one", entry.name)
        if row.size is not None and row.size != entry.size:
            yield Finding("REC006", f"{entry.size} bytes, RECORD says {row.size}", entry.name)
    for row in (rows or {}).values():
        if row.path not in wheel.by_name and not row.is_directory and row.path not in free:
            yield Finding("REC003", "listed in RECORD, absent", row.path)


def _blocks(wheel: Wheel, entry: Entry) -> Iterator[bytes]:
    """Yield the content of one entry, also where two have its name; see `Wheel.stream`."""
    with wheel.path.open("rb") as file:
        yield from inflated(file, entry)
