"""A folder of wheels made from what is installed, so that isolated builds need no network.

An installed distribution keeps its RECORD, which is enough to put the wheel together again: the
same files, without what the installer added. The metadata are the original ones.

Source: the PyPA specification recording-installed-packages.
"""

from __future__ import annotations

import importlib.metadata
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from velvet_packaging.errors import BackendMissing, PackagingLabError
from velvet_packaging.normalize import canonical_zip, with_record

_INSTALLERS = frozenset({"INSTALLER", "REQUESTED", "direct_url.json", "RECORD", "uv_cache.json"})


def closure(names: Iterable[str]) -> list[str]:
    """Return distributions and all that they need here, by their normalized names.

    Raises:
        BackendMissing: one is not installed.
    """
    waiting, done = list(names), dict[str, None]()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in done:
            continue
        done[name] = None
        try:
            wanted = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            raise BackendMissing(f"{name} is not installed: pip install {name}") from None
        needs = [Requirement(text) for text in wanted]
        waiting += [
            one.name for one in needs if not one.marker or one.marker.evaluate({"extra": ""})
        ]
    return sorted(done)


def repack(name: str, dest: Path) -> Path:
    """Put an installed distribution's wheel together again; returns the file.

    Raises:
        BackendMissing: it is not installed.
        PackagingLabError: its files are not recorded, or it is an editable install.
    """
    try:
        dist = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise BackendMissing(f"{name} is not installed: pip install {name}") from None
    origin = json.loads(dist.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        raise PackagingLabError(f"{name} is installed as editable: there is nothing to pack")
    made_up = {point.name for point in dist.entry_points if point.group.endswith("_scripts")}
    info = f"{canonicalize_name(dist.name).replace('-', '_')}-{dist.version}.dist-info"
    entries: dict[str, tuple[bytes, int]] = {}
    own = ""
    for file in dist.files or ():
        path = file.as_posix()
        folder, _, last = path.rpartition("/")
        if last == "METADATA" and folder.endswith(".dist-info") and "/" not in folder:
            own = folder
        is_script = path.startswith("../")
        skipped = path.endswith(".pyc") or (folder.endswith(".dist-info") and last in _INSTALLERS)
        if skipped or (is_script and last.removesuffix(".exe") in made_up):
            continue
        where = f"{info[:-10]}.data/scripts/{last}" if is_script else path
        located = Path(str(file.locate()))
        entries[where] = (located.read_bytes(), 0o755 if is_script else 0o644)
    if not own:
        raise PackagingLabError(f"{name} has no RECORD: install it as a wheel")
    entries = {
        info + path.removeprefix(own) if path.startswith(f"{own}/") else path: told
        for path, told in entries.items()
    }
    tags = [
        line.partition(":")[2].strip().split("-")
        for line in (dist.read_text("WHEEL") or "").splitlines()
        if line.startswith("Tag:")
    ]
    joined = "-".join(".".join(dict.fromkeys(column)) for column in zip(*tags, strict=True))
    dest.mkdir(parents=True, exist_ok=True)
    path_out = dest / f"{info[:-10]}-{joined}.whl"
    canonical_zip(path_out, with_record(entries, info), compression=zipfile.ZIP_STORED)
    return path_out


def fetch_wheelhouse(dest: Path, names: Iterable[str]) -> Path:
    """Fill a folder with the wheels of distributions and of all that they need.

    Raises:
        BackendMissing: one is not installed.
    """
    for name in closure(names):
        repack(name, dest)
    return dest
