"""The archive's bytes: each finding has an archive that shows it; the clean one has none."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from velvet_packaging.errors import EntryUnreadable
from velvet_packaging.samples import hostile
from velvet_packaging.samples.hostile import pack
from velvet_packaging.wheel import Wheel, verify
from velvet_packaging.zipaudit import END, Limits, audit_zip, inflated, scan

CLEAN = hostile.clean()
END_AT = CLEAN.rindex(b"PK\5\6")
CENTRAL_AT = struct.unpack_from("<L", CLEAN, END_AT + 16)[0]


def changed(offset: int, form: str, *values: int, raw: bytes = CLEAN) -> bytes:
    data = bytearray(raw)
    struct.pack_into(form, data, offset, *values)
    return bytes(data)


def with_extra(local: bytes, central: bytes) -> bytes:
    """Return a one-entry archive with given extra fields."""
    name, data = b"a.txt", b"hello"
    crc = zlib.crc32(data)
    head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, crc, 5, 5, len(name), len(local))
    front = head + name + local + data
    entry = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\1\2", 788, 20, 0, 0, 0, 33, crc, 5, 5, len(name), len(central), 0, 0, 0, 0, 0),
    )
    directory = entry + name + central
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(front), 0)
    return front + directory + end


def described() -> bytes:
    """Return an archive whose sizes stand behind its data, as a stream writer leaves it."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr("a.txt", "hello")
    return pipe.data


def twice_ended() -> bytes:
    comment = CLEAN[END_AT : END_AT + END.size]
    return changed(END_AT + 20, "<H", len(comment)) + comment


def ended_before() -> bytes:
    """Return an archive in the comment of one without entries, at the very first byte."""
    return END.pack(b"PK\5\6", 0, 0, 0, 0, 0, 0, len(CLEAN)) + CLEAN


HOSTILE: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "ZIP001"),
    ("no archive", b"x" * 100, "ZIP001"),
    ("cut off", CLEAN[:-5], "ZIP001"),
    ("a comment cut off", changed(END_AT + 20, "<H", 9), "ZIP001"),
    ("bytes before", b"#!" + CLEAN, "ZIP002"),
    ("bytes after", CLEAN + b"x", "ZIP003"),
    (
        "a gap",
        CLEAN[:CENTRAL_AT] + b"gap" + changed(END_AT + 16, "<L", CENTRAL_AT + 3)[CENTRAL_AT:],
        "ZIP004",
    ),
    ("an overlap", changed(CENTRAL_AT + 20, "<L", 10_000), "ZIP005"),
    ("a directory beyond the end", changed(END_AT + 12, "<L", 10_000), "ZIP005"),
    ("two ends", twice_ended(), "ZIP006"),
    ("an end at the first byte", ended_before(), "ZIP006"),
    ("one entry less promised", changed(END_AT + 8, "<2H", 4, 4), "ZIP007"),
    ("another CRC", changed(14, "<L", 1), "ZIP007"),
    ("a header that is none", changed(0, "<L", 1), "ZIP007"),
    ("an offset beyond the end", changed(CENTRAL_AT + 42, "<L", 0xFFFFFF0), "ZIP007"),
    ("a descriptor", described(), "ZIP008"),
    ("one name twice", hostile.duplicate_entry(), "ZIP009"),
    ("an extra field cut off", with_extra(b"", b"\1\0\x09"), "ZIP010"),
    ("an extra field too long", with_extra(b"", b"\x99\x99\x09\0a"), "ZIP010"),
    ("an extra field twice", with_extra(b"", b"\x99\x99\0\0" * 2), "ZIP010"),
    ("a second name", with_extra(b"", b"\x75\x70\0\0"), "ZIP010"),
    ("a second local name", with_extra(b"\x75\x70\0\0", b""), "ZIP010"),
    ("zip64 without need", with_extra(b"", b"\1\0\x08\0" + b"\0" * 8), "ZIP010"),
    ("a NUL in a name", CLEAN.replace(b"core.py", b"cor\0.py"), "ZIP011"),
    ("a name in another code", CLEAN.replace(b"core.py", b"c\xffre.py"), "ZIP011"),
    ("a bomb by its size", hostile.bomb(), "ZIP012"),
    ("a bomb by its ratio", hostile.bomb(2 << 20), "ZIP012"),
    ("encryption", changed(CENTRAL_AT + 8, "<H", 1), "ZIP013"),
    ("another method", changed(CENTRAL_AT + 10, "<H", 14), "ZIP013"),
    ("another disk", changed(END_AT + 4, "<H", 1), "ZIP013"),
    ("zip64 that is absent", changed(END_AT + 16, "<L", 0xFFFFFFFF), "ZIP014"),
]


@pytest.mark.parametrize(
    ("raw", "code"), [case[1:] for case in HOSTILE], ids=[c[0] for c in HOSTILE]
)
def test_each_fault_of_an_archive_is_found(raw: bytes, code: str) -> None:
    assert code in {finding.code for finding in audit_zip(raw)}


def test_a_descriptor_belongs_to_its_entry() -> None:
    assert {finding.code for finding in audit_zip(described())} == {"ZIP008"}


def test_a_name_that_two_readers_spell_differently_is_found() -> None:
    name = "velvet_demo/\u00e9.py"
    raw = pack({**hostile.contents(), name: b""})
    local, central = raw.index(name.encode()), raw.rindex(name.encode(), 0, raw.rindex(b"PK\5\6"))
    unmarked = changed(local - 30 + 6, "<H", 0, raw=changed(central - 46 + 8, "<H", 0, raw=raw))

    assert audit_zip(raw) == []
    assert {one.code for one in audit_zip(unmarked)} == {"ZIP011"}
    with zipfile.ZipFile(io.BytesIO(unmarked)) as archive:
        assert name not in archive.namelist()


def test_a_local_name_in_another_code_than_the_directorys_is_found() -> None:
    raw = with_extra(b"", b"").replace(b"a.txt", "\u00e9.py".encode())
    central = raw.index(b"PK\1\2")
    raw = changed(6, "<H", 0x800, raw=changed(central + 8, "<H", 0x800, raw=raw))
    assert audit_zip(raw) == []

    other = changed(26, "<H", 4, raw=raw).replace("\u00e9.py".encode(), b"\x82.py", 1)
    moved = changed(other.index(b"PK\5\6") + 16, "<L", central - 1, raw=other)
    assert {one.code for one in audit_zip(moved)} == {"ZIP007"}


@pytest.mark.parametrize("size", [0, 1 << 18, (1 << 18) + 100, (1 << 19) + 200])
def test_what_the_last_block_leaves_in_the_engine_is_read(
    size: int, put: Callable[..., Path]
) -> None:
    raw = pack({**hostile.contents(), "velvet_demo/zeros.bin": b"\0" * size})

    assert len(content(raw, "velvet_demo/zeros.bin")) == size
    assert verify(put(raw)).findings == ()


def zip64(**changes: int) -> bytes:
    """Return the clean archive with zip64 records, some of their fields changed."""
    told = {"offset": END_AT, "entries": 5, "length": 44, "disks": 1, "start": CENTRAL_AT} | changes
    size = END_AT - CENTRAL_AT
    record = struct.pack(
        "<4sQ2H2L4Q",
        *(b"PK\6\6", told["length"], 45, 45, 0, 0, told["entries"], told["entries"]),
        *(size, told["start"]),
    )
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, told["offset"], told["disks"])
    end = changed(END_AT + 8, "<2H", 0xFFFF, 0xFFFF)[END_AT:]
    return CLEAN[:END_AT] + record + locator + end


@pytest.mark.parametrize(
    "changes", [{"offset": 3}, {"offset": 1 << 40}, {"length": 45}, {"disks": 2}, {"start": 1}]
)
def test_zip64_records_that_contradict_are_found(changes: dict[str, int]) -> None:
    assert audit_zip(zip64()) == []
    assert "ZIP014" in {finding.code for finding in audit_zip(zip64(**changes))}


def test_a_zip64_entry_is_read_where_its_header_asks_for_it() -> None:
    sizes = struct.pack("<2H2Q", 1, 16, 5, 5)
    raw = bytearray(with_extra(sizes, sizes))
    struct.pack_into("<2L", raw, 18, 0xFFFFFFFF, 0xFFFFFFFF)
    central = raw.index(b"PK\1\2")
    struct.pack_into("<2L", raw, central + 20, 0xFFFFFFFF, 0xFFFFFFFF)
    seen = scan(bytes(raw))

    assert (seen.findings, seen.entries[0].size) == ([], 5)
    short = bytes(raw[:35] + b"\2" + raw[36:])
    assert {one.code for one in audit_zip(short)} & {"ZIP007", "ZIP010"}


def test_what_zipfile_writes_is_clean_and_tiles_the_file() -> None:
    seen = scan(CLEAN)

    assert seen.findings == []
    assert seen.regions[0].start == 0
    assert all(a.end == b.start for a, b in zip(seen.regions, seen.regions[1:], strict=False))
    assert seen.regions[-1].end == len(CLEAN)
    assert [one.name for one in seen.entries] == zipfile.ZipFile(io.BytesIO(CLEAN)).namelist()


def test_limits_are_the_callers(clean: Path) -> None:
    assert audit_zip(clean, Limits(total=10))[0].code == "ZIP012"
    assert verify(clean, limits=Limits(ratio=0.01, small=1)).codes == ("ZIP012",)


def content(raw: bytes, name: str = "velvet_demo/core.py") -> bytes:
    entry = next(one for one in scan(raw).entries if one.name == name)
    return b"".join(inflated(io.BytesIO(raw), entry))


def test_an_entry_is_inflated_to_what_it_promises() -> None:
    entry = scan(CLEAN).entries[1]

    assert content(CLEAN) == hostile.contents()[entry.name]
    assert {one.code for one in audit_zip(changed(entry.offset + 22, "<L", 1))} == {"ZIP007"}
    lying = [
        entry._replace(size=1),
        entry._replace(size=10_000),
        entry._replace(crc=1),
        entry._replace(compressed=3),
        entry._replace(compressed=10 << 20),
        entry._replace(data=entry.data + 1),
    ]
    for one in lying:
        with pytest.raises(EntryUnreadable, match="core"):
            list(inflated(io.BytesIO(CLEAN), one))


def test_damaged_data_are_a_finding_and_no_crash(put: Callable[..., Path]) -> None:
    entry = scan(CLEAN).entries[1]
    path = put(changed(entry.data + 3, "<B", 0xAA))

    assert "ZIP015" in verify(path).codes
    with pytest.raises(EntryUnreadable):
        Wheel.open(path).read(entry.name)


def test_offsets_beyond_every_file_are_findings_and_no_crash(put: Callable[..., Path]) -> None:
    before = zip64(start=0)
    size_at = before.rindex(b"PK\6\6") + 40
    overlapping = changed(size_at, "<Q", len(before) - 22, raw=before)
    raw = bytearray(described())
    central, field64 = raw.index(b"PK\1\2"), struct.pack("<2HQ", 1, 8, 2**64 - 1)
    struct.pack_into("<L", raw, central + 20, 0xFFFFFFFF)
    struct.pack_into("<H", raw, central + 30, len(field64))
    raw[central + 46 + 5 : central + 46 + 5] = field64
    end = raw.index(b"PK\5\6")
    struct.pack_into("<L", raw, end + 12, struct.unpack_from("<L", raw, end + 12)[0] + len(field64))

    for one in (overlapping, bytes(raw)):
        assert audit_zip(one)
        assert not verify(put(one)).ok
