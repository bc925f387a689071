"""The official test suite through three engines, and what models and their schemas disagree on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from velvet_validation.comparisons.conformance import ENGINES, run_suite
from velvet_validation.contenders import contender
from velvet_validation.samples.cases import mutations
from velvet_validation.schema_changes import agree


@pytest.mark.parametrize(
    ("engine", "draft", "total", "fewest"),
    [
        ("jsonschema", "draft7", 913, 913),
        ("jsonschema", "draft2020-12", 1257, 1256),
        ("jsonschema_rs", "draft7", 913, 900),
        ("jsonschema_rs", "draft2020-12", 1257, 1240),
        ("fastjsonschema", "draft7", 913, 895),
    ],
)
def test_engines_pass_the_suite(
    data: Path, engine: str, draft: Any, total: int, fewest: int
) -> None:
    pytest.importorskip(engine)

    result = run_suite(engine, data / "json-schema-test-suite", draft)

    assert result.total == total
    assert result.passed >= fewest, result.by_file
    assert sum(result.by_file.values()) == total - result.passed


def test_what_cannot_run_is_refused_in_words(data: Path) -> None:
    folder = data / "json-schema-test-suite"
    with pytest.raises(ValueError, match="fastjsonschema knows drafts 4, 6 and 7"):
        run_suite("fastjsonschema", folder, "draft2020-12")
    with pytest.raises(ValueError, match="unknown engine 'ajv'"):
        run_suite("ajv", folder, "draft7")
    with pytest.raises(ValueError, match="unknown draft 'draft3'"):
        run_suite("jsonschema", folder, "draft3")  # type: ignore[arg-type]
    assert set(ENGINES) == {"jsonschema", "jsonschema_rs", "fastjsonschema"}


# On what a strict model and the schema that it exports may differ; anything else is new.
KNOWN = {
    "pydantic": {
        "not a number",  # NaN passes no comparison, and JSON Schema's minimum is one
        "duplicate list item",  # stated in a function, which no schema shows
        "newline behind pattern",  # Python's $ matches before a last line end, Rust's does not
        "lone surrogate",
    },
    "msgspec": {"not a number", "duplicate list item"},
}


@pytest.mark.parametrize("family", ["signup", "order", "event", "tree"])
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_models_and_their_schemas_disagree_on_known_values_only(name: str, family: Any) -> None:
    found = agree(contender(name).build(family, "strict"), mutations(family, 150))

    # JSON Schema counts 1.0 as an integer; "1" is a time to pydantic, as seconds since 1970.
    new = [
        d for d in found if d.what not in KNOWN[name] and not d.what.endswith((" = 1.0", "= '1'"))
    ]
    assert new == []


def test_a_library_without_a_schema_agrees_with_nothing() -> None:
    with pytest.raises(ValueError, match="exports no JSON Schema"):
        agree(contender("voluptuous").build("signup"), [])
