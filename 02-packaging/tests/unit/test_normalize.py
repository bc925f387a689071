"""Canonical bytes, what differs between two artefacts, what they weigh."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from velvet_packaging import repro
from velvet_packaging.errors import (
    BackendMissing,
    BadSpec,
    NotAnArchive,
    PackagingLabError,
    UnknownName,
)
from velvet_packaging.normalize import DOS_END, DOS_EPOCH, normalize, source_date_epoch
from velvet_packaging.samples import hostile
from velvet_packaging.samples.hostile import contents, pack
from velvet_packaging.sdist import Sdist
from velvet_packaging.sizes import weigh, what_if
from velvet_packaging.wheel import Wheel, verify
from velvet_packaging.wheelhouse import closure, repack


@pytest.mark.parametrize(
    ("text", "epoch"),
    [("0", DOS_EPOCH), ("1000", DOS_EPOCH), ("1577836800", 1577836800), ("9" * 20, DOS_END)],
)
def test_an_epoch_is_clamped_to_what_zip_can_hold(text: str, epoch: int) -> None:
    assert source_date_epoch(text) == epoch


@pytest.mark.parametrize("text", ["-1", "", "now", "1.5", "\u0661"])
def test_an_epoch_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadSpec, match="SOURCE_DATE_EPOCH"):
        source_date_epoch(text)


def sdist(path: Path, date: int, reverse: bool = False) -> Path:
    members = {"demo-1.0/PKG-INFO": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
               "demo-1.0/pyproject.toml": b"", "demo-1.0/run.sh": b"#!/bin/sh\n"}  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(path, "wb", mtime=date) as raw, tarfile.open(fileobj=raw, mode="w") as made:
        folder = tarfile.TarInfo("demo-1.0")
        folder.type = tarfile.DIRTYPE
        made.addfile(folder)
        for name in sorted(members, reverse=reverse):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.uid = len(members[name]), date, date % 1000
            entry.mode = 0o775 if name.endswith(".sh") else 0o664
            made.addfile(entry, io.BytesIO(members[name]))
    return path


def test_two_sdists_of_one_content_become_equal(tmp_path: Path) -> None:
    one = sdist(tmp_path / "a" / "demo-1.0.tar.gz", 1_000_000_001)
    other = sdist(tmp_path / "b" / "demo-1.0.tar.gz", 1_500_000_002, reverse=True)
    aspects = {found.aspect for found in repro.diff_artifacts(one, other)}

    assert {"gzip date", "mtime", "uid", "list of members"} <= aspects
    assert normalize(one).read_bytes() == normalize(other).read_bytes()
    before = one.read_bytes()
    assert normalize(one).read_bytes() == before
    assert Sdist.open(one).verify().ok
    modes = {member.name: member.mode for member in Sdist.open(one).members}
    assert (modes["demo-1.0/run.sh"], modes["demo-1.0/PKG-INFO"]) == (0o755, 0o644)


def test_two_wheels_of_one_content_become_equal(tmp_path: Path, put: Callable[..., Path]) -> None:
    files = contents()
    one = put(pack(files))
    other = tmp_path / "b" / hostile.FILENAME
    other.parent.mkdir()
    shuffled = dict(reversed(files.items()))
    other.write_bytes(pack(shuffled, modes={"velvet_demo/core.py": 0o100664}))
    differences = list(repro.diff_artifacts(one, other))

    assert {"order of entries", "mode"} <= {found.aspect for found in differences}
    assert "velvet_demo" in str(differences[0])
    assert normalize(one).read_bytes() == normalize(other).read_bytes()
    assert verify(one).ok
    assert list(repro.diff_artifacts(one, other)) == []


@pytest.mark.parametrize(("mode", "kept"), [(0o664, 0o644), (0o600, 0o644), (0o710, 0o755)])
def test_a_wheel_keeps_of_a_mode_whether_it_is_a_program(
    put: Callable[..., Path], mode: int, kept: int
) -> None:
    path = normalize(put(pack(contents(), modes={"velvet_demo/core.py": 0o100000 | mode})))
    modes = {entry.name: entry.mode for entry in Wheel.open(path).scan.entries}

    assert modes["velvet_demo/core.py"] == 0o100000 | kept


def test_a_wheel_whose_rewriting_fails_stands_alone_as_it_was(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = clean.read_bytes()

    def full(path: Path, *_: object) -> None:
        path.write_bytes(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr("velvet_packaging.normalize.canonical_zip", full)
    with pytest.raises(OSError, match="full"):
        normalize(clean)
    assert [one.read_bytes() for one in clean.parent.iterdir()] == [before]


def test_other_entries_and_another_compression_are_named(tmp_path: Path, clean: Path) -> None:
    other = tmp_path / "other" / clean.name
    other.parent.mkdir()
    other.write_bytes(pack({**contents(), "extra.py": b""}))
    assert next(repro.diff_artifacts(clean, other)).aspect == "list of entries"
    shutil.copy(clean, other)
    with zipfile.ZipFile(other, "a") as archive:
        archive.comment = b"x"
    assert next(repro.diff_artifacts(clean, other)).aspect == "compressed stream"


@pytest.mark.parametrize("name", ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"])
def test_what_is_no_archive_is_refused_and_kept(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"no archive")

    with pytest.raises(NotAnArchive):
        normalize(path)
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert path.read_bytes() == b"no archive"


def test_a_wheel_with_two_infos_is_not_normalised(put: Callable[..., Path]) -> None:
    with pytest.raises(NotAnArchive, match="2 "):
        normalize(put(pack({**contents(), "b-1.dist-info/METADATA": b""})))


@pytest.mark.parametrize(
    "name", ["record_hash", "record_size", "unlisted_file", "absent_file", "no_record",
             "duplicate_entry", "two_names", "prepended_bytes", "trailing_bytes"],
)  # fmt: skip
def test_normalising_never_makes_a_false_record_true(name: str, put: Callable[..., Path]) -> None:
    path = put(hostile.MAKERS[name]())
    before = path.read_bytes()

    with pytest.raises(NotAnArchive, match=r"is not rewritten: (ZIP|REC)"):
        normalize(path)
    assert path.read_bytes() == before


def test_an_sdist_that_is_damaged_or_ambiguous_is_not_normalised(tmp_path: Path) -> None:
    path = sdist(tmp_path / "demo-1.0.tar.gz", 1_000_000_000)
    raw = path.read_bytes()
    path.write_bytes(raw[:10] + b"\xff" * 20 + raw[30:])
    with pytest.raises(NotAnArchive, match="readable"):
        normalize(path)
    with tarfile.open(path, "w:gz") as archive:
        for _ in range(2):
            archive.addfile(tarfile.TarInfo("demo-1.0/PKG-INFO"))
    with pytest.raises(NotAnArchive, match="two members are called"):
        normalize(path)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_an_sdist_whose_rewriting_fails_stands_alone_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sdist(tmp_path / "demo-1.0.tar.gz", 1_000_000_000)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="full"):
        normalize(path)
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [before]


def test_sizes_add_up(clean: Path, tmp_path: Path) -> None:
    told = weigh(clean)

    assert sum(told.packed.values()) + told.overhead == told.total == clean.stat().st_size
    assert told.raw["code"] == sum(len(v) for k, v in contents().items() if k.endswith(".py"))
    assert what_if(clean, ("metadata", "code")) == 0
    packed = sum(told.packed.values())
    assert packed / 2 < what_if(clean, ()) <= packed + 1
    other = weigh(sdist(tmp_path / "demo-1.0.tar.gz", 1_000_000_000))
    assert sum(other.packed.values()) + other.overhead == other.total
    assert other.raw["metadata"] > 0
    share = other.total / sum(other.raw.values())
    assert other.packed == {kind: int(size * share) for kind, size in other.raw.items()}


def test_an_installed_distribution_is_packed_again(tmp_path: Path) -> None:
    path = repack("pyproject-hooks", tmp_path)

    assert verify(path).ok
    assert Wheel.open(path).metadata.parsed["name"] == "pyproject_hooks"
    with zipfile.ZipFile(path) as archive:
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}
    assert {"build", "packaging", "pyproject-hooks"} <= set(closure(["build"]))
    for call in (repack, lambda name, _: closure([name])):
        with pytest.raises(BackendMissing, match="pip install"):
            call("no-such-distribution", tmp_path)
    with pytest.raises(PackagingLabError, match="editable"):
        repack("velvet-python", tmp_path)


def test_one_axis_alone_writes_the_files_in_another_order() -> None:
    assert [name for name, axis in repro.AXES.items() if axis.reverse] == ["order"]


def test_an_unknown_axis_is_refused() -> None:
    with pytest.raises(UnknownName, match="choose one of"):
        repro.matrix("hatchling", axes=("moon",))
