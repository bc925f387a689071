"""What a package's bytes are made of, and what leaving some out would save."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from velvet_packaging.wheel import Wheel

CLASSES = ("code", "data", "tests", "docs", "metadata", "binary")
_BINARY = (".so", ".pyd", ".dll", ".dylib", ".a", ".exe")
_DOCS = (".md", ".rst", ".txt", ".html")


@dataclass(frozen=True)
class SizeReport:
    """Bytes by class.

    Attributes:
        raw, packed: class -> bytes; of an sdist the stream is compressed as one, so its `packed`
            is shared out in proportion.
        overhead: what the container itself takes: headers, directories, padding.
        total: the size of the file.
    """

    raw: dict[str, int]
    packed: dict[str, int]
    overhead: int
    total: int


def classify(name: str) -> str:
    """Return the class of a path.

    >>> classify("demo/core.py"), classify("tests/test_a.py"), classify("demo-1.dist-info/RECORD")
    ('code', 'tests', 'metadata')
    """
    parts = name.split("/")
    if any(part.endswith((".dist-info", ".egg-info")) for part in parts) or name == "PKG-INFO":
        return "metadata"
    if "tests" in parts or "test" in parts:
        return "tests"
    if name.endswith(_BINARY):
        return "binary"
    if name.endswith((".py", ".pyi", ".c", ".pyx", ".rs")):
        return "code"
    return "docs" if name.endswith(_DOCS) or "docs" in parts else "data"


def weigh(path: Path) -> SizeReport:
    """Return what a wheel or an sdist is made of."""
    raw, packed = dict.fromkeys(CLASSES, 0), dict.fromkeys(CLASSES, 0)
    total = path.stat().st_size
    if path.suffix == ".whl":
        for entry in Wheel.open(path).scan.entries:
            raw[classify(entry.name)] += entry.size
            packed[classify(entry.name)] += entry.compressed
        return SizeReport(raw, packed, total - sum(packed.values()), total)
    with tarfile.open(path) as archive:
        for member in archive:
            raw[classify(member.name.partition("/")[2])] += member.size
    share = total / max(sum(raw.values()), 1)
    packed = {kind: int(size * share) for kind, size in raw.items()}
    return SizeReport(raw, packed, total - sum(packed.values()), total)


def what_if(path: Path, drop: tuple[str, ...] = ("tests",), level: int = 9) -> int:
    """Return how large a wheel's compressed data would be without some classes, at a zlib level."""
    return sum(map(len, _deflated(Wheel.open(path), drop, level)))


def _deflated(wheel: Wheel, drop: tuple[str, ...], level: int) -> Iterator[bytes]:
    for entry in wheel.scan.entries:
        if classify(entry.name) not in drop:
            engine = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
            for block in wheel.stream(entry.name):
                yield engine.compress(block)
            yield engine.flush()
