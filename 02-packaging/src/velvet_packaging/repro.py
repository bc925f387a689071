"""Reproducible builds: change one thing that is no content, build again, compare the bytes.

Each axis changes what two machines, or two checkouts on one machine, differ in. A backend is
reproducible on an axis when both builds are equal byte for byte; where they are not,
`diff_artifacts` names the first field that differs, down to the headers of ZIP, tar and gzip.

Source: the Reproducible Builds project's list of variations and its SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import os
import shutil
import struct
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from velvet_packaging import contenders
from velvet_packaging.errors import UnknownName
from velvet_packaging.frontends import Hook
from velvet_packaging.normalize import normalize
from velvet_packaging.project import ProjectSpec
from velvet_packaging.rendering import EPOCH, render
from velvet_packaging.wheel import Wheel

TICK_S = 2.1  # ZIP counts in steps of two seconds
LATER = 86_400
POSIX_ONLY = ("mode", "umask")
MATRIX = ("mtime", "mode", "umask", "path", "clock")


@dataclass(frozen=True)
class Difference:
    """One field in which two artefacts differ."""

    path: str
    aspect: str
    a: str
    b: str

    def __str__(self) -> str:
        return f"{self.path or 'archive'}, {self.aspect}: {self.a} / {self.b}"


@dataclass(frozen=True)
class Cell:
    """The answer for one target, one axis, with or without an epoch.

    Attributes:
        target: wheel or sdist.
        axis: a key of `AXES`.
        epoch: the SOURCE_DATE_EPOCH of both builds; None where it is not set.
        equal: whether the two are equal as built.
        normalized: whether the two are equal after `normalize`.
        difference: the first field that differs as built; empty where none does.
    """

    target: str
    axis: str
    epoch: int | None
    equal: bool
    normalized: bool
    difference: str = ""


@dataclass(frozen=True)
class ReproMatrix:
    """All cells of one backend."""

    backend: str
    cells: tuple[Cell, ...]

    @property
    def equal(self) -> int:
        """How many cells are equal as built."""
        return sum(one.equal for one in self.cells)

    @property
    def normalized(self) -> int:
        """How many are equal after normalising."""
        return sum(one.normalized for one in self.cells)


def _touch(tree: Path) -> None:
    for path in _files(tree):
        os.utime(path, (EPOCH + LATER, EPOCH + LATER))


def _open(tree: Path) -> None:
    for path in _files(tree):
        path.chmod(0o664)


def _files(tree: Path) -> Iterator[Path]:
    for path in tree.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            yield path


def _nothing(tree: Path) -> None:
    """Change nothing: the axis is in how the build is started."""


@dataclass(frozen=True)
class Axis:
    """What differs between two builds.

    Attributes:
        change: what is done to the second source tree.
        env: what the second build sees.
        folder: where the second tree lies.
        reverse: whether its files are written in the opposite order.
    """

    change: Callable[[Path], None] = _nothing
    env: tuple[tuple[str, str], ...] = ()
    umask: int = 0o022
    folder: str = "a"
    reverse: bool = False


AXES: dict[str, Axis] = {
    "same": Axis(),
    "mtime": Axis(change=_touch),
    "mode": Axis(change=_open),
    "umask": Axis(umask=0o077),
    "path": Axis(folder="a-much-longer-path/to/the/same/source"),
    "order": Axis(reverse=True),
    "locale": Axis(env=(("TZ", "JST-9"), ("LC_ALL", "C"), ("LANG", "C"))),
    "clock": Axis(),
}


def copy(tree: Path, dest: Path, reverse: bool = False) -> Path:
    """Copy a source tree with its dates; the order of writing is the order of names."""
    names = sorted(path.relative_to(tree) for path in tree.rglob("*") if path.is_file())
    for name in reversed(names) if reverse else names:
        (dest / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(tree / name, dest / name)
    return dest


def matrix(
    backend: str,
    targets: tuple[str, ...] = ("wheel", "sdist"),
    axes: tuple[str, ...] = MATRIX,
    epochs: tuple[int | None, ...] = (None, EPOCH),
    spec: ProjectSpec | None = None,
) -> ReproMatrix:
    """Build a project twice for every cell and compare.

    The first builds come first, one per target and epoch; the clock axis waits until all of them
    are older than a step of ZIP's clock. The axes `mode` and `umask` are left out on Windows.

    Raises:
        UnknownName: there is no such axis.
        BackendMissing: the backend is not installed.
    """
    for axis in axes:
        if axis not in AXES:
            raise UnknownName("axis", axis, tuple(AXES))
    contenders.demand(backend)
    if os.name != "posix":
        axes = tuple(axis for axis in axes if axis not in POSIX_ONLY)
    cells: list[Cell] = []
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        source = render(spec or ProjectSpec(modules=5), backend, work / "source")
        keys = [(target, epoch) for target in targets for epoch in epochs]
        first = {
            key: _built(source, work / f"first{n}", *key, AXES["same"])
            for n, key in enumerate(keys)
        }
        born = time.monotonic()
        for axis in sorted(axes, key=lambda one: one == "clock"):
            if axis == "clock":
                time.sleep(max(0.0, TICK_S - (time.monotonic() - born)))
            for number, key in enumerate(keys):
                other = _built(source, work / f"{axis}{number}", *key, AXES[axis])
                cells.append(_cell(first[key], other, axis, *key))
    return ReproMatrix(backend, tuple(cells))


def _built(source: Path, place: Path, target: str, epoch: int | None, axis: Axis) -> Path:
    tree = copy(source, place / axis.folder, axis.reverse)
    axis.change(tree)
    env = dict(axis.env) | ({"SOURCE_DATE_EPOCH": str(epoch)} if epoch is not None else {})
    umask = axis.umask if os.name == "posix" else -1
    return Hook(umask=umask).build(tree, target, place / "out", env).path


def _cell(one: Path, other: Path, axis: str, target: str, epoch: int | None) -> Cell:
    equal = one.read_bytes() == other.read_bytes()
    difference = "" if equal else str(next(diff_artifacts(one, other)))
    with tempfile.TemporaryDirectory() as scratch:
        pair = [Path(scratch) / f"{n}" / path.name for n, path in enumerate((one, other))]
        for path, source in zip(pair, (one, other), strict=True):
            path.parent.mkdir()
            normalize(Path(shutil.copy(source, path)))
        same = pair[0].read_bytes() == pair[1].read_bytes()
    return Cell(target, axis, epoch, equal, same, difference)


def diff_artifacts(a: Path, b: Path) -> Iterator[Difference]:
    """Yield every field in which two wheels or two sdists differ; nothing when they are equal."""
    if a.read_bytes() == b.read_bytes():
        return
    found = list(_wheels(a, b) if a.suffix == ".whl" else _sdists(a, b))
    yield from found
    if not found:
        sizes = [str(path.stat().st_size) for path in (a, b)]
        yield Difference("", "compressed stream", *sizes)


def _fields(
    path: str, names: tuple[str, ...], a: tuple[object, ...], b: tuple[object, ...]
) -> Iterator[Difference]:
    for aspect, one, other in zip(names, a, b, strict=True):
        if one != other:
            yield Difference(path, aspect, str(one), str(other))


def _wheels(a: Path, b: Path) -> Iterator[Difference]:
    one, other = Wheel.open(a), Wheel.open(b)
    names = list(one.names), list(other.names)
    if names[0] != names[1]:
        aspect = "order of entries" if sorted(names[0]) == sorted(names[1]) else "list of entries"
        yield Difference("", aspect, _unlike(*names), _unlike(*names[::-1]))
    aspects = ("date", "mode", "system", "method", "flags", "extra field", "size", "CRC")
    for name in names[0]:
        if name in other.by_name:
            told = [
                (_date(e.date), oct(e.mode), e.system, e.method, e.flags, e.extra, e.size, e.crc)
                for e in (one.by_name[name], other.by_name[name])
            ]
            yield from _fields(name, aspects, *told)


def _unlike(one: list[str], other: list[str]) -> str:
    return next((x for x, y in zip(one, other, strict=False) if x != y), f"{len(one)} entries")


def _date(dos: tuple[int, int]) -> str:
    day, clock = dos
    return (
        f"{(day >> 9) + 1980}-{day >> 5 & 15:02}-{day & 31:02} "
        f"{clock >> 11:02}:{clock >> 5 & 63:02}:{(clock & 31) * 2:02}"
    )


def _sdists(a: Path, b: Path) -> Iterator[Difference]:
    heads = [struct.unpack("<4xL", path.read_bytes()[:8])[0] for path in (a, b)]
    yield from _fields("", ("gzip date",), (heads[0],), (heads[1],))
    members = []
    for path in (a, b):
        with tarfile.open(path) as archive:
            members.append({one.name: (one, _crc(archive, one)) for one in archive})
    names = [list(one) for one in members]
    if names[0] != names[1]:
        yield Difference("", "list of members", _unlike(*names), _unlike(*names[::-1]))
    aspects = ("mtime", "mode", "uid", "gid", "owner", "group", "type", "content")
    for name in names[0]:
        if name in members[1]:
            told = [
                (m.mtime, oct(m.mode), m.uid, m.gid, m.uname, m.gname, m.type, data)
                for m, data in (members[0][name], members[1][name])
            ]
            yield from _fields(name, aspects, *told)


def _crc(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = archive.extractfile(member) if member.isfile() else None
    data = file.read() if file else b""
    return f"{len(data)} B, CRC {zlib.crc32(data):08x}"
