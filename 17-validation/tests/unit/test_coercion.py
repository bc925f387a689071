"""Coercions are judged by a rule, and stored a letter a cell for each library's minor version.

`python tests/unit/test_coercion.py` prints the grid of the installed versions; add it to
`tests/data/coercion.json` after reading what changed.
"""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from velvet_validation import coercion
from velvet_validation.coercion import Kind, column, is_lossy
from velvet_validation.contender import Contender
from velvet_validation.contenders import contender, installed
from velvet_validation.samples import values
from velvet_validation.samples.values import INPUTS, TARGETS

DATA = Path(__file__).parents[1] / "data" / "coercion.json"
LETTERS = {
    Kind.SAME: "=", Kind.CONVERTED: "c", Kind.LOSSY: "L", Kind.REJECTED: ".",
    Kind.CRASHED: "!", Kind.ABSENT: "-",
}  # fmt: skip
# Python reads more forms of a time from release to release; the grid was made on 3.12.
TIMES = ("datetime", "date", "time")


def minor(library: Contender) -> str:
    name = library.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    if name in ("handwritten", "nothing"):
        return f"{library.label} 0"
    return f"{library.label} {'.'.join(version(name).split('.')[:2])}"


def grid(library: Contender) -> dict[str, dict[str, str]]:
    return {
        mode: {
            target: "".join(LETTERS[cell.kind] for cell in column(library, target, mode))
            for target in TARGETS
        }
        for mode in ("default", "strict")
    }


def test_the_grid_of_a_known_version_is_the_stored_one(library: Contender) -> None:
    stored: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    known = stored.get(minor(library))
    if known is None:
        pytest.skip(f"no grid is stored for {minor(library)}: print it with this file")

    now = grid(library)

    for mode, targets in known.items():
        for target, letters in targets.items():
            if target in TIMES and sys.version_info < (3, 11):
                continue
            assert now[mode][target] == letters, (mode, target)


@pytest.mark.parametrize(
    ("name", "target", "given", "got"),
    [
        ("cattrs", "int", 1.5, 1),
        ("mashumaro", "int", 1.5, 1),
        ("marshmallow", "int", 1.5, 1),
        ("cattrs", "int", "\uff11", 1),
        ("voluptuous", "int", "\uff11", 1),
        ("mashumaro", "int", "\uff11", 1),
        ("marshmallow", "int", "\uff11", 1),
        ("pydantic", "int", "1_000", 1000),
        ("pydantic", "int", " 1 ", 1),
        ("pydantic", "int", True, 1),
        ("cerberus", "int", True, 1),
    ],
)
def test_a_default_loses_information(name: str, target: str, given: Any, got: Any) -> None:
    cell = column(contender(name), target)[_index(given)]

    assert cell.kind is Kind.LOSSY
    assert cell.value == got


@pytest.mark.skipif(sys.version_info < (3, 11), reason="fromisoformat of 3.10 reads fewer forms")
def test_marshmallow_4_reads_more_text_as_times_than_3() -> None:
    cells = {t: column(contender("marshmallow"), t)[_index("20260203")] for t in TIMES}

    kinds = {target: cell.kind for target, cell in cells.items()}

    if version("marshmallow") < "4":
        assert set(kinds.values()) == {Kind.REJECTED}
    else:
        assert kinds == {"date": Kind.CONVERTED, "datetime": Kind.LOSSY, "time": Kind.LOSSY}
        assert cells["time"].value.isoformat() == "20:26:02.030000"


@pytest.mark.parametrize("name", ["jsonschema", "jsonschema_rs", "fastjsonschema"])
def test_json_schema_takes_a_float_without_fraction_for_an_integer(name: str) -> None:
    pytest.importorskip(name)
    assert column(contender(name), "int")[_index(1.0)].kind is Kind.SAME
    assert column(contender(name), "int")[_index(1.5)].kind is Kind.REJECTED


def test_strict_msgspec_accepts_integers_only() -> None:
    cells = column(contender("msgspec"), "int", "strict")

    accepted = [given for given, cell in zip(INPUTS, cells, strict=True) if cell.kind is Kind.SAME]

    assert accepted == [0, 1, -1, 2, 2**53 + 1, 2**70, 1_770_000_000]


def test_at_least_thirty_conversions_lose_something() -> None:
    found = {name: coercion.surprises(library) for name, library in installed().items()}

    assert sum(map(len, found.values())) >= 30
    assert ("int", True, 1) in found["pydantic"]
    assert len(coercion.surprises(contender("pydantic"), "strict")) < 5


def test_strict_accepts_a_part_of_what_default_accepts_with_equal_values() -> None:
    accepted = (Kind.SAME, Kind.CONVERTED, Kind.LOSSY)
    for name in ("pydantic", "msgspec", "cattrs", "marshmallow"):
        for target in TARGETS:
            pairs = zip(
                column(contender(name), target, "default"),
                column(contender(name), target, "strict"),
                strict=True,
            )
            for default, strict in pairs:
                if strict.kind in accepted:
                    assert default.kind in accepted, (name, target)
                    assert repr(strict.value) == repr(default.value), (name, target)


@pytest.mark.parametrize(
    ("given", "got", "lossy"),
    [
        ("42", 42, False),
        (1.5, 1, True),
        (1.0, 1, False),
        (True, 1, True),
        ("true", True, False),
        ("yes", True, True),
        (b"abc", "abc", False),
        ([1, 1], {1}, True),
        (["1"], [1], False),
        (["2", "1"], [1, 2], True),
        (["b", "a", "c"], {"a", "b", "c"}, False),
        ([10, 9], frozenset({9, 10}), False),
        ([10, 9], {9, 11}, True),
        ((1,), [1, 1], True),
        ("abc", ["a", "b", "c"], True),
        ({"a": 1}, ["a"], True),
        (None, "None", False),
        ("nan", float("nan"), False),
        (5, "5", False),
        ("YWJj", b"abc", False),
        (b"\xff", "x", True),
        (2**53 + 1, float(2**53), True),
        (1, object(), True),
        ([1, 2], (1, 2), False),
        ("red", values.Color.RED, False),
        (1, b"1", True),
    ],
)
def test_the_rule_of_loss(given: Any, got: Any, lossy: bool) -> None:
    assert is_lossy(given, got) is lossy


def test_what_survives_json_is_a_table_made_by_running() -> None:
    def trip(name: str, target: str) -> str:
        return coercion.round_trip(contender(name), target, values.GOOD[target])

    assert {trip("msgspec", target) for target in TARGETS} == {"same"}
    assert trip("pydantic", "bytes") == "dump is no JSON"
    assert trip("pydantic", "Decimal") == "same"
    assert trip("cattrs", "UUID") == "no such type"
    assert trip("jsonschema", "datetime") == "no such type"
    assert trip("voluptuous", "date") == "dump is no JSON"


def test_unknown_target_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown target 'complex'"):
        column(contender("pydantic"), "complex")


def _index(given: Any) -> int:
    same = [i for i, one in enumerate(INPUTS) if type(one) is type(given) and one == given]
    return same[0]


if __name__ == "__main__":
    assert platform.python_version_tuple()[:2] == ("3", "12"), "the grid is made on Python 3.12"
    made = {minor(library): grid(library) for library in installed().values()}
    print(json.dumps(made, indent=1, sort_keys=True))
