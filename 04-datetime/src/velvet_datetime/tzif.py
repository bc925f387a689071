"""Read and write TZif, the binary form of a time zone (RFC 9636), from bytes alone.

`zoneinfo` reads the same files and shows nothing of them. Reading them by hand answers what it
hides: every change of a zone, and the rule for the far future. Writing one simulates a law that
parliament has not passed yet, without a compiler of zone sources:
`ZoneInfo.from_file(BytesIO(build_tzif(...)))`.

A file is two blocks with one layout, the first with 32-bit times for old readers, then a footer.
Counts are checked against the bytes that are there before anything is built from them.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise

from velvet_datetime.clock import get_zone
from velvet_datetime.errors import TzifError, UnknownZoneError
from velvet_datetime.posix_tz import LocalType, PosixTZ

_HEADER = struct.Struct(">4sc15x6l")
_TYPE = struct.Struct(">lBB")


@dataclass(frozen=True)
class Block:
    """Where the parts of one block lie, read from its header of 44 bytes."""

    version: int
    isut: int
    isstd: int
    leaps: int
    times: int
    types: int
    chars: int
    wide: int  # bytes of one time: 4 or 8

    @classmethod
    def read(cls, data: bytes, at: int, wide: int) -> Block:
        """Read a header and check it against the bytes that follow."""
        if len(data) < at + _HEADER.size:
            raise TzifError(f"the header at byte {at} is cut off")
        magic, version, isut, isstd, leaps, times, types, chars = _HEADER.unpack_from(data, at)
        if magic != b"TZif":
            raise TzifError(f"byte {at} begins with {magic!r} and not with b'TZif'")
        if version not in (b"\0", b"2", b"3", b"4"):
            raise TzifError(f"version {version!r} is unknown: 1 to 4 are")
        number = 1 if version == b"\0" else int(version)
        block = cls(number, isut, isstd, leaps, times, types, chars, wide)
        counts = (isut, isstd, leaps, times, types, chars)
        if min(counts) < 0 or at + _HEADER.size + block.size > len(data):
            raise TzifError(f"the counts {counts} at byte {at} need more bytes than there are")
        return block

    @property
    def size(self) -> int:
        """Bytes of the block after its header."""
        fixed = self.times * (self.wide + 1) + self.types * 6 + self.chars
        return fixed + self.leaps * (self.wide + 4) + self.isstd + self.isut


@dataclass(frozen=True)
class TZif:
    """A zone as its file tells it.

    Attributes:
        transitions: epochs at which a new type begins, ascending.
        indices: which of `types` begins there.
        footer: the rule after the last transition; None when there is none.
    """

    transitions: tuple[int, ...]
    indices: tuple[int, ...]
    types: tuple[LocalType, ...]
    footer: PosixTZ | None
    version: int

    @classmethod
    def parse(cls, data: bytes) -> TZif:
        """Read a file's bytes; O(n).

        Raises:
            TzifError: the file is damaged; nothing else is raised, whatever the bytes.
        """
        block, at = Block.read(data, 0, 4), _HEADER.size
        footer = None
        if block.version >= 2:
            second = at + block.size
            block, at = Block.read(data, second, 8), second + _HEADER.size
            footer = _footer(data[at + block.size :])
        if not block.types:
            raise TzifError("a zone needs at least one local time type")
        if block.isut not in (0, block.types) or block.isstd not in (0, block.types):
            raise TzifError("the indicators must be none or as many as the types")
        code, n = "q" if block.wide == 8 else "l", block.times
        times = struct.unpack_from(f">{n}{code}", data, at)
        at += n * block.wide
        if any(later <= one for one, later in pairwise(times)):
            raise TzifError("the transitions are not in ascending order")
        indices = tuple(data[at : at + n])
        if any(index >= block.types for index in indices):
            raise TzifError(f"a transition names a type beyond the {block.types} there are")
        at += n
        names = data[at + 6 * block.types : at + 6 * block.types + block.chars]
        types = tuple(
            _local_type(_TYPE.unpack_from(data, at + 6 * k), names) for k in range(block.types)
        )
        return cls(times, indices, types, footer, block.version)

    def at(self, epoch: int) -> LocalType:
        """Return what holds at an instant, in O(log n)."""
        place = bisect_right(self.transitions, epoch)
        if place == len(self.transitions) and self.footer is not None:
            return self.footer.at(epoch)
        return self.types[self.indices[place - 1]] if place else self._first

    @property
    def _first(self) -> LocalType:
        """What holds before the first transition: type 0 (RFC 9636 section 3.2)."""
        return self.types[0]


def _local_type(fields: tuple[int, ...], names: bytes) -> LocalType:
    utoff, dst, name = fields
    end = names.find(b"\0", name)
    if dst > 1 or end < 0:
        raise TzifError(f"a type has the flag {dst} or an abbreviation without an end")
    if not -90_000 < utoff < 93_600:  # RFC 9636: more than -25 h, less than 26 h
        raise TzifError(f"an offset of {utoff} s is not within -25 and 26 hours")
    return LocalType(utoff, dst == 1, names[name:end].decode("ascii", "replace"))


def _footer(data: bytes) -> PosixTZ | None:
    if data[:1] != b"\n" or b"\n" not in data[1:]:
        raise TzifError("the footer does not stand between two newlines")
    text = data[1:].partition(b"\n")[0].decode("ascii", "replace")
    return PosixTZ.parse(text) if text else None


def build_tzif(
    transitions: Sequence[tuple[int, int]], types: Sequence[LocalType], footer: str = ""
) -> bytes:
    """Return a version 2 file: pairs of epoch and type number, the types, a POSIX rule.

    Raises:
        TzifError: what would be written could not be read back.
    """
    names, starts = b"", []
    for one in types:
        starts.append(len(names))
        names += one.abbr.encode("ascii", "replace") + b"\0"
    counts = (0, 0, 0, len(transitions), len(types), len(names))
    body = struct.pack(f">{len(transitions)}q", *(at for at, _ in transitions))
    body += bytes(index for _, index in transitions)
    for one, start in zip(types, starts, strict=True):
        body += _TYPE.pack(one.utoff, one.dst, start)
    empty = _HEADER.pack(b"TZif", b"2", 0, 0, 0, 0, 1, 1) + _TYPE.pack(0, 0, 0) + b"\0"
    whole = empty + _HEADER.pack(b"TZif", b"2", *counts) + body + names
    whole += b"\n" + footer.encode("ascii", "replace") + b"\n"
    TZif.parse(whole)
    return whole


@lru_cache(maxsize=1024)
def compiled(key: str) -> bytes:
    """Return the bytes of a zone's file in the tzdata package.

    Raises:
        UnknownZoneError: the key is not in the database, so no path is made from it.
    """
    get_zone(key)
    place = resources.files("tzdata") / "zoneinfo"
    for part in key.split("/"):
        place = place / part
    if not place.is_file():
        raise UnknownZoneError(key, "the system has it, the tzdata package has not")
    return place.read_bytes()
