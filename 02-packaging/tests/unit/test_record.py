"""RECORD: what is accepted, and the one error that each broken row has."""

from __future__ import annotations

import base64
import hashlib
import tracemalloc

import pytest

from velvet_packaging import errors
from velvet_packaging.record import RecordEntry, parse_record, write_record

DIGEST = RecordEntry.of("a.py", b"x").fields[1]
WEAK = base64.urlsafe_b64encode(hashlib.md5(b"x").digest()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (f"a.py,{DIGEST}", errors.FieldCount),
        (f"a.py,{DIGEST},1,2", errors.FieldCount),
        (f",{DIGEST},1", errors.EmptyPath),
        (f"/a.py,{DIGEST},1", errors.AbsolutePath),
        (f"C:/a.py,{DIGEST},1", errors.AbsolutePath),
        (f"a/../b.py,{DIGEST},1", errors.NonNormalizedPath),
        (f"a\\b.py,{DIGEST},1", errors.NonNormalizedPath),
        (f"a//b.py,{DIGEST},1", errors.NonNormalizedPath),
        ("a.py,sha256,1", errors.MalformedDigest),
        ("a.py,sha256=,1", errors.MalformedDigest),
        ("a.py,sha256=!!,1", errors.MalformedDigest),
        ("a.py,sha256=AAAA,1", errors.MalformedDigest),
        (f"a.py,{DIGEST}=,1", errors.MalformedDigest),
        ("a.py,crc9,1", errors.MalformedDigest),
        ("a.py,crc9=,1", errors.MalformedDigest),
        ("a.py,crc9=AAAA,1", errors.UnknownAlgorithm),
        ("a.py,shake_128=AAAA,1", errors.WeakDigest),
        (f"a.py,md5={WEAK},1", errors.WeakDigest),
        ("a.py,,1", errors.MissingDigest),
        (f"a.py,{DIGEST},", errors.MissingSize),
        (f"a.py,{DIGEST},1kB", errors.MalformedSize),
        (f"a.py,{DIGEST},-1", errors.MalformedSize),
        (f"a.py,{DIGEST},{'1' * 5000}", errors.MalformedSize),
        (f"b.py,{DIGEST},1\nb.py,{DIGEST},2", errors.ConflictingEntry),
    ],
)
def test_each_broken_row_has_an_error_of_its_own(row: str, error: type[errors.RecordError]) -> None:
    with pytest.raises(error) as told:
        parse_record(f"good.py,{DIGEST},1\n{row}\n")

    assert type(told.value) is error
    assert told.value.row == 2 + row.count("\n")


def test_record_and_its_signatures_and_folders_may_lack_a_digest() -> None:
    text = "d-1.dist-info/RECORD,,\nd-1.dist-info/RECORD.jws,,\nd/,,\n\n"

    assert [row.path for row in parse_record(text, "d-1.dist-info")] == [
        "d-1.dist-info/RECORD",
        "d-1.dist-info/RECORD.jws",
        "d/",
    ]
    with pytest.raises(errors.MissingDigest):
        parse_record(text, "other-1.dist-info")


def test_equal_rows_are_one_and_a_quoted_comma_is_kept() -> None:
    row = RecordEntry.of("a,b.py", b"x", "sha512")
    text = write_record([row, row])

    assert parse_record(text) == (row,)
    assert text.startswith('"a,b.py",sha512=')
    assert not row.is_directory


def test_a_record_of_empty_lines_costs_no_memory() -> None:
    text = "\n" * 100_000
    tracemalloc.start()
    try:
        assert parse_record(text, "d-1.dist-info") == ()
        assert tracemalloc.get_traced_memory()[1] < 10 * len(text)
    finally:
        tracemalloc.stop()


def test_a_field_that_csv_does_not_read_is_an_error_of_record() -> None:
    with pytest.raises(errors.FieldCount, match="limit"):
        parse_record("a" * 200_000 + ",,\n")
