"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from velvet.hostile import Fixed, HostileTests, call
from velvet_architecture import bootstrap, domain, ports
from velvet_architecture.adapters.memory import MemoryEventStore
from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.app import bus, evidence, messaging, serial
from velvet_architecture.domain import orders

EVENTS = [ports.NewEvent("thing-done", b"{}", "00000000-0000-7000-8000-000000000001")]
DOCUMENT = b'{"specversion": "1.0", "id": "1", "source": "/a", "type": "b"}'


def many_events() -> MemoryEventStore:
    made, id = MemoryEventStore(), "00000000-0000-7000-8000-"
    made.append("s", [ports.NewEvent("done", b"{}", f"{id}{n:012}") for n in range(10_000)])
    return made


class TestHostile(HostileTests):
    errors = (domain.ArchitectureError,)
    mutable = {"app.bus.Context", "bootstrap.Shop"}
    calls = (
        call(MemoryEventStore)
        .then("append", "s", Fixed(EVENTS))
        .then("read", "s", after=0, limit=5)
        .then("read_all", limit=5)
        .then("stream_version", "s")
        .but(large=many_events),
        call(SqliteEventStore, Fixed(":memory:"), busy_timeout_s=1.0)
        .then("append", "s", Fixed(EVENTS))
        .then("read", "s", after=0, limit=5)
        .then("read_all", limit=5)
        .then("stream_version", "s"),
        call(evidence.Shredder).then("seal", "p", "text").but(same=False),
        call(messaging.opened, DOCUMENT),
        call(serial.JsonCodec).then("loads", b"{}"),
        call(domain.whole, "n", 3),
        call(domain.named, "n", "text"),
        call(orders.Money, 100, "EUR").then("times", 3),
        call(ports.uuid7, 1_700_000_000_000, b"0123456789"),
        call(ports.derived_id, "a", "b"),
        call(bus.MessageBus, []),
        call(bootstrap.CardPayments, 100),
    )
    excepted = {
        "adapters": "need a server, or another adapter; tests/integration/test_store_contract.py",
        "app": "put together of stores and handlers by `bootstrap`; tests/unit/test_app.py",
        "bootstrap": "a demonstration shop over a store",
        "domain": "folds of events that the store has checked; tests/property/test_properties.py",
        "lab": "experiments that start programs and take their own names",
        "ports": "what a store compares, and a constant",
    }
