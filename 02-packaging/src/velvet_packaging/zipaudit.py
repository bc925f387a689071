"""A ZIP archive read byte by byte, to prove that it has one possible reading.

A ZIP names each entry twice, in a local header and in the central directory, and is found from its
end. Two programs that trust different copies unpack different files from one archive, which is how
a scanner is shown one wheel and an installer another. So nothing is searched here: the records
must tile the file without gap or overlap, and all copies must agree.

Sources: PKWARE's APPNOTE 6.3.10, sections 4.3 to 4.5; the policy of the public index since 2025.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from velvet_packaging.errors import EntryUnreadable
from velvet_packaging.findings import Finding

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
_DESCRIPTOR, _UTF8, _ENCRYPTED = 0x8, 0x800, 0x1 | 0x40 | 0x2000
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_FIELD, _UNICODE_PATH = 0x0001, 0x7075
_BLOCK = 1 << 18
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True)
class Limits:
    """How far an archive may expand; a limit that is negative or NaN is a ValueError.

    Attributes:
        ratio: all inflated sizes over the size of the archive.
        total: inflated bytes.
        small: inflated bytes below which the ratio is not looked at.
    """

    ratio: float = 100.0
    total: int = 1 << 30
    small: int = 1 << 20

    def __post_init__(self) -> None:
        if not (self.ratio >= 0 and self.total >= 0 and self.small >= 0):
            raise ValueError(f"{self}: each limit is 0 or more, or inf for none")


class Entry(NamedTuple):
    """One entry as the central directory describes it.

    Attributes:
        offset: of the local header, in bytes from the start of the file.
        data: the offset of the content.
        compressed, size: bytes of the content, packed and inflated.
        mode: the POSIX mode with the kind of file, 0 where the archive has none.
        system: the system that wrote the entry; 3 is Unix.
        date: day and time as MS-DOS packs them.
    """

    name: str
    offset: int
    data: int
    compressed: int
    size: int
    crc: int
    method: int
    flags: int
    mode: int
    system: int
    date: tuple[int, int]
    extra: bytes

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes in which its name may be written."""
        return ("utf-8",) if self.flags & _UTF8 else ("utf-8", "cp437")

    @property
    def is_directory(self) -> bool:
        """Whether it is a folder, which a wheel may hold and no installer needs."""
        return self.name.endswith("/")


class Region(NamedTuple):
    """A stretch of the file: kind is local, data, central, zip64 or end."""

    start: int
    end: int
    kind: str
    name: str = ""


@dataclass
class Scan:
    """What was read: entries, where each record lies, and what is wrong."""

    size: int
    entries: list[Entry] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def fault(self, code: str, message: str, where: str = "") -> None:
        """Note a finding."""
        self.findings.append(Finding(code, message, where))


def audit_zip(source: bytes | Path | BinaryIO, limits: Limits | None = None) -> list[Finding]:
    """Return what is wrong with an archive's structure; nothing means one possible reading.

    Never raises on hostile bytes. Time is linear in the number of entries, and no data are
    inflated: a bomb is refused by what it promises, a lie about that by `inflated`.

    >>> [finding.code for finding in audit_zip(b"no archive")]
    ['ZIP001']
    """
    return scan(source, limits).findings


def scan(source: bytes | Path | BinaryIO, limits: Limits | None = None) -> Scan:
    """Return an archive's entries, regions and findings; see `audit_zip`."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            return _scan(file, limits or Limits())
    return _scan(io.BytesIO(source) if isinstance(source, bytes) else source, limits or Limits())


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    if not 0 <= offset < 1 << 62:
        return b""  # no file reaches there, whatever a header says
    file.seek(offset)
    return file.read(size)


def _scan(file: BinaryIO, limits: Limits) -> Scan:
    seen = Scan(file.seek(0, os.SEEK_END))
    found = _end(file, seen)
    if found is None:
        return seen
    entries, start, size, ends = found
    prefix = ends[0].start - size - start
    if prefix and _at(file, start + prefix, 4) == b"PK\1\2" != _at(file, start, 4):
        seen.fault("ZIP002", f"{prefix} bytes before the archive that its offsets count from")
    else:
        prefix = 0
    seen.regions.append(Region(start + prefix, start + prefix + size, "central"))
    _central(_at(file, start + prefix, size), entries, prefix, seen)
    seen.entries = [_local(file, entry, seen) for entry in seen.entries]
    _names(seen)
    seen.regions += ends
    tiling(seen)
    _bomb(seen, limits)
    return seen


def _end(file: BinaryIO, seen: Scan) -> tuple[int, int, int, list[Region]] | None:
    """Find the end record; returns entries, start and size of the directory, and its regions."""
    tail_start = max(0, seen.size - END.size - _FULL16)
    tail = _at(file, tail_start, seen.size - tail_start)
    at = tail.rfind(b"PK\5\6")
    while at >= 0 and len(tail) - at < END.size:
        at = tail.rfind(b"PK\5\6", 0, at)
    if at < 0:
        seen.fault("ZIP001", "no end record in the last 65,557 bytes")
        return None
    before = tail.rfind(b"PK\5\6", max(0, at - _FULL16), at)
    while before >= 0:  # one whose comment reaches exactly to the end is a second reading
        length = END.unpack_from(tail, before)[-1] if at - before >= END.size else -1
        if before + END.size + length == len(tail):
            seen.fault("ZIP006", f"another end record at byte {tail_start + before}")
            break
        before = tail.rfind(b"PK\5\6", max(0, at - _FULL16), before)
    _, disk, first, here, entries, size, start, comment = END.unpack_from(tail, at)
    offset = tail_start + at
    stop = offset + END.size + comment
    if stop < seen.size:
        seen.fault("ZIP003", f"{seen.size - stop} bytes after the end record")
    elif stop > seen.size:
        seen.fault("ZIP001", "the comment is cut off")
    if disk or first or here != entries:
        seen.fault("ZIP013", "the archive is spread over several disks")
    ends = [Region(offset, min(stop, seen.size), "end")]
    locator = _at(file, offset - LOCATOR.size, LOCATOR.size) if offset >= LOCATOR.size else b""
    if locator[:4] == b"PK\6\7":
        told = _end64(file, locator, offset, (entries, size, start), seen)
        if told is None:
            return None
        entries, size, start = told
        ends.insert(0, Region(offset - LOCATOR.size - END64.size, offset, "zip64"))
    elif _FULL32 in (size, start) or entries == _FULL16:
        seen.fault("ZIP014", "the end record points to zip64 records that are absent")
        return None
    if start + size > ends[0].start:
        seen.fault("ZIP005", "the central directory reaches beyond the end record")
        return None
    return entries, start, size, ends


def _end64(
    file: BinaryIO, locator: bytes, end: int, told: tuple[int, int, int], seen: Scan
) -> tuple[int, int, int] | None:
    _, _, offset, disks = LOCATOR.unpack(locator)
    record = _at(file, offset, END64.size) if offset < seen.size else b""
    if len(record) < END64.size or record[:4] != b"PK\6\6" or disks > 1:
        seen.fault("ZIP014", "the zip64 locator points to no zip64 end record")
        return None
    _, length, _, _, _, _, _, entries, size, start = END64.unpack(record)
    if offset + END64.size + LOCATOR.size != end or length != END64.size - 12:
        seen.fault("ZIP014", "the zip64 end record does not lie before its locator")
        return None
    for small, full, large in zip(
        told, (_FULL16, _FULL32, _FULL32), (entries, size, start), strict=True
    ):
        if small not in (full, large):
            seen.fault("ZIP014", f"zip64 says {large} where the end record says {small}")
    return entries, size, start


def _extra(raw: bytes) -> dict[int, bytes] | None:
    """Return extra fields by their number; None where they are malformed or duplicated."""
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(raw):
        if at + 4 > len(raw):
            return None
        number, length = struct.unpack_from("<2H", raw, at)
        if at + 4 + length > len(raw) or number in fields:
            return None
        fields[number] = raw[at + 4 : at + 4 + length]
        at += 4 + length
    return fields


def _name(raw: bytes, flags: int, seen: Scan) -> str:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("cp437")
        seen.fault("ZIP011", "the name is not UTF-8", name)
    if not (raw.isascii() or flags & _UTF8):
        seen.fault("ZIP011", "UTF-8 or cp437? The flag for UTF-8 is not set", name)
    if not name or "\0" in name:
        seen.fault("ZIP011", "the name is empty or holds a NUL", repr(name))
    return name


def _central(raw: bytes, entries: int, prefix: int, seen: Scan) -> None:
    at = count = 0
    while at + CENTRAL.size <= len(raw):
        head = CENTRAL.unpack_from(raw, at)
        if head[0] != b"PK\1\2":
            break
        made, flags, method, when, day, crc, packed, size = head[1], *head[3:10]
        name_size, extra_size, comment_size, disk, _, attributes, offset = head[10:]
        body = at + CENTRAL.size
        name = _name(raw[body : body + name_size], flags, seen)
        extra = raw[body + name_size : body + name_size + extra_size]
        at = body + name_size + extra_size + comment_size
        if at > len(raw):
            break
        fields = _extra(extra)
        if fields is None or _UNICODE_PATH in fields:
            seen.fault("ZIP010", "malformed, duplicated or a second name", name)
        wanted = [number == _FULL32 for number in (size, packed, offset)]
        field64 = (fields or {}).get(_ZIP64_FIELD)
        if any(wanted) or field64 is not None:
            if field64 is None or len(field64) != 8 * sum(wanted):
                seen.fault("ZIP010", "the zip64 field does not hold what the header leaves", name)
                continue
            large = iter(struct.unpack(f"<{sum(wanted)}Q", field64))
            size, packed, offset = (
                next(large) if full else small
                for full, small in zip(wanted, (size, packed, offset), strict=True)
            )
        if flags & _ENCRYPTED or disk or method not in (_STORED, _DEFLATED):
            seen.fault("ZIP013", f"method {method}, flags {flags:#x}, disk {disk}", name)
        if flags & _DESCRIPTOR:
            seen.fault("ZIP008", "its sizes stand behind its data", name)
        count += 1
        place, mode, system = offset + prefix, attributes >> 16, made >> 8
        told = (name, place, place, packed, size, crc, method, flags, mode, system)
        seen.entries.append(Entry(*told, (day, when), extra))
    if at != len(raw) or count != entries:
        seen.fault("ZIP007", f"{count} readable entries in the directory, {entries} promised")


def _local(file: BinaryIO, entry: Entry, seen: Scan) -> Entry:
    """Compare one local header with the directory; returns the entry with its data's place."""
    raw = _at(file, entry.offset, LOCAL.size)
    if len(raw) < LOCAL.size or raw[:4] != b"PK\3\4":
        seen.fault("ZIP007", "the directory points to no local header", entry.name)
        return entry
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = LOCAL.unpack(raw)
    rest = _at(file, entry.offset + LOCAL.size, name_size + extra_size)
    start = entry.offset + LOCAL.size + name_size + extra_size
    fields = _extra(rest[name_size:])
    if fields is None or _UNICODE_PATH in fields:
        seen.fault("ZIP010", "the local extra field is malformed or a second name", entry.name)
    large = (fields or {}).get(_ZIP64_FIELD, b"")
    if _FULL32 in (size, packed):
        if len(large) != 16:
            seen.fault("ZIP010", "the local zip64 field has not two sizes", entry.name)
            return entry
        size, packed = struct.unpack("<2Q", large)
    described = flags & _DESCRIPTOR and (crc, packed, size) == (0, 0, 0)
    told = (flags, method) if described else (flags, method, crc, packed, size)
    central: tuple[int, ...] = (entry.flags, entry.method)
    central = central if described else (*central, entry.crc, entry.compressed, entry.size)
    if told != central:
        seen.fault("ZIP007", f"local header {told}, directory {central}", entry.name)
    if rest[:name_size] not in {entry.name.encode(code, "replace") for code in entry.codes}:
        other = rest[:name_size].decode("utf-8", "replace")
        seen.fault("ZIP007", f"the local header calls it {other!r}", entry.name)
    end = start + entry.compressed
    if described:
        end += _descriptor(_at(file, end, 24), entry)
    seen.regions.append(Region(entry.offset, start, "local", entry.name))
    seen.regions.append(Region(start, end, "data", entry.name))
    return entry._replace(data=start)


def _descriptor(raw: bytes, entry: Entry) -> int:
    """Return the length of a data descriptor, which has two widths and an optional signature."""
    for signed in (b"PK\7\10", b""):
        for width in ("<3L", "<LQQ"):
            form = struct.Struct(width)
            told = raw[len(signed) : len(signed) + form.size]
            sizes = (entry.crc, entry.compressed, entry.size)
            if raw.startswith(signed) and len(told) == form.size and form.unpack(told) == sizes:
                return len(signed) + form.size
    return 0


def _names(seen: Scan) -> None:
    known = set()
    for entry in seen.entries:
        if entry.name in known:
            seen.fault("ZIP009", "two entries have this name", entry.name)
        known.add(entry.name)


def tiling(seen: Scan) -> None:
    """Demand that the regions cover the file from its first byte on, each byte once."""
    seen.regions.sort()
    at = 0
    for region in seen.regions:
        where = region.name or region.kind
        if region.start > at:
            code = "ZIP002" if at == 0 else "ZIP004"
            seen.fault(code, f"{region.start - at} bytes at {at}", where)
        elif region.start < at and region.end > region.start:
            seen.fault("ZIP005", f"begins {at - region.start} bytes too early", where)
        at = max(at, region.end)


def _bomb(seen: Scan, limits: Limits) -> None:
    total = sum(entry.size for entry in seen.entries)
    if total > limits.total:
        seen.fault("ZIP012", f"bomb: {total:,} bytes when inflated, {limits.total:,} allowed")
    elif total > limits.small and total > limits.ratio * seen.size:
        seen.fault("ZIP012", f"bomb: expands {total / max(seen.size, 1):.0f} times")


def inflated(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Yield an entry's content in blocks; memory is constant, and a lie stops it early.

    Raises:
        EntryUnreadable: the data do not inflate to the promised size and CRC.
    """
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    left, crc, at = entry.size, 0, entry.data
    stop = entry.data + entry.compressed
    while at < stop:
        raw = _at(file, at, min(_BLOCK, stop - at))
        if not raw:
            raise EntryUnreadable(f"{entry.name}: the data are cut off")
        at += len(raw)
        block = raw
        while raw or len(block) == _BLOCK:  # a full block may have left output in the engine
            try:
                block = raw if entry.method == _STORED else engine.decompress(raw, _BLOCK)
            except zlib.error as error:
                raise EntryUnreadable(f"{entry.name}: {error}") from None
            raw = b"" if entry.method == _STORED else engine.unconsumed_tail
            left -= len(block)
            if left < 0:
                raise EntryUnreadable(f"{entry.name}: more than the promised {entry.size} bytes")
            crc = zlib.crc32(block, crc)
            yield block
    if entry.method == _DEFLATED and entry.compressed and (not engine.eof or engine.unused_data):
        raise EntryUnreadable(f"{entry.name}: the compressed data do not end where they should")
    if left or crc != entry.crc:
        raise EntryUnreadable(f"{entry.name}: size or CRC is not the promised one")
