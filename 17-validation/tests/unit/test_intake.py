"""Four versions of one function: what each lets through, and what the last one answers."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest

from velvet_validation import intake
from velvet_validation.contenders import contender
from velvet_validation.errors import contains_part
from velvet_validation.samples import orders
from velvet_validation.samples.cases import FAULTS, SECRET_PATHS, at, valid, valid_json

TEXTUAL = [
    fault
    for fault in FAULTS
    if fault.family == "order" and fault.id not in ("bytes for str", "not a number", "infinity")
]


@lru_cache
def stages() -> dict[str, Any]:
    pydantic = contender("pydantic")
    return {
        "naive": intake.NaiveIntake(),
        "checked": intake.CheckedIntake(),
        "lax": intake.LaxIntake(pydantic.build("order")),
        "production": intake.ProductionIntake(pydantic.build("order", "strict")),
    }


def test_all_agree_on_a_valid_order() -> None:
    totals = {stage.accept(valid_json("order")).total for stage in stages().values()}

    assert len(totals) == 1
    assert totals != {None}


def test_each_version_catches_more_than_the_one_before() -> None:
    caught = {
        name: sum(
            stage.accept(json.dumps(fault.apply()).encode()).status in (400, 422)
            for fault in TEXTUAL
        )
        for name, stage in stages().items()
    }

    assert caught["naive"] == 0
    assert caught["naive"] < caught["checked"] < caught["lax"] < caught["production"]


def test_the_naive_version_ships_a_negative_quantity() -> None:
    order = valid("order")
    order["lines"][0]["qty"] = -10

    answer = intake.NaiveIntake().accept(json.dumps(order).encode())

    assert answer.status == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"[" * 100_000, b"null", b"[]", b'{"lines": []}', b'{"lines": [1]}', b'{"a":1,"a":2}',
     b'{"version": 99}', b'{"version": "x"}', b'{"lines":[{"qty":0,"price_cents":1}]}'],
)  # fmt: skip
def test_production_answers_every_body_with_a_problem_document(body: bytes) -> None:
    answer = stages()["production"].accept(body)

    document = json.loads(answer.body)
    assert answer.status == 422
    assert document["status"] == 422
    assert document["errors"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "no JSON"), (b"[]", "lines is no list"), (b'{"lines": 1}', "lines is no list"),
        (b'{"lines": [1]}', "qty is no int"), (b'{"lines":[{"qty":"1"}]}', "qty is no int"),
        (b'{"lines":[{"qty":0}]}', "qty or price_cents is wrong"),
        (b'{"lines":[{"qty":1,"price_cents":1.5}]}', "qty or price_cents is wrong"),
    ],
)  # fmt: skip
def test_hand_made_checks_answer_the_first_thing_they_see(body: bytes, said: str) -> None:
    answer = intake.CheckedIntake().accept(body)

    assert (answer.status, json.loads(answer.body), answer.total) == (400, {"error": said}, None)


def test_hand_made_checks_take_one_piece_and_no_line() -> None:
    one = intake.CheckedIntake().accept(b'{"lines":[{"qty":1,"price_cents":5}]}')

    assert (one.status, json.loads(one.body), one.total) == (200, {"total": 5}, 5)
    assert intake.CheckedIntake().accept(b'{"lines": []}').total == 0


def test_no_answer_of_production_holds_the_address() -> None:
    for fault in TEXTUAL:
        wrong = fault.apply()
        answer = stages()["production"].accept(json.dumps(wrong).encode())
        if fault.path != ("customer", "email") and fault.path != ("customer",):
            secret = at(wrong, SECRET_PATHS["order"][0])
            assert not contains_part(answer.body.decode(), secret), fault.id


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_order_of_an_old_version_has_the_same_total(version: int) -> None:
    latest = valid("order") | {"version": 3}
    old = orders.order.migrate(latest, to=version)

    answer = stages()["production"].accept(json.dumps(old).encode())

    assert answer.status == 200
    assert answer.total == stages()["production"].accept(valid_json("order")).total


@pytest.mark.parametrize("price", ["-0.50", "1.999", "1_0.00"])
def test_a_stored_price_that_is_no_amount_is_answered_with_a_problem(price: str) -> None:
    old = orders.order.migrate(valid("order") | {"version": 3}, to=2)
    old["lines"][0]["price"] = price

    answer = stages()["production"].accept(json.dumps(old).encode())

    assert answer.status == 422
    assert json.loads(answer.body)["errors"]
