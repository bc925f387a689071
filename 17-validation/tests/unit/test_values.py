"""What was found, read or judged stays what it was: its values cannot be changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from velvet_validation import coercion, errors, guard, intake, schema_changes, settings, streaming
from velvet_validation.contender import Compiled, Invalid, Problem, validate
from velvet_validation.contenders import contender
from velvet_validation.samples.cases import FAULTS, valid


def model() -> Compiled:
    return contender("msgspec").build("signup", "strict")


def problem() -> Problem:
    with pytest.raises(Invalid) as caught:
        validate(model(), {})
    return caught.value.problems[0]


def disagreement() -> Any:
    open_model = Compiled(str, str, lambda error: [], (), schema=lambda: {"type": "string"})
    return schema_changes.agree(open_model, [("a number", 7)])[0]


def row(path: Path) -> streaming.Row:
    path.write_bytes(json.dumps(valid("signup")).encode() + b"\n")
    return next(streaming.iter_ndjson(path, model()))


VALUES: list[Callable[[Path], Any]] = [
    lambda path: model(),
    lambda path: problem(),
    lambda path: coercion.column(contender("msgspec"), "int")[0],
    lambda path: errors.judge(model(), {}),
    lambda path: errors.score(contender("msgspec"), "strict", FAULTS[:1]),
    lambda path: guard.Limits(max_depth=1),
    lambda path: intake.NaiveIntake().accept(b"{}"),
    lambda path: schema_changes.breaking({}, {"minimum": 1})[0],
    lambda path: disagreement(),
    lambda path: settings.explain(settings.Database())[0],
    row,
    lambda path: streaming.quarantine([row(path)], path.with_name("good"), path.with_name("bad")),
]


@pytest.mark.parametrize("make", VALUES)
def test_a_value_cannot_be_changed(make: Callable[[Path], Any], tmp_path: Path) -> None:
    value = make(tmp_path / "feed")

    for one in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, one.name, None)
