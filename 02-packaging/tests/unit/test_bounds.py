"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import math
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from velvet_packaging.errors import BadSpec, EntryUnreadable
from velvet_packaging.findings import report
from velvet_packaging.normalize import normalize
from velvet_packaging.project import ProjectSpec
from velvet_packaging.registry import Stored, StrictRegistry
from velvet_packaging.wheel import Wheel
from velvet_packaging.zipaudit import Limits


@pytest.mark.parametrize(
    "call",
    [
        lambda: ProjectSpec(modules=0, lines=0, data_files=0),
        lambda: Limits(0, 0, 0),
        lambda: Limits(math.inf, 1, 1),
        lambda: StrictRegistry(Path("a"), max_bytes=0),
        lambda: Stored(Path("a"), "", "a", "1").metadata == b"",
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], object]) -> None:
    assert call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ProjectSpec(modules=-1), "must not be negative"),
        (lambda: ProjectSpec(lines=-1), "must not be negative"),
        (lambda: ProjectSpec(data_files=-1), "must not be negative"),
        (lambda: Limits(ratio=-0.1), "0 or more"),
        (lambda: Limits(total=-1), "0 or more"),
        (lambda: Limits(small=-1), "0 or more"),
        (lambda: Limits(ratio=math.nan), "0 or more"),
        (lambda: StrictRegistry(Path("a"), max_bytes=-1), "max_bytes=-1"),
        (lambda: report((), "lax"), "profile 'lax': choose one of"),  # type: ignore[arg-type]
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], object], words: str) -> None:
    with pytest.raises((ValueError, BadSpec), match=words):
        call()


@pytest.mark.parametrize("over", [0, 1])
def test_a_text_of_a_wheel_has_at_most_16_mib(clean: Path, over: int) -> None:
    wheel = Wheel.open(clean)
    name = next(one for one in wheel.by_name if one.endswith("METADATA"))
    wheel.by_name[name] = wheel.by_name[name]._replace(size=(16 << 20) + over)

    with pytest.raises(EntryUnreadable) as refused:
        wheel.read(name)

    assert ("more than 16,777,216 bytes" in str(refused.value)) is bool(over)


def test_a_link_has_no_content_before_and_after(put_sdist: Callable[..., Path]) -> None:
    link = tarfile.TarInfo("demo-1.0/same.py")
    link.type, link.linkname = tarfile.SYMTYPE, "core.py"
    path = put_sdist({"demo-1.0/core.py": b"x = 1\n", "demo-1.0/same.py": link})

    normalize(path)

    with tarfile.open(path) as archive:
        found = {one.name: (one.size, one.issym(), one.linkname) for one in archive}
    assert found == {
        "demo-1.0/core.py": (6, False, ""),
        "demo-1.0/same.py": (0, True, "core.py"),
    }
