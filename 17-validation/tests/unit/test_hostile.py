"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from velvet.hostile import Fixed, HostileTests, call
from velvet_validation import contender, domain, errors, guard, schema_changes, untrusted


class TestHostile(HostileTests):
    calls = (
        call(contender.pointer, ["a", 1]),
        call(contender.flattened, Fixed({}), ("a",)),
        call(domain.Money.parse, "12.50 EUR"),
        call(domain.Iban.parse, "DE89370400440532013000"),
        call(errors.contains_part, "a text", "secret"),
        call(errors.values_at, {"a": 1}, [("a",)]),
        call(guard.scan, b'{"a": 1}'),
        call(guard.safe_loads, b'{"a": 1}'),
        call(guard.first_repeated, ["a", "b"]),
        call(guard.Limits, 10, 10).but(),
        call(schema_changes.breaking, {"type": "string"}, {"type": "string"}),
        call(untrusted.repeats_a_repetition, "(a+)+"),
        call(untrusted.check, {"type": "string"}),
        call(untrusted.target, Fixed({"a": 1}), "#/a"),
    )
    excepted = {"zz": "starts servers"}
