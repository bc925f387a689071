"""Twenty wheels with one fault each; the file name is the same for all.

They are written by hand, byte by byte where it matters, because no build tool makes them.
"""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from velvet_packaging.record import RecordEntry, write_record

FILENAME = "velvet_demo-1.0-py3-none-any.whl"
INFO = "velvet_demo-1.0.dist-info"
DATE = (2020, 1, 1, 0, 0, 0)
METADATA = b"Metadata-Version: 2.1\nName: velvet-demo\nVersion: 1.0\n"
WHEEL = b"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
Files = dict[str, bytes]
MAKERS: dict[str, Callable[[], bytes]] = {}


def maker(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Register a hostile wheel under its function's name."""
    MAKERS[make.__name__] = make
    return make


def contents(info: str = INFO, metadata: bytes = METADATA, wheel: bytes = WHEEL) -> Files:
    """Return the files of a clean wheel, without RECORD."""
    return {
        "velvet_demo/__init__.py": b'__version__ = "1.0"\n',
        "velvet_demo/core.py": b"def answer():\n    return 42\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": wheel,
    }


def pack(files: Files, record: str | None = None, modes: dict[str, int] | None = None) -> bytes:
    """Return an archive of files, with a true RECORD or a given one."""
    info = next(name for name in files if ".dist-info/" in name).partition("/")[0]
    own = f"{info}/RECORD"
    if record is None:
        rows = [RecordEntry.of(name, data) for name, data in files.items()]
        record = write_record([*rows, RecordEntry(own)])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**files, **({own: record.encode()} if record else {})}.items():
            _add(archive, name, data, (modes or {}).get(name, 0o100644))
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int = 0o100644) -> None:
    entry = zipfile.ZipInfo(name, DATE)
    entry.create_system, entry.external_attr = 3, mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the name that stands twice, which is the point
        archive.writestr(entry, data)


def clean() -> bytes:
    """Return the wheel that the others are made from."""
    return pack(contents())


def _record(files: Files, **changed: RecordEntry) -> str:
    rows = {name: RecordEntry.of(name, data) for name, data in files.items()}
    rows |= {one.path: one for one in changed.values()}
    return write_record([*rows.values(), RecordEntry(f"{INFO}/RECORD")])


@maker
def record_hash() -> bytes:
    """RECORD has the digest of other bytes."""
    files = contents()
    size = len(files["velvet_demo/core.py"])
    return pack(files, _record(files, x=RecordEntry.of("velvet_demo/core.py", b"x" * size)))


@maker
def record_size() -> bytes:
    """RECORD has the right digest and another size."""
    files = contents()
    row = RecordEntry.of("velvet_demo/core.py", files["velvet_demo/core.py"])
    return pack(files, _record(files, x=RecordEntry(row.path, row.algorithm, row.digest, 1)))


@maker
def unlisted_file() -> bytes:
    """A module is in the archive and not in RECORD."""
    files = contents()
    return pack({**files, "velvet_demo/extra.py": b"import os\n"}, _record(files))


@maker
def absent_file() -> bytes:
    """RECORD lists a file that is not there."""
    files = contents()
    return pack(files, _record(files, x=RecordEntry.of("velvet_demo/gone.py", b"")))


@maker
def no_record() -> bytes:
    """There is no RECORD at all."""
    return pack(contents(), "")


@maker
def traversal() -> bytes:
    """A file asks to be written outside."""
    return pack({**contents(), "../../../velvet_escape.py": b""})


@maker
def absolute_path() -> bytes:
    """A file asks for an absolute place."""
    return pack({**contents(), "/velvet_absolute.py": b""})


@maker
def duplicate_entry() -> bytes:
    """One name, two contents: which one is installed depends on the reader."""
    files = contents()
    out = io.BytesIO(clean())
    with zipfile.ZipFile(out, "a") as archive:
        _add(archive, "velvet_demo/core.py", files["velvet_demo/core.py"][::-1])
    return out.getvalue()


@maker
def other_dist_info() -> bytes:
    """The metadata folder is another project's."""
    return pack(contents("other_demo-1.0.dist-info"))


@maker
def other_name() -> bytes:
    """METADATA names another project."""
    return pack(contents(metadata=METADATA.replace(b"velvet-demo", b"other-demo")))


@maker
def other_version() -> bytes:
    """METADATA names another version."""
    return pack(contents(metadata=METADATA.replace(b"1.0", b"2.0")))


@maker
def wheel_version_2() -> bytes:
    """A format from the future."""
    return pack(contents(wheel=WHEEL.replace(b"Wheel-Version: 1.0", b"Wheel-Version: 2.0")))


@maker
def metadata_version_9() -> bytes:
    """Metadata from the future."""
    return pack(contents(metadata=METADATA.replace(b"Version: 2.1", b"Version: 9.9", 1)))


@maker
def symlink() -> bytes:
    """An entry is a symbolic link out of the package."""
    mode = stat.S_IFLNK | 0o777
    return pack({**contents(), "velvet_demo/link": b"../../x"}, modes={"velvet_demo/link": mode})


@maker
def two_names() -> bytes:
    """Local header and directory call one entry by two names."""
    raw = clean()
    at = raw.index(b"velvet_demo/core.py")
    return raw[:at] + b"velvet_demo/evil.py" + raw[at + 19 :]


@maker
def trailing_bytes() -> bytes:
    """Something follows the archive."""
    return clean() + b"#!/bin/sh\n"


@maker
def prepended_bytes() -> bytes:
    """Something stands before the archive."""
    return b"#!/usr/bin/env python3\n" + clean()


@maker
def case_collision() -> bytes:
    """Two files are one on a system that ignores case."""
    return pack({**contents(), "velvet_demo/Core.py": b"def answer():\n    return 0\n"})


@maker
def bundled_pip() -> bytes:
    """A top-level package shadows pip."""
    return pack({**contents(), "pip/__init__.py": b""})


@maker
def pth_file() -> bytes:
    """A line of code runs whenever Python starts."""
    return pack({**contents(), "velvet.pth": b"import velvet_demo\n"})


def write_all(folder: Path) -> dict[str, Path]:
    """Write the twenty wheels, each in a folder of its own; returns name -> file."""
    made = {}
    for name, make in MAKERS.items():
        (folder / name).mkdir(parents=True)
        made[name] = folder / name / FILENAME
        made[name].write_bytes(make())
    return made


def bomb(size: int = 10 << 30) -> bytes:
    """Return an archive whose headers promise `size` zeros; its data are a few bytes."""
    raw = bytearray(pack({**contents(), "velvet_demo/zeros.bin": b"\0" * 1000}))
    promised = min(size, 0xFFFFFFFE)
    local = raw.index(b"velvet_demo/zeros.bin") - 30
    central = raw.rindex(b"velvet_demo/zeros.bin", 0, raw.rindex(b"PK\5\6")) - 46
    struct.pack_into("<L", raw, local + 22, promised)
    struct.pack_into("<L", raw, central + 24, promised)
    return bytes(raw)
