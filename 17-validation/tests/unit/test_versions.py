"""Stored payloads of every version are read, and what cannot be read is said."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from velvet_validation import versions
from velvet_validation.contender import Invalid
from velvet_validation.contenders import contender
from velvet_validation.samples import orders
from velvet_validation.versions import (
    FutureVersion,
    MigrationGap,
    NoVersion,
    Unmigratable,
    Versioned,
)

STORED = json.loads(
    (Path(__file__).parents[1] / "data" / "orders.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", sorted(STORED))
@pytest.mark.parametrize("library", ["pydantic", "msgspec", "handwritten"])
def test_the_latest_model_reads_every_stored_payload(name: str, library: str) -> None:
    payload, model = STORED[name], contender(library).build("order", "strict")

    value = orders.order.load_any(payload, model)

    assert model.dump(value)["lines"][0]["price_cents"] == 1999


@pytest.mark.parametrize("name", sorted(STORED))
def test_one_step_at_a_time_ends_where_all_at_once_does(name: str) -> None:
    payload = copy.deepcopy(STORED[name])

    stepwise = payload
    for version in range(orders.order.version_of(payload), 4):
        stepwise = orders.order.migrate(stepwise, to=version)

    assert stepwise == orders.order.migrate(payload)
    assert payload == STORED[name]


def test_down_and_up_again_is_the_same_payload() -> None:
    latest = orders.order.migrate(STORED["v1"])

    oldest = orders.order.migrate(latest, to=1)

    assert orders.order.migrate(oldest) == latest
    assert oldest["email"] == STORED["v1"]["email"]


@pytest.mark.parametrize("version", [0, -1, "2", 1.0, True, None])
def test_what_is_no_version_is_refused(version: Any) -> None:
    with pytest.raises(NoVersion, match=r"a whole number from 1 is needed"):
        Versioned("thing", latest=2).version_of({"version": version})


def test_a_newer_payload_is_refused_by_name() -> None:
    with pytest.raises(FutureVersion, match="has version 9, this code knows 3"):
        orders.order.migrate({"version": 9})


def test_a_gap_is_found_before_any_payload_meets_it() -> None:
    thing = Versioned("thing", latest=4)
    thing.migration(1, 2)(dict)
    thing.migration(3, 4)(dict)

    with pytest.raises(MigrationGap, match="from version 2 to 3"):
        thing.check_complete()
    with pytest.raises(MigrationGap, match="from version 1 to 2"):
        Versioned("thing", latest=2).check_complete()
    Versioned("thing", latest=1).check_complete()
    with pytest.raises(MigrationGap):
        thing.migrate({"version": 2})
    with pytest.raises(MigrationGap):
        thing.migrate({"version": 2}, to=1)


@pytest.mark.parametrize(("old", "new"), [(1, 3), (2, 1), (0, 1), (4, 5)])
def test_a_step_goes_to_the_next_version(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="goes once between neighbours"):
        Versioned("thing", latest=4).migration(old, new)


def test_two_steps_from_one_version_are_refused() -> None:
    thing = Versioned("thing", latest=2)
    thing.migration(1, 2)(dict)

    with pytest.raises(ValueError, match="goes once between neighbours"):
        thing.migration(1, 2)
    with pytest.raises(ValueError, match="version 3 of thing is unknown"):
        thing.migrate({"version": 1}, to=3)


def test_what_a_migration_leaves_wrong_is_found_by_the_model() -> None:
    wrong = {**STORED["v3"], "number": -5}

    with pytest.raises(Invalid):
        orders.order.load_any(wrong, contender("pydantic").build("order", "strict"))


@pytest.mark.parametrize(
    "price", ["-0.50", "1.999", "1_0.00", "\uff11.00", " 1.50", "1.5", "1", "1.00\n", "", "1e2.00"]
)
def test_a_price_that_is_no_amount_with_two_decimals_is_refused(price: str) -> None:
    wrong = copy.deepcopy(STORED["v2"])
    wrong["lines"][0]["price"] = price

    with pytest.raises(Unmigratable, match="no valid version 2") as caught:
        orders.order.load_any(wrong, contender("pydantic").build("order", "strict"))

    assert "with two decimals" in str(caught.value.__cause__)


@pytest.mark.parametrize("cents", [-50, -1, True, 1.0, 150.5, 10**11, "3"])
def test_cents_that_the_older_text_cannot_say_are_not_taken_back(cents: Any) -> None:
    wrong = copy.deepcopy(STORED["v3"])
    wrong["lines"][0]["price_cents"] = cents

    with pytest.raises(Unmigratable, match="no valid version 3"):
        orders.order.migrate(wrong, to=2)


@pytest.mark.parametrize("cents", [0, 5, 50, 99, 100, 1999, 10**11 - 1])
def test_a_price_taken_back_and_read_again_is_the_same_price(cents: int) -> None:
    latest = copy.deepcopy(STORED["v3"])
    latest["lines"][0]["price_cents"] = cents

    assert orders.order.migrate(orders.order.migrate(latest, to=2)) == latest


@pytest.mark.parametrize(
    "error", [MigrationGap(1, 2), FutureVersion(9, 3), NoVersion("x"), Unmigratable(2)]
)
def test_errors_survive_pickling(error: versions.VersionError) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert str(again) == str(error)
    assert len({again, error}) == 2


@pytest.mark.parametrize("payload", [None, [], "x", 7])
def test_a_payload_that_is_no_object_has_no_version(payload: Any) -> None:
    with pytest.raises(NoVersion):
        orders.order.migrate(payload)


@pytest.mark.parametrize("payload", [{"version": 1}, {"version": 1, "lines": 5, "customer": None}])
def test_a_payload_that_is_not_of_its_version_is_unmigratable(payload: Any) -> None:
    with pytest.raises(Unmigratable, match="no valid version 1") as caught:
        orders.order.migrate(payload)

    assert caught.value.__cause__ is not None
