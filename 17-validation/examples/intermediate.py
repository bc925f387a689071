"""Intermediate examples: unions, domain types, errors for users, and four ways to take an order."""

from __future__ import annotations

import json
import time
from typing import Any

from velvet.examples import example, main
from velvet_validation import domain, errors, intake, unions
from velvet_validation.contender import Invalid, validate
from velvet_validation.contenders import contender
from velvet_validation.samples import cases
from velvet_validation.samples.cases import FAULTS, SECRET_PATHS


@example("unions_of_events")
def unions_of_events() -> None:
    """Twenty kinds of events, five ways to state the union, and what one bad field costs."""
    good = cases.event("user_banned")
    bad = {**good, "id": "x"}
    print(f"{'way':24} {'us per event':>12} {'errors for one bad field':>26}")
    counts = {}
    for name in (
        "pydantic_smart", "pydantic_discriminated", "msgspec_tags",
        "jsonschema_one_of", "jsonschema_if_then",
    ):  # fmt: skip
        check = unions.WAYS[name](20)
        begun = time.perf_counter()
        for _ in range(200):
            check(good)
        spent = (time.perf_counter() - begun) / 200 * 1e6
        counts[name] = unions.error_count(check, bad)
        print(f"{name:24} {spent:12.1f} {counts[name]:26}")
    print("\nwhy: a plain union tries its members and reports why each of them failed;")
    print("     a tag names the member, so there is one try and one error.")


@example("custom_types")
def custom_types() -> None:
    """Money and Iban from one definition each, with the same verdicts in four libraries."""
    import msgspec
    from cattrs.preconf.json import make_converter
    from marshmallow import Schema
    from pydantic import TypeAdapter

    converter = make_converter()
    domain.register_with_cattrs(converter)
    hook = domain.msgspec_hooks()["dec_hook"]

    def verdicts(kind: type[domain.Parsed], text: str) -> list[str]:
        field = Schema.from_dict({"v": domain.marshmallow_field(kind)})()
        said = []
        for load in (
            TypeAdapter(kind).validate_python,
            lambda value: msgspec.convert(value, kind, dec_hook=hook),
            lambda value: converter.structure(value, kind),
            lambda value: field.load({"v": value}),
        ):
            try:
                load(text)
                said.append("accepted")
            except Exception:  # noqa: BLE001 - each library has its own type
                said.append("refused")
        return said

    print(f"{'':30} {'pydantic':10} {'msgspec':10} {'cattrs':10} marshmallow")
    for kind, text in (
        (domain.Money, "EUR 12.30"), (domain.Money, "JPY 12.30"), (domain.Money, "EUR 1e3"),
        (domain.Iban, "GB82 WEST 1234 5698 7654 32"), (domain.Iban, "GB83WEST12345698765432"),
    ):  # fmt: skip
        said = verdicts(kind, text)
        print(f"{text:30} " + " ".join(f"{word:10}" for word in said).rstrip())
    print("\nwhy: a value that was parsed once carries its proof; no later line asks again.")


@example("good_errors")
def good_errors() -> None:
    """What a log gets when a password is too short, and what a user should get instead."""
    payload = {**cases.valid("signup"), "age": 200, "password": "Qz7kVx2"}
    print(f"{'':16} both faults   password in the log")
    for name in ("pydantic", "msgspec", "cattrs", "marshmallow", "jsonschema", "handwritten"):
        verdict = errors.judge(
            contender(name).build("signup"), payload, secret_paths=SECRET_PATHS["signup"]
        )
        both, leaked = len(verdict.problems) == 2, bool(verdict.leaked)
        print(f"{name:16} {'yes' if both else 'no':13} {'LEAKED' if leaked else 'no'}")

    try:
        validate(contender("pydantic").build("signup"), payload)
    except Invalid as error:
        document = errors.problem_document(error, payload, SECRET_PATHS["signup"])
        print("\nthe answer to the user, as problem details (RFC 9457):")
        print(json.dumps(document["errors"], indent=1))
    print("why: a default message is made for the developer and quotes the input;")
    print("     log pointers and rules, and keep the values to yourself.")


@example("accept_an_order")
def accept_an_order() -> None:
    """Four versions of one function: how many of the order's faults each lets through."""
    pydantic = contender("pydantic")
    stages: dict[str, Any] = {
        "naive": intake.NaiveIntake(),
        "checked by hand": intake.CheckedIntake(),
        "lax model": intake.LaxIntake(pydantic.build("order")),
        "production": intake.ProductionIntake(pydantic.build("order", "strict")),
    }
    wrong = [
        json.dumps(fault.apply()).encode()
        for fault in FAULTS
        if fault.family == "order" and fault.id != "bytes for str"
    ]
    wrong += [b'{"lines": [], "lines": [{"qty": 1, "price_cents": 1}]}', b"[" * 1000 + b"]" * 1000]
    print(f"{len(wrong)} wrong orders:   refused   crashed (500)   accepted")
    for name, stage in stages.items():
        statuses = [stage.accept(body).status for body in wrong]
        refused = sum(400 <= status < 500 for status in statuses)
        print(f"{name:18} {refused:9} {statuses.count(500):15} {statuses.count(200):10}")
    print("\nwhy: each version was written against the faults that were known by then;")
    print("     a schema states what is right, so it refuses what was never thought of.")


if __name__ == "__main__":
    main()
