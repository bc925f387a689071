"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import re

from velvet.hostile import Fixed, HostileTests, call
from velvet_validation import contender, domain, errors, guard, schema_changes, untrusted


class TestHostile(HostileTests):
    mutable = {"intake.LaxIntake", "intake.ProductionIntake", "versions.Versioned"}
    calls = (
        call(contender.pointer, ["a", 1]),
        call(contender.flattened, Fixed({}), ("a",)),
        call(domain.Money.parse, "EUR 12.50"),
        call(domain.Iban.parse, "DE89370400440532013000"),
        call(errors.contains_part, "a text", "secret"),
        call(errors.values_at, {"a": 1}, [("a",)]),
        call(guard.scan, b'{"a": 1}'),
        call(guard.safe_loads, b'{"a": 1}'),
        call(guard.first_repeated, ["a", "b"]),
        call(schema_changes.breaking, {"type": "string"}, {"type": "string"}),
        call(untrusted.repeats_a_repetition, "(a+)+").but(
            errors=(re.error, RecursionError), many=1000
        ),
        call(untrusted.check, {"type": "string"}),
        call(untrusted.target, Fixed({"a": 1}), "#/a"),
    )
    excepted = {
        "coercion": "takes a contender, and asks it; tests/unit/test_coercion.py",
        "contender": "the surface of the contenders; tests/unit/test_contenders.py",
        "errors": "takes a contender's schema; tests/unit/test_errors.py",
        "intake": "the evolution, whose first stages are meant to fall; tests/unit/test_intake.py",
        "schema_changes": "takes a contender's schema; tests/unit/test_schema_changes.py",
        "settings": "reads the environment and files; tests/unit/test_settings.py",
        "streaming": "reads and writes files; tests/unit/test_streaming.py",
        "unions": "makes models for measuring",
        "versions": "declared by classes; tests/unit/test_versions.py",
    }
