"""What the tests of this module share: wheels written by hand, and one build of every backend."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from velvet_packaging import contenders
from velvet_packaging.frontends import BuildResult, Hook
from velvet_packaging.project import ProjectSpec
from velvet_packaging.registry import StrictRegistry
from velvet_packaging.rendering import render
from velvet_packaging.samples import hostile


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes bytes as a wheel, under the usual name or another."""

    def write(data: bytes, name: str = hostile.FILENAME) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def clean(put: Callable[..., Path]) -> Path:
    """A wheel without a fault."""
    return put(hostile.clean())


@pytest.fixture
def put_sdist(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes an sdist of members; names map to content or to a TarInfo."""

    def write(members: dict[str, bytes | tarfile.TarInfo], name: str = "demo-1.0.tar.gz") -> Path:
        path = tmp_path / name
        with tarfile.open(path, "w:gz") as archive:
            for member, told in members.items():
                if isinstance(told, tarfile.TarInfo):
                    archive.addfile(told)
                    continue
                entry = tarfile.TarInfo(member)
                entry.size = len(told)
                archive.addfile(entry, io.BytesIO(told))
        return path

    return write


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[StrictRegistry]:
    """A running strict registry."""
    with StrictRegistry(tmp_path / "index") as made:
        yield made


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, BuildResult]]:
    """Backend -> target -> result, for every backend that builds pure Python here."""
    made: dict[str, dict[str, BuildResult]] = {}
    for name in contenders.PURE:
        if not contenders.detect(name).present:
            continue
        work = tmp_path_factory.mktemp(name)
        project = render(ProjectSpec(modules=2, lines=8), name, work / "demo")
        # Meson's sdist takes several seconds; one target is enough to know the backend.
        targets = ("wheel",) if name == "meson_python" else ("wheel", "sdist")
        made[name] = {one: Hook().build(project, one, work / "dist") for one in targets}
    return made
