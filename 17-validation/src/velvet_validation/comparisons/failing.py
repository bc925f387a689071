"""What bad data costs: errors collected, errors stopped at the first, and their text."""

from __future__ import annotations

from functools import partial
from typing import Any

from velvet.bench import Suite, Timed, speedup
from velvet_validation.contender import Compiled
from velvet_validation.errors import logged
from velvet_validation.samples import cases

ROWS = 1000


def _rows(bad: int) -> list[Any]:
    wrong = {"email": "nobody", "age": -1, "password": "short", "newsletter": True}
    return [dict(wrong) if i < bad else cases.valid("signup", seed=i) for i in range(ROWS)]


def _timed(compiled: Compiled, bad: int) -> Timed:
    """Time one load of all rows, whether it raises or not; the text is made untimed."""
    rows = _rows(bad)

    def load() -> bool:
        try:
            compiled.load(rows)
        except compiled.errors:
            return False
        return True

    def text() -> dict[str, float]:
        try:
            compiled.load(rows)
        except compiled.errors as error:
            problems = compiled.problems(error)
            return {"problems": float(len(problems)), "text_kb": len(logged(error)) / 1024}
        return {"problems": 0.0, "text_kb": 0.0}

    if load() is not (bad == 0):
        raise ValueError("the rows are not judged as they should be")
    return Timed(load, metrics=text)


def _pydantic(bad: int, *, fail_fast: bool = False) -> Timed:
    from typing import Annotated

    from pydantic import FailFast, TypeAdapter

    from velvet_validation.contenders import pydantic as adapter

    model = adapter.models()["signup"]
    rows: Any = list[model]  # type: ignore[valid-type]
    kind: Any = Annotated[rows, FailFast()] if fail_fast else rows
    return _timed(adapter.compiled(TypeAdapter(kind)), bad)


def _msgspec(bad: int) -> Timed:
    from velvet_validation.contenders import msgspec as adapter

    model = adapter.models()["signup"]
    return _timed(adapter.compiled(list[model]), bad)  # type: ignore[valid-type]


def _cattrs(bad: int, *, detailed: bool = True) -> Timed:
    from velvet_validation.contenders import cattrs as adapter

    made = adapter.converter(detailed=detailed)
    return _timed(adapter.compiled(list[adapter.Signup], made), bad)


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    cost = suite.comparison(
        "errors_cost",
        title=f"{ROWS} sign-ups of which some are bad in three fields",
        unit="ms",
        sizes={"bad": [0, ROWS]},
        quick=lambda bad: bad == ROWS,
        metrics={"problems": "errors", "text_kb": "KB"},
    )
    cost.add("pydantic", _pydantic, needs="pydantic", baseline=True)
    cost.add(
        "pydantic_fail_fast",
        partial(_pydantic, fail_fast=True),
        needs="pydantic",
        tuned_of="pydantic",
        note="FailFast() on the list",
    )
    cost.add("msgspec", _msgspec, needs="msgspec", note="stops at the first error")
    cost.add("cattrs", _cattrs, needs="cattrs")
    cost.add(
        "cattrs_fast",
        partial(_cattrs, detailed=False),
        needs="cattrs",
        tuned_of="cattrs",
        note="detailed_validation=False",
    )
    suite.claim(
        "stopping at the first bad row saves pydantic nearly all of the time of 1 000 bad rows",
        speedup("errors_cost", "pydantic_fail_fast", "pydantic", bad=ROWS) >= 10,
    )
