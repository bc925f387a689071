"""Wheels: every code has a minimal wheel that shows it, beside one that nearly does."""

from __future__ import annotations

import importlib.metadata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename as packaging_parse

from velvet_packaging.errors import EntryUnreadable, NotAnArchive
from velvet_packaging.findings import CODES, Finding, report
from velvet_packaging.samples import hostile
from velvet_packaging.samples.hostile import INFO, METADATA, WHEEL, contents, pack
from velvet_packaging.wheel import Wheel, parse_wheel_filename, verify

EXPECTED = {
    "record_hash": "REC005",
    "record_size": "REC006",
    "unlisted_file": "REC004",
    "absent_file": "REC003",
    "no_record": "REC001",
    "traversal": "NAM001",
    "absolute_path": "NAM002",
    "duplicate_entry": "ZIP009",
    "other_dist_info": "MET002",
    "other_name": "MET004",
    "other_version": "MET005",
    "wheel_version_2": "MET006",
    "metadata_version_9": "MET007",
    "symlink": "NAM006",
    "two_names": "ZIP007",
    "trailing_bytes": "ZIP003",
    "prepended_bytes": "ZIP002",
    "case_collision": "NAM005",
    "bundled_pip": "HYG002",
    "pth_file": "HYG001",
}
ELF = b"\x7fELF" + b"\0" * 60


@pytest.mark.parametrize("name", hostile.MAKERS)
def test_each_hostile_wheel_is_found_with_its_code(name: str, put: Callable[..., Path]) -> None:
    found = verify(put(hostile.MAKERS[name]()))

    assert EXPECTED[name] in found.codes
    assert not found.ok


def more(name: str, data: bytes = b"") -> bytes:
    return pack({**contents(), name: data})


CASES: list[tuple[str, bytes, bytes]] = [
    ("REC002", pack(contents(), "a,b\n"), hostile.clean()),
    ("NAM001", more("a\\..\\b.py"), more("a..b.py")),
    ("NAM002", more("C:\\x.py"), more("velvet_demo/c.py")),
    ("NAM003", more("a\\b.py"), more("velvet_demo/d.py")),
    ("NAM004", more("velvet_demo/aux.py"), more("velvet_demo/auxiliary.py")),
    ("MET001", more("other-1.0.dist-info/METADATA"), more("other-1.0.data/scripts/x")),
    ("MET003", pack({k: v for k, v in contents().items() if "METADATA" not in k}), hostile.clean()),
    ("MET003", pack({k: v for k, v in contents().items() if "/WHEEL" not in k}), hostile.clean()),
    ("MET005", pack(contents(metadata=METADATA.replace(b"1.0", b"one"))),
     pack(contents(metadata=METADATA.replace(b"1.0", b"1.0.0")))),
    ("MET008", pack(contents(metadata=METADATA + b"Requires-Python: >>3\n")),
     pack(contents(metadata=METADATA + b"Requires-Python: >=3.10\n"))),
    ("MET009", pack(contents(wheel=WHEEL.replace(b"py3-none", b"py2-none"))), hostile.clean()),
    ("MET009", pack(contents(wheel=WHEEL.replace(b"true", b"false"))), hostile.clean()),
    ("MET009", pack(contents(wheel=WHEEL.replace(b"Root", b"Root-Is-Purelib: false\nRoot"))),
     pack(contents(wheel=WHEEL + b"Root-Is-Purelib: true\n"))),  # the first of two counts
    ("REC004", pack({**contents(), "velvet_demo/dir/": b"hidden"}), more("velvet_demo/dir/")),
    ("MET001", more("velvet_demo-1.0.data/purelib/other-1.dist-info/METADATA"),
     more("velvet_demo-1.0.data/data/other-1.dist-info/METADATA")),
    ("HYG001", more("velvet_demo-1.0.data/purelib/a.pth"), more("velvet_demo-1.0.data/data/a.pth")),
    ("HYG002", more("velvet_demo-1.0.data/platlib/pip/__init__.py"),
     more("velvet_demo-1.0.data/scripts/pip.sh")),
    ("HYG003", more("tests/test_a.py"), more("velvet_demo/tests/test_a.py")),
    ("HYG004", more("velvet_demo/core.pyc"), more("velvet_demo/pyc.py")),
    ("HYG005", more("velvet_demo/fast.so", ELF), more("velvet_demo/elf.txt", b"ELF" * 20)),
]  # fmt: skip


@pytest.mark.parametrize(("code", "bad", "good"), CASES)
def test_a_code_is_found_and_a_near_miss_is_not(
    code: str, bad: bytes, good: bytes, put: Callable[..., Path]
) -> None:
    assert code in verify(put(bad)).codes
    assert verify(put(good)).codes == ()


def test_every_code_is_explained_and_shown_by_a_test() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    beside = Path(__file__).with_name("test_zipaudit.py").read_text(encoding="utf-8")

    assert [code for code in CODES if code not in here + beside] == []


def test_a_file_name_that_is_none_is_found(put: Callable[..., Path]) -> None:
    assert verify(put(hostile.clean(), "demo.whl")).codes == ("NAM007",)
    assert verify(put(hostile.clean(), "velvet_demo-x-py3-none-any.whl")).codes == ("NAM007",)
    assert verify(put(hostile.clean(), "demo-1.0-py3-none-any.whl")).codes == ("MET002", "MET004")


def test_the_installer_profile_allows_hygiene_and_nothing_else(put: Callable[..., Path]) -> None:
    assert verify(put(hostile.pth_file()), "installer").ok
    assert not verify(put(hostile.no_record()), "installer").ok
    assert report([Finding("MET007", "new")], "installer").ok
    assert str(Finding("MET007", "new")) == "MET007 new"


def test_what_a_known_project_does_on_purpose_is_allowed(put: Callable[..., Path]) -> None:
    files = {
        name.replace("velvet_demo", "setuptools"): data.replace(b"velvet-demo", b"setuptools")
        for name, data in contents().items()
    }
    raw = pack({**files, "distutils-precedence.pth": b"import os\n", "pkg_resources/a.py": b""})

    assert verify(put(raw, "setuptools-1.0-py3-none-any.whl")).ok
    assert verify(
        put(raw.replace(b"setuptools", b"setuptoolz"), "setuptoolz-1.0-py3-none-any.whl")
    ).codes


def test_a_wheel_is_read_as_zipfile_and_importlib_read_it(clean: Path) -> None:
    wheel = Wheel.open(clean)
    with zipfile.ZipFile(clean) as archive:
        names = archive.namelist()
        told = importlib.metadata.PathDistribution(zipfile.Path(archive, f"{INFO}/"))
        assert list(wheel.names) == names
        assert wheel.metadata.parsed["name"] == told.metadata["Name"]
        assert all(wheel.read(name) == archive.read(name) for name in wheel.names)

    assert wheel.entry_points == {}
    assert wheel.tags == {"py3-none-any"}
    assert wheel.wheel_info["Generator"] == ["hand"]
    assert wheel.record[0].path == "velvet_demo/__init__.py"
    with pytest.raises(EntryUnreadable, match="absent"):
        wheel.read("nothing")


def test_entry_points_keep_their_case_and_colons(put: Callable[..., Path]) -> None:
    text = b"[console_scripts]\nRun = demo.cli:main\n[a.b]\nx = demo:Y [extra]\n"
    wheel = Wheel.open(put(pack({**contents(), f"{INFO}/entry_points.txt": text})))

    assert wheel.entry_points == {
        "console_scripts": {"Run": "demo.cli:main"},
        "a.b": {"x": "demo:Y [extra]"},
    }


def test_a_wheel_without_metadata_or_entries_is_refused(put: Callable[..., Path]) -> None:
    with pytest.raises(NotAnArchive):
        Wheel.open(put(b"x"))
    empty = Wheel.open(put(pack({"a.py": b"", "b-1.dist-info/x": b""})))
    with pytest.raises(EntryUnreadable, match="METADATA"):
        _ = empty.metadata


@pytest.mark.parametrize("name", ["a-1-py3-none-any.whl", "a-1-2x-py2.py3-none-any.whl",
                                  "a_b-1!2.0-cp310-abi3-win_amd64.whl"])  # fmt: skip
def test_file_names_are_split_as_packaging_splits_them(name: str) -> None:
    told = parse_wheel_filename(name)
    theirs = packaging_parse(name)

    assert (told.name, told.version, told.tags) == (theirs[0], theirs[1], theirs[3])
    assert told.build == "".join(map(str, theirs[2]))
    assert told.is_pure == name.endswith("any.whl")


def test_a_link_is_found_whatever_system_wrote_it(put: Callable[..., Path]) -> None:
    raw = bytearray(hostile.symlink())
    central = raw.rindex(b"velvet_demo/link", 0, raw.rindex(b"PK\5\6")) - 46
    raw[central + 5] = 0  # MS-DOS, which has no links; unpackers look at the mode all the same

    assert verify(put(bytes(raw))).codes == ("NAM006",)


def test_a_wheel_file_of_many_fields_is_read_in_one_pass(put: Callable[..., Path]) -> None:
    fields = "".join(f"X-{number}: a\n" for number in range(20_000)).encode()
    wheel = Wheel.open(put(pack(contents(wheel=WHEEL + fields + b"tag: py2-none-any\n"))))

    assert wheel.tags == {"py3-none-any", "py2-none-any"}


def test_hostile_text_files_are_findings_and_end_soon(put: Callable[..., Path]) -> None:
    parts = b".".join(b"p%d" % one for one in range(300))
    many = pack(contents(wheel=WHEEL + b"Tag: " + b"-".join([parts] * 3) + b"\n"))
    assert "MET009" in verify(put(many)).codes
    assert "REC002" in verify(put(pack(contents(), "a" * 200_000 + ",,\n"))).codes


@pytest.mark.parametrize("text", [b"[x\n", b"x = 1\n", b"[a]\n[a]\n", b"\xff"])
def test_entry_points_that_cannot_be_read(text: bytes, put: Callable[..., Path]) -> None:
    with pytest.raises(EntryUnreadable, match=r"entry_points\.txt"):
        Wheel.open(put(more(f"{INFO}/entry_points.txt", text))).entry_points  # noqa: B018
