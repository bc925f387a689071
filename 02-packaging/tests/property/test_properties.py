"""What holds for all input: parsers never crash, a flipped byte is noticed, canonical is canonical."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from velvet_packaging import contenders, versions
from velvet_packaging.errors import PackagingLabError, RecordError
from velvet_packaging.findings import CODES
from velvet_packaging.metadata import static_project, validate
from velvet_packaging.normalize import normalize
from velvet_packaging.project import ProjectSpec
from velvet_packaging.record import RecordEntry, parse_record, write_record
from velvet_packaging.rendering import render
from velvet_packaging.samples import hostile
from velvet_packaging.samples.hostile import contents, pack
from velvet_packaging.wheel import Wheel, verify
from velvet_packaging.zipaudit import audit_zip, scan

PART = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="/\\:"),
               min_size=1, max_size=12).filter(lambda text: text not in (".", ".."))  # fmt: skip
PATH = st.lists(PART, min_size=1, max_size=3).map("/".join)
ALGORITHM = st.sampled_from(["sha256", "sha384", "sha512", "blake2b"])
CLEAN = hostile.clean()
# The last byte of a deflated member ends in padding: it says nothing, and no reader looks at it.
PAYLOAD = [
    at for region in scan(CLEAN).regions if region.kind == "data"
    for at in range(region.start, region.end - 1)
]  # fmt: skip
VERSION = st.builds(
    lambda epoch, release, pre, post, dev: f"{epoch}{release}{pre}{post}{dev}",
    st.sampled_from(["", "1!"]),
    st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda x: ".".join(map(str, x))),
    st.sampled_from(["", "a1", "b2", "rc1"]),
    st.sampled_from(["", ".post1"]),
    st.sampled_from(["", ".dev0"]),
)


def report_of(raw: bytes) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / hostile.FILENAME
        path.write_bytes(raw)
        return verify(path).codes


@given(st.dictionaries(PATH, st.tuples(st.binary(max_size=30), ALGORITHM), max_size=6))
def test_a_record_is_read_back_as_it_was_written(files: dict[str, tuple[bytes, str]]) -> None:
    rows = tuple(RecordEntry.of(path, *told) for path, told in files.items())

    assert parse_record(write_record(rows)) == rows


@given(st.text(max_size=120))
def test_any_text_is_a_record_or_a_record_error(text: str) -> None:
    rows: tuple[RecordEntry, ...] = ()
    with contextlib.suppress(RecordError):
        rows = parse_record(text)

    assert all(isinstance(row, RecordEntry) for row in rows)


@given(st.binary(max_size=300))
def test_random_bytes_never_crash_the_audit(raw: bytes) -> None:
    assert audit_zip(raw)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(CLEAN) - 1), st.integers(1, 255))
def test_a_flipped_byte_never_crashes(at: int, mask: int) -> None:
    found = report_of(CLEAN[:at] + bytes([CLEAN[at] ^ mask]) + CLEAN[at + 1 :])

    assert set(found) <= set(CODES)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PAYLOAD), st.integers(1, 255))
def test_a_flipped_byte_of_content_is_always_reported(at: int, mask: int) -> None:
    assert report_of(CLEAN[:at] + bytes([CLEAN[at] ^ mask]) + CLEAN[at + 1 :])


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefg").map("velvet_demo/{}.py".format),
                       st.binary(max_size=60), max_size=5), st.randoms(use_true_random=False))  # fmt: skip
def test_normalising_keeps_content_and_is_idempotent(files: dict[str, bytes], draw: object) -> None:
    whole = {**contents(), **files}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / hostile.FILENAME
        path.write_bytes(pack(whole))
        once = normalize(path).read_bytes()
        wheel = Wheel.open(path)
        assert {name: wheel.read(name) for name in whole} == whole
        assert verify(path, "installer").ok  # content may look like machine code
        assert normalize(path).read_bytes() == once


@given(st.lists(VERSION, max_size=8))
def test_the_order_agrees_with_pairwise_comparison(texts: list[str]) -> None:
    def compare(a: str, b: str) -> int:
        return (Version(a) > Version(b)) - (Version(a) < Version(b))

    assert versions.release_order(texts) == sorted(texts, key=functools.cmp_to_key(compare))


SEMVER = st.tuples(
    st.integers(0, 9), st.integers(0, 9), st.integers(0, 9),
    st.sampled_from(["-alpha.1", "-alpha.2", "-beta.1", "-rc.1", ""]),
)  # fmt: skip


@given(SEMVER, SEMVER)
def test_a_semantic_version_keeps_its_order(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    def key(told: tuple[object, ...]) -> tuple[object, ...]:
        return *told[:3], told[3] or "~"  # no pre-release comes after all of them

    one, other = (Version(versions.from_semver("{}.{}.{}{}".format(*told))) for told in (a, b))
    assert (one < other) == (key(a) < key(b))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_validating_metadata_never_raises(raw: bytes) -> None:
    for told in (validate(b"Metadata-Version: 2.4\n" + raw), validate(raw)):
        assert all(isinstance(one, str) for one in told.errors + told.warnings)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(contenders.PURE), st.from_regex(r"\A[a-zA-Z][a-zA-Z0-9_.-]{0,10}\Z"),
       st.integers(0, 3), st.integers(0, 2))  # fmt: skip
def test_any_specification_renders_to_a_readable_project(
    backend: str, name: str, modules: int, data: int
) -> None:
    try:
        spec = ProjectSpec(name=name, modules=modules, data_files=data, lines=4)
    except PackagingLabError:
        return
    if backend == "meson_python":
        return  # git takes longer than all others together; tests/integration builds it
    with tempfile.TemporaryDirectory() as folder:
        project = render(spec, backend, Path(folder) / "demo")
        told = static_project(project / "pyproject.toml")
        assert (told.name, told.version) == (name, "1.0")
        assert len(list(project.rglob("m0*.py"))) == modules
