"""Canonical bytes: rewrite an artefact so that only its content decides them.

What two builds of one source disagree about is nearly never content: dates, modes, owners, the
order of entries, the clock in gzip's header. All of that has one canonical value, so rewriting is
enough, and rewriting twice changes nothing.

Source: the Reproducible Builds project's specification of SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import time
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from velvet_packaging.errors import BadSpec, NotAnArchive
from velvet_packaging.record import RecordEntry, write_record
from velvet_packaging.wheel import Wheel, verify

DOS_EPOCH = 315_532_800  # 1980-01-01: nothing earlier fits into a ZIP
DOS_END = 4_354_819_198  # 2107-12-31T23:59:58
_FILE, _PROGRAM = 0o644, 0o755
Files = Mapping[str, tuple[bytes, int]]


def source_date_epoch(text: str) -> int:
    """Return a SOURCE_DATE_EPOCH as a date that ZIP can hold; earlier ones are clamped to 1980.

    Raises:
        BadSpec: it is no whole number of seconds, or negative.

    >>> source_date_epoch("0") == DOS_EPOCH
    True
    """
    if not (text.isascii() and text.isdigit()):
        raise BadSpec(f"SOURCE_DATE_EPOCH={text!r}: whole seconds since 1970, not negative")
    return min(max(int(text), DOS_EPOCH), DOS_END)


def with_record(files: Files, info: str) -> dict[str, tuple[bytes, int]]:
    """Return a wheel's files in canonical order, with a RECORD of them as the last."""
    record = f"{info}/RECORD"
    order = sorted((name for name in files if name != record), key=lambda one: _last(one, info))
    made = {name: files[name] for name in order}
    rows = [RecordEntry.of(name, data) for name, (data, _) in made.items()]
    text = write_record([*rows, RecordEntry(record)])
    return {**made, record: (text.encode(), _FILE)}


def _last(name: str, info: str) -> tuple[bool, str]:
    """Sort metadata behind the code, as the specification recommends."""
    return name.startswith(f"{info}/"), name


def canonical_zip(
    path: Path, files: Files, epoch: int = DOS_EPOCH, compression: int = zipfile.ZIP_DEFLATED
) -> None:
    """Write an archive whose bytes depend on names, contents and modes alone.

    Args:
        files: path -> content and mode, in the order in which they are written.
        epoch: the date of every entry, in seconds since 1970.
    """
    date = time.gmtime(source_date_epoch(str(epoch)))[:6]
    with zipfile.ZipFile(path, "w", compression, compresslevel=9) as archive:
        for name, (data, mode) in files.items():
            entry = zipfile.ZipInfo(name, date)
            entry.create_system, entry.compress_type = 3, compression
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, data)


def _mode(mode: int) -> int:
    return _PROGRAM if mode & 0o111 else _FILE


def normalize_wheel(path: Path, epoch: int = DOS_EPOCH) -> Path:
    """Rewrite a wheel in place to canonical bytes, its RECORD rebuilt; idempotent.

    Raises:
        NotAnArchive: it is no wheel with one .dist-info folder, or its archive or RECORD has a
            fault: rebuilt, RECORD would vouch for bytes that it did not vouch for before.
    """
    wheel = Wheel.open(path)
    if len(wheel.dist_infos) != 1:
        raise NotAnArchive(f"{path.name}: {len(wheel.dist_infos)} .dist-info folders")
    for fault in verify(path).findings:
        if fault.severity == "error" and fault.code.startswith(("ZIP", "REC")):
            raise NotAnArchive(f"{path.name} is not rewritten: {fault}")
    files = {
        entry.name: (b"".join(wheel.stream(entry.name)), _mode(entry.mode))
        for entry in wheel.scan.entries
        if not entry.is_directory
    }
    beside = path.with_name(path.name + ".part")
    try:
        canonical_zip(beside, with_record(files, wheel.dist_infos[0]), epoch)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def normalize_sdist(path: Path, epoch: int = DOS_EPOCH) -> Path:
    """Rewrite an sdist in place to canonical bytes; idempotent.

    Raises:
        NotAnArchive: it is no gzip-compressed tar archive, or one name stands twice in it.
    """
    files: dict[str, tuple[bytes, tarfile.TarInfo]] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.isdir():
                    continue
                if member.name in files:
                    raise NotAnArchive(f"{path.name}: two members are called {member.name!r}")
                file = archive.extractfile(member) if member.isfile() else None
                files[member.name] = (file.read() if file else b"", member)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise NotAnArchive(f"{path.name} is no readable .tar.gz: {error}") from None
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made:
        for name, (data, was) in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size = was.type, was.linkname, len(data)
            entry.mode, entry.mtime = _mode(was.mode), source_date_epoch(str(epoch))
            made.addfile(entry, io.BytesIO(data))
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
            packed.write(out.getvalue())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def normalize(path: Path, epoch: int = DOS_EPOCH) -> Path:
    """Rewrite a wheel or an sdist in place; see `normalize_wheel` and `normalize_sdist`."""
    return (normalize_wheel if path.suffix == ".whl" else normalize_sdist)(path, epoch)
