"""Sdists: what they must hold, which members may not be there, what was left behind."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from velvet_packaging.errors import NotAnArchive
from velvet_packaging.sdist import Sdist, compare_to_tree, compare_to_wheel
from velvet_packaging.wheel import Wheel

PKG = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
GOOD: dict[str, bytes | tarfile.TarInfo] = {
    "demo-1.0/PKG-INFO": PKG,
    "demo-1.0/pyproject.toml": b"",
    "demo-1.0/src/demo/__init__.py": b"",
}


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


def test_a_good_one_has_no_finding(put_sdist: Callable[..., Path]) -> None:
    inside = special("demo-1.0/link", tarfile.SYMTYPE, "PKG-INFO")
    sdist = Sdist.open(put_sdist({**GOOD, "demo-1.0/link": inside}))

    assert sdist.verify().ok
    assert sdist.root == "demo-1.0"


@pytest.mark.parametrize(
    ("members", "code", "where"),
    [
        ({**GOOD, "/etc/x": b""}, "NAM002", "/etc/x"),
        ({**GOOD, "demo-1.0/../../x": b""}, "NAM001", "demo-1.0/../../x"),
        ({**GOOD, "demo-1.0/a\\b": b""}, "NAM003", "demo-1.0/a\\b"),
        ({**GOOD, "x": special("demo-1.0/dev", tarfile.CHRTYPE)}, "NAM006", "demo-1.0/dev"),
        ({**GOOD, "x": special("demo-1.0/pipe", tarfile.FIFOTYPE)}, "NAM006", "demo-1.0/pipe"),
        ({**GOOD, "x": special("demo-1.0/l", tarfile.SYMTYPE, "/etc/passwd")}, "NAM006",
         "demo-1.0/l"),
        ({**GOOD, "x": special("demo-1.0/h", tarfile.LNKTYPE, "../x")}, "NAM006", "demo-1.0/h"),
        ({**GOOD, "b/x": b"", "c/x": b""}, "MET001", ""),
        ({**GOOD, "x": special("demo-1.0/PKG-INFO", tarfile.REGTYPE)}, "ZIP009",
         "demo-1.0/PKG-INFO"),
        ({"demo-2.0/PKG-INFO": PKG, "demo-2.0/pyproject.toml": b""}, "MET002", "demo-2.0"),
        ({"demo-x/PKG-INFO": PKG, "demo-x/pyproject.toml": b""}, "MET002", "demo-x"),
        ({"demo-1.0/PKG-INFO": PKG}, "MET003", "demo-1.0"),
        ({"demo-1.0/pyproject.toml": b""}, "MET003", "demo-1.0"),
        ({**GOOD, "demo-1.0/PKG-INFO": PKG.replace(b"demo", b"other")}, "MET004",
         "demo-1.0/PKG-INFO"),
        ({**GOOD, "demo-1.0/PKG-INFO": PKG.replace(b"1.0", b"2.0")}, "MET005",
         "demo-1.0/PKG-INFO"),
        ({**GOOD, "demo-1.0/PKG-INFO": b"Name: demo\nVersion: 1.0\n"}, "MET008",
         "demo-1.0/PKG-INFO"),
    ],
)  # fmt: skip
def test_each_fault_is_found_and_its_member_named(
    members: dict[str, bytes], code: str, where: str, put_sdist: Callable[..., Path]
) -> None:
    found = Sdist.open(put_sdist(members)).verify().findings

    assert (code, where) in {(one.code, one.where) for one in found}


def test_a_name_that_is_none_and_a_file_that_is_none(
    put_sdist: Callable[..., Path], tmp_path: Path
) -> None:
    assert Sdist.open(put_sdist(GOOD, "demo.tar.gz")).verify().codes == ("NAM007",)
    broken = tmp_path / "broken-1.0.tar.gz"
    broken.write_bytes(b"\x1f\x8b garbage")
    with pytest.raises(NotAnArchive):
        Sdist.open(broken)
    with pytest.raises(FileNotFoundError):
        Sdist.open(tmp_path / "absent-1.0.tar.gz")


def test_what_was_left_behind_is_named(
    put_sdist: Callable[..., Path], clean: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    for name in ("pyproject.toml", "src/demo/__init__.py", "tests/test_a.py", "build/x.py"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("", encoding="utf-8")
    sdist = Sdist.open(put_sdist({**GOOD, "demo-1.0/src/velvet_demo/core.py": b""}))

    lost = compare_to_tree(sdist, tree)
    assert (lost.lost, lost.surplus) == (("tests/test_a.py",), ("src/velvet_demo/core.py",))
    against = compare_to_wheel(sdist, Wheel.open(clean))
    assert against.lost == ("demo/__init__.py",)
    assert against.surplus == ("velvet_demo/__init__.py",)


def test_a_bomb_ends_before_it_is_inflated(
    put_sdist: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_sdist({**GOOD, "demo-1.0/zeros": b"\0" * (3 << 20)})

    assert Sdist.open(path).verify().ok
    monkeypatch.setattr("velvet_packaging.sdist.MAX_INFLATED", 1 << 20)
    with pytest.raises(NotAnArchive, match="bomb"):
        Sdist.open(path)
