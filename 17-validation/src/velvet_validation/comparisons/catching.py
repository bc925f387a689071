"""What is caught: sixty faults, lossy conversions, round trips, hostile documents, conformance.

All of it is made by running and is exact, so it has no interval.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Absent, Metric, Suite
from velvet.bench import ratio as ratio_of
from velvet.bench import value
from velvet_validation import coercion, errors
from velvet_validation.comparisons import NEEDS, conformance, hostile, note
from velvet_validation.contenders import contender
from velvet_validation.samples import cases, documents, values

FAULTS = len(cases.FAULTS)
SUITE = Path(__file__).parents[3] / "tests" / "data" / "json-schema-test-suite"
WORDS = {coercion.Kind.SAME: "kept", coercion.Kind.ABSENT: "-"}
# What is sent where an int is declared; the names are the rows' columns.
INTS: dict[str, Any] = {
    "numeric_text": "1", "padded": " 1 ", "underscored": "1_000", "full_width": "\uff11",
    "exponent": "1e3", "true": True, "whole_float": 1.0, "fraction": 1.5, "bytes": b"1",
}  # fmt: skip
TRIPS = {
    "bytes": "bytes", "decimal": "Decimal", "datetime": "datetime", "time_of_day": "time",
    "uuid": "UUID", "enum": "Enum", "tuple": "tuple[int, str]", "set": "set[int]",
}  # fmt: skip


def slug(document: str) -> str:
    """Return a hostile document's name as a metric's name."""
    return document.lower().replace(" ", "_").replace("-", "_")


def _score(name: str, mode: Any) -> Any:
    def run() -> dict[str, float]:
        made = errors.score(contender(name), mode)
        fields = ("caught", "changed", "passed", "crashed", "exact", "leaked")
        return {field: float(getattr(made, field)) for field in fields}

    return run


def _lossy(name: str, mode: Any) -> Any:
    library = contender(name)

    def run() -> dict[str, float]:
        return {"lossy": float(len(coercion.surprises(library, mode)))}

    return run


def _ints(name: str) -> Any:
    try:
        compiled = contender(name).build_type(int)
    except ValueError as error:
        raise Absent(str(error)) from error

    def run() -> dict[str, Any]:
        cells = {key: coercion.cell(compiled, given) for key, given in INTS.items()}
        return {key: WORDS.get(cell.kind, cell.kind.value) for key, cell in cells.items()}

    return run


def _trip(name: str) -> Any:
    library = contender(name)

    def run() -> dict[str, Any]:
        return {
            key: coercion.round_trip(library, target, values.GOOD[target])
            for key, target in TRIPS.items()
        }

    return run


def _hostile(parser: str) -> Any:
    def run() -> dict[str, Any]:
        found = hostile.survey((parser,), limit_s=2)[parser]
        return {slug(document): one["outcome"] for document, one in found.items()}

    return run


def _conformance(engine: str, draft: Any) -> Any:
    def run() -> dict[str, float]:
        made = conformance.run_suite(engine, SUITE, draft)
        return {"passed": float(made.passed), "of": float(made.total)}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    counts = {"caught": Metric("faults", "higher"), "exact": Metric("faults", "higher")}
    bad = ("changed", "passed", "crashed", "leaked")
    catch = suite.comparison(
        "catch_rate",
        title=f"{FAULTS} named faults: caught, changed silently, let through, crashed",
        kind="value",
        unit="faults",
        sizes={"mode": ["default", "strict"]},
        metrics={**counts, **{name: Metric("faults") for name in bad}},
    )
    lossy = suite.comparison(
        "lossy_coercions",
        title="Conversions that lose information, of 56 inputs at 16 types",
        kind="value",
        unit="conversions",
        sizes={"mode": ["default", "strict"]},
        quick=lambda mode: mode == "default",
        metrics={"lossy": "conversions"},
    )
    ints = suite.comparison(
        "coerced_to_int",
        title="What becomes of an input where an int is declared, by default",
        kind="value",
        metrics=dict.fromkeys(INTS, "label"),
    )
    trips = suite.comparison(
        "survives_json",
        title="value -> dump -> JSON -> load: does it come back the same?",
        kind="value",
        tier="default",
        metrics=dict.fromkeys(TRIPS, "label"),
    )
    for name, needs in NEEDS.items():
        catch.add(
            name, partial(_score, name), needs=needs, baseline=name == "nothing", note=note(name)
        )
        if name != "nothing":
            asked = "default: strict=False, on request" if name == "msgspec" else ""
            lossy.add(name, partial(_lossy, name), needs=needs, note=asked)
            ints.add(name, partial(_ints, name), needs=needs, note=asked)
            trips.add(name, partial(_trip, name), needs=needs)
    catch.add("marshmallow_3", partial(_score, "marshmallow"), needs="marshmallow<4")
    hurt = suite.comparison(
        "hostile_json",
        title="Fourteen hostile documents; slow is over 2 s",
        kind="value",
        metrics={slug(document): "label" for document in documents.DOCUMENTS},
    )
    for parser in hostile.PARSERS:
        needs = () if parser in ("json", "guard") else (parser,)
        hurt.add(parser, partial(_hostile, parser), needs=needs)
    passed = suite.comparison(
        "conformance",
        title="The JSON Schema test suite",
        kind="value",
        unit="tests",
        sizes={"draft": list(conformance.DRAFTS)},
        metrics={"passed": Metric("tests", "higher"), "of": Metric("tests", "higher")},
    )
    for engine in conformance.ENGINES:
        passed.add(
            engine,
            partial(_conformance, engine),
            needs=engine.replace("_", "-"),
            when=(lambda draft: draft == "draft7") if engine == "fastjsonschema" else None,
        )

    for name in ("pydantic", "msgspec", "cattrs", "marshmallow"):
        suite.claim(
            f"{name} catches more in strict mode than by default",
            value("catch_rate", name, "caught", mode="strict")
            - value("catch_rate", name, "caught", mode="default")
            >= 1,
        )
    suite.claim(
        "without validation less than a third of the faults is noticed",
        value("catch_rate", "nothing", "caught", mode="default") <= FAULTS / 3,
    )
    suite.claim(
        "strict pydantic and strict msgspec catch at least nine faults of ten",
        (value("catch_rate", "pydantic", "caught", mode="strict") >= 0.9 * FAULTS)
        & (value("catch_rate", "msgspec", "caught", mode="strict") >= 0.9 * FAULTS),
    )
    suite.claim(
        "pydantic's defaults change values that msgspec's refuse",
        ratio_of("catch_rate", "pydantic", "msgspec", "changed", mode="default") >= 2,
    )
    suite.claim(
        "jsonschema passes every test of draft 7",
        value("conformance", "jsonschema", "passed", draft="draft7").equals(913),
    )
    suite.claim(
        "fastjsonschema passes at least 98 % of draft 7",
        value("conformance", "fastjsonschema", "passed", draft="draft7") >= 0.98 * 913,
    )
