"""Contract tests: one set of checks for the fake and for the real thing.

    class TestFake(RepositoryContract):
        @pytest.fixture
        def make(self): return FakeRepository

    class TestSqlite(RepositoryContract):
        @pytest.fixture
        def make(self): return lambda: SqliteRepository(sqlite3.connect(":memory:"))

A fake that passes what the real thing passes can stand in for it. `drift` runs both sides of a
contract without pytest and names the checks on which they differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from velvet_testing.doubles import Declined, DuplicateOrder, GatewayTimeout, Order

Make = Callable[..., Any]


def _raises(error: type[Exception], call: Callable[..., Any], *args: Any) -> None:
    try:
        call(*args)
    except error:
        return
    raise AssertionError(f"no {error.__name__}")


class RepositoryContract:
    """What every repository does; `make()` returns an empty one."""

    def test_get_returns_what_was_added(self, make: Make) -> None:
        repository, order = make(), Order("a", "Ann", 100)
        repository.add(order)
        assert repository.get("a") == order

    def test_a_missing_order_is_a_key_error(self, make: Make) -> None:
        repository = make()
        _raises(KeyError, repository.get, "x")
        _raises(KeyError, repository.save, Order("x", "Ann", 1))

    def test_a_second_order_of_the_same_id_is_refused(self, make: Make) -> None:
        repository, order = make(), Order("a", "Ann", 100)
        repository.add(order)
        _raises(DuplicateOrder, repository.add, Order("a", "Bob", 1))
        assert repository.get("a") == order

    def test_save_keeps_every_field(self, make: Make) -> None:
        repository = make()
        repository.add(Order("a", "Ann", 100))
        changed = Order("a", "Ann", 100, "paid", "r-1", 12.5)
        repository.save(changed)
        assert repository.get("a") == changed

    def test_the_orders_of_a_customer_come_by_id(self, make: Make) -> None:
        repository = make()
        for id, customer in (("c", "Ann"), ("a", "Ann"), ("b", "Bob"), ("d", "Ann")):
            repository.add(Order(id, customer, 1))
        assert [order.id for order in repository.of("Ann")] == ["a", "c", "d"]
        assert repository.of("Eve") == []


class GatewayContract:
    """What every gateway does; `make(*script)` returns one whose peer answers by the script."""

    def test_a_key_is_charged_once(self, make: Make) -> None:
        gateway = make()
        assert gateway.charge("k", 100) == gateway.charge("k", 100)
        assert gateway.charge("other", 100) != gateway.charge("k", 100)

    def test_a_time_out_is_told(self, make: Make) -> None:
        gateway = make("timeout")
        _raises(GatewayTimeout, gateway.charge, "k", 100)
        assert gateway.charge("k", 100)

    def test_a_refusal_is_told(self, make: Make) -> None:
        _raises(Declined, make("declined").charge, "k", 100)

    def test_a_receipt_can_be_refunded_once(self, make: Make) -> None:
        gateway = make()
        gateway.refund(gateway.charge("k", 100))
        assert gateway.charge("k", 50)


@dataclass(frozen=True)
class DriftReport:
    """The checks on which two implementations of one interface differ: name -> what each did."""

    differences: dict[str, tuple[str, str]]

    def __str__(self) -> str:
        lines = [f"{name}: {a} / {b}" for name, (a, b) in self.differences.items()]
        return "\n".join(lines) or "no drift"


def checks_of(contract: type[Any]) -> list[str]:
    """Return the names of a contract's checks."""
    return sorted(name for name in dir(contract) if name.startswith("test_"))


def drift(contract: type[Any], fake: Make, real: Make) -> DriftReport:
    """Run a contract against both sides and report the checks on which they differ."""

    def outcome(name: str, make: Make) -> str:
        try:
            getattr(contract(), name)(make)
        except Exception as error:  # noqa: BLE001 - told by its type
            return f"{type(error).__name__}: {error}"
        return "passes"

    both = {name: (outcome(name, fake), outcome(name, real)) for name in checks_of(contract)}
    return DriftReport({name: pair for name, pair in both.items() if pair[0] != pair[1]})
