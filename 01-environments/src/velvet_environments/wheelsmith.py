"""Wheels made to order: the same specification gives the same bytes, on every system.

A benchmark of installers needs packages whose sizes, dependencies and hashes are known, and no
network. A wheel is a ZIP archive with four metadata files, so building one takes no build backend:
entries are sorted, stored uncompressed (what zlib emits differs between its versions), dated 1980
and given one mode.

Sources: the PyPA specifications binary-distribution-format, core-metadata and name-normalization.
"""

from __future__ import annotations

import base64
import bz2
import hashlib
import io
import json
import random
import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from velvet_environments.errors import BadSpec

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest moment that ZIP can write
_FILE_MODE = 0o100644
_NAME = re.compile(r"([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])", re.IGNORECASE | re.ASCII)


def normalize(name: str) -> str:
    """Return a project's name as an index compares it (PEP 503).

    >>> normalize("Velvet__Python.Demo")
    'velvet-python-demo'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> Requirement:
    """Read a requirement; a `BadSpec` for what breaks PEP 508."""
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        raise BadSpec(f"invalid requirement: {text}") from None


@dataclass(frozen=True)
class PackageSpec:
    """One release of one project.

    Attributes:
        requires: requirements as PEP 508 texts.
        extras: name of an extra -> its requirements.
        requires_python: a PEP 440 specifier of interpreters.
        files: Python modules in the wheel beside `__init__.py`, which imports them all.
        payload_bytes: size of each module's source.
        yanked: True, or the reason, for a release that only `==` may choose (PEP 592).
        tag: the wheel's compatibility tag.

    Raises:
        BadSpec: name, version, a requirement, a specifier or a number is not valid.
    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    requires_python: str | None = None
    files: int = 3
    payload_bytes: int = 200
    yanked: str | bool = False
    tag: str = "py3-none-any"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BadSpec(f"invalid project name: {self.name!r}")
        try:
            Version(self.version)
            SpecifierSet(self.requires_python or "")
        except (InvalidVersion, InvalidSpecifier) as error:
            raise BadSpec(str(error)) from None
        for text in (*self.requires, *(one for some in self.extras.values() for one in some)):
            requirement(text)
        if not all(one >= 0 and one % 1 == 0 for one in (self.files, self.payload_bytes)):
            raise BadSpec(f"{self.name}: files and payload_bytes are whole numbers from 0 on")

    @property
    def key(self) -> str:
        """The normalized name."""
        return normalize(self.name)

    @property
    def module(self) -> str:
        """The import name."""
        return self.key.replace("-", "_")

    @property
    def filename(self) -> str:
        """The wheel's file name."""
        return f"{self.module}-{self.version}-{self.tag}.whl"


@dataclass(frozen=True)
class Artifact:
    """A built file.

    Attributes:
        metadata: the core metadata that PEP 658 serves beside a wheel.
    """

    filename: str
    data: bytes
    metadata: bytes = b""

    @property
    def sha256(self) -> str:
        """The digest of the file in hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def metadata_sha256(self) -> str:
        """The digest of the metadata in hexadecimal digits."""
        return hashlib.sha256(self.metadata).hexdigest()


def _metadata(spec: PackageSpec) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {spec.name}", f"Version: {spec.version}"]
    if spec.requires_python:
        lines.append(f"Requires-Python: {spec.requires_python}")
    lines += [f"Requires-Dist: {text}" for text in spec.requires]
    for extra, texts in sorted(spec.extras.items()):
        lines.append(f"Provides-Extra: {extra}")
        for text in texts:
            one = requirement(text)
            marker = f"({one.marker}) and " if one.marker else ""
            one.marker = None
            lines.append(f"Requires-Dist: {one} ; {marker}extra == {extra!r}")
    return "\n".join(lines) + "\n"


def _payload(spec: PackageSpec, number: int) -> str:
    """Return the source of a module: functions, so that compiling it is real work."""
    draw = random.Random(f"{spec.key} {spec.version} {number}")
    lines = [f'"""Part {number} of {spec.name}."""']
    size = len(lines[0]) + 1
    while size < spec.payload_bytes:
        n = len(lines)
        line = f"def f{n}(x): return [x * {draw.randrange(999)} + {n}, {{'k{n}': x}}]"
        lines.append(line)
        size += len(line) + 1
    return "\n".join(lines) + "\n"


def _record(name: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}"


def _sources(spec: PackageSpec) -> dict[str, bytes]:
    parts = [f"part{number}" for number in range(spec.files)]
    init = f"__version__ = {spec.version!r}\n"
    if parts:
        init += f"from {spec.module} import {', '.join(parts)}\n"
    made = {f"{spec.module}/__init__.py": init.encode()}
    for number, part in enumerate(parts):
        made[f"{spec.module}/{part}.py"] = _payload(spec, number).encode()
    return made


def build_wheel(spec: PackageSpec) -> Artifact:
    """Build a release's wheel; a pure function of the specification.

    >>> demo = PackageSpec("demo", "1.0")
    >>> build_wheel(demo).sha256 == build_wheel(demo).sha256
    True
    """
    metadata = _metadata(spec).encode()
    info = f"{spec.module}-{spec.version}.dist-info"
    tags = f"Root-Is-Purelib: true\nTag: {spec.tag}\n"
    files = {
        **_sources(spec),
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: velvet\n{tags}".encode(),
    }
    rows = [_record(name, data) for name, data in sorted(files.items())]
    files[f"{info}/RECORD"] = ("\n".join([*rows, f"{info}/RECORD,,"]) + "\n").encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = 3, _FILE_MODE << 16
            archive.writestr(entry, data)
    return Artifact(spec.filename, buffer.getvalue(), metadata)


def match_spec(text: str) -> str:
    """Translate a requirement into conda's MatchSpec; markers and extras have no counterpart.

    >>> match_spec("Demo_App>=1,<2")
    'demo-app <2,>=1'
    """
    one = requirement(text)
    return f"{normalize(one.name)} {one.specifier}".strip()


def build_conda(spec: PackageSpec) -> Artifact:
    """Build the same release as a conda package (`.tar.bz2`), with its index entry as metadata."""
    files = {f"site-packages/{name}": data for name, data in _sources(spec).items()}
    index: dict[str, Any] = {
        "name": spec.key,
        "version": spec.version,
        "build": "0",
        "build_number": 0,
        "depends": [match_spec(text) for text in spec.requires],
        "subdir": "noarch",
        "noarch": "generic",
    }
    paths = [
        {"_path": name, "path_type": "hardlink", "size_in_bytes": len(data)}
        | {"sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(files.items())
    ]
    written = json.dumps(index, sort_keys=True).encode()
    files["info/index.json"] = written
    files["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1}).encode()
    files["info/files"] = "".join(f"{one['_path']}\n" for one in paths).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    name = f"{spec.key}-{spec.version}-0.tar.bz2"
    return Artifact(name, bz2.compress(buffer.getvalue()), written)
