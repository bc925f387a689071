"""What the ledger says after attacks: ours whole; the others with VELVET_QUEUES_FULL=1."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from velvet import services
from velvet.services import ServiceUnavailable
from velvet_queues import apps, brokers, chaos, contenders, evolution, fleet
from velvet_queues.comparisons import speed, stores
from velvet_queues.contenders import Place, load
from velvet_queues.envelope import Envelope
from velvet_queues.ledger import CANARY, Entry, Ledger
from velvet_queues.proxy import Proxy

FULL = bool(os.environ.get("VELVET_QUEUES_FULL"))
AT_LENGTH = pytest.mark.skipif(not FULL, reason="100 kills; VELVET_QUEUES_FULL=1 does them")
OURS = [("worker_pause", "sqlite"), ("deploy", "sqlite"), ("poison", "sqlite")]
OURS += [("broker_restart", "postgres"), ("network_cut", "postgres")]


def attacked(scenario: str, name: str, broker: str, **options: Any) -> chaos.Report:
    try:
        return chaos.attack(scenario, name, broker, **options)
    except ServiceUnavailable as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("scenario", "broker"), OURS)
def test_a_lease_queue_loses_nothing(scenario: str, broker: str) -> None:
    # A deploy must start nothing twice: with a lease that no busy machine outlasts.
    profile = "defaults" if scenario == "deploy" else "production"
    quiet_s = 8.0 if scenario == "poison" else 60.0
    report = attacked(scenario, "lease", broker, profile=profile, tasks=12, quiet_s=quiet_s)
    verdict = report.verdict

    verdict.check(load("lease").promise(profile, broker)) if scenario != "poison" else None
    if scenario == "poison":
        assert verdict.finished == 11
        assert verdict.failed == 0
        assert 1 <= report.max_starts <= 3
        return
    assert verdict.finished == 12
    assert report.boot_s > 0
    if scenario == "deploy":
        assert verdict.twice == ()


def test_a_worker_is_not_measured_while_it_stands_in_a_transaction(tmp_path: Path) -> None:
    place = Place("lease", "sqlite", f"sqlite:///{tmp_path / 'queue.db'}", str(tmp_path))

    class InATransaction(fleet.Fleet):
        pauses = 0

        @contextlib.contextmanager
        def paused(self) -> Iterator[None]:
            self.pauses += 1
            yield
            if self.pauses == 1:
                worker.execute("ROLLBACK")

    with contextlib.closing(sqlite3.connect(tmp_path / "queue.db", isolation_level=None)) as worker:
        worker.execute("BEGIN IMMEDIATE")
        standing = InATransaction(place)
        with speed.standing(standing):
            assert standing.pauses == 2


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.skipif(not FULL, reason="kills every queue; VELVET_QUEUES_FULL=1 does")
@pytest.mark.parametrize(("name", "broker"), contenders.pairs())
@pytest.mark.parametrize("scenario", ["worker_kill", "deploy", "worker_pause"])
@pytest.mark.timeout(300)
def test_a_production_profile_keeps_its_promise(name: str, broker: str, scenario: str) -> None:
    attacked(scenario, name, broker).verdict.check(load(name).promise("production", broker))


@pytest.mark.slow
@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=AT_LENGTH)])
@pytest.mark.timeout(1800)
def test_kills_in_a_row_lose_nothing(kills: int) -> None:
    verdict = chaos.killed_again("lease", "sqlite", kills)

    assert verdict.lost == ()
    assert verdict.finished == verdict.sent == kills * chaos.BURST
    assert verdict.twice


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_only_the_last_stage_charges_each_order_once() -> None:
    try:
        stages = {name: evolution.run(name, 60).verdict for name in evolution.STAGES}
    except ServiceUnavailable as error:
        pytest.skip(str(error))

    assert len(stages["naive_thread"].lost) >= 60 - 20 - evolution.THREADS
    assert stages["better_list"].lost
    assert stages["production_lease"].finished == stages["production_lease"].sent == 60
    assert stages["production_lease"].twice
    assert stages["production_lease"].effects_twice == ()
    with pytest.raises(ValueError, match="stage must be"):
        evolution.run("perfect")


def test_each_stage_charges_all_orders_when_nothing_dies(tmp_path: Path) -> None:
    for number, stage in enumerate(("naive_thread", "production_lease")):
        folder = tmp_path / str(number)
        folder.mkdir()
        evolution.main(stage, str(folder), f"sqlite:///{folder}/orders.db", "5")
        with Ledger(folder) as ledger:
            assert ledger.verdict().finished == 5


@pytest.mark.integration
def test_a_list_charges_all_orders_when_nothing_dies(tmp_path: Path) -> None:
    try:
        with brokers.attacked("redis", durable=True) as server:
            evolution.main("better_list", str(tmp_path), server.url, "5")
            server.kill()
            server.kill()
            server.restart()
    except ServiceUnavailable as error:
        pytest.skip(str(error))
    with Ledger(tmp_path) as ledger:
        assert ledger.verdict().finished == 5


@pytest.mark.integration
@pytest.mark.parametrize(("mode", "kept"), [("none", False), ("aof_always", True)])
def test_what_a_killed_redis_keeps_depends_on_its_log(mode: str, kept: bool) -> None:
    try:
        sent, found, rate = stores.survived(mode, 0.05)
    except ServiceUnavailable as error:
        pytest.skip(str(error))

    assert rate > 0
    assert found == (sent if kept else 0)


@pytest.mark.integration
def test_a_full_redis_refuses_with_noeviction_and_forgets_with_lru() -> None:
    import redis

    def fill(client: redis.Redis, first: int) -> None:
        for number in range(first, first + 1000):
            client.set(f"task-{number}", b"x" * 10_000)

    try:
        server = brokers.OwnRedis(brokers.DURABILITY["none"])
        with server, redis.Redis.from_url(server.url) as client:
            client.config_set("maxmemory", client.info("memory")["used_memory"] + 2_000_000)
            client.config_set("maxmemory-policy", "noeviction")
            with pytest.raises(redis.exceptions.OutOfMemoryError):
                fill(client, 0)
            held = client.dbsize()
            assert 0 < held < 1000
            client.config_set("maxmemory-policy", "allkeys-lru")
            fill(client, 1000)
            assert client.dbsize() < held + 1000
    except ServiceUnavailable as error:
        pytest.skip(str(error))


def test_a_worker_that_does_not_come_up_is_reported_with_its_words(tmp_path: Path) -> None:
    place = Place("lease", "sqlite", f"sqlite:///{tmp_path}/q.db", str(tmp_path))
    client = load("lease").client(place)
    broken = Place("lease", "sqlite", "sqlite:////no/such/folder/q.db", str(tmp_path))
    refused = pytest.raises(fleet.NotReady, match="lease on sqlite")
    with Ledger(tmp_path) as ledger, fleet.Fleet(broken) as workers, refused:
        workers.wait_ready(client, ledger)
    client.close()


def test_a_canary_of_others_makes_no_worker_ready(tmp_path: Path) -> None:
    place = Place("lease", "sqlite", f"sqlite:///{tmp_path}/q.db", str(tmp_path))
    (tmp_path / "workers.log").write_text("no worker here", encoding="utf-8")
    client: Any = SimpleNamespace(send=lambda _: None)
    ledger: Any = SimpleNamespace(entries=lambda: [Entry("finished", f"{CANARY}x", 0.0, 1)])

    with pytest.raises(fleet.NotReady, match="no worker here"):
        fleet.Fleet(place).wait_ready(client, ledger)


def test_a_worker_that_ignores_its_end_is_reported(tmp_path: Path, until: Any) -> None:
    place = Place("lease", "sqlite", f"sqlite:///{tmp_path}/q.db", str(tmp_path))
    client = load("lease").client(place)
    with Ledger(tmp_path) as ledger, fleet.Fleet(place) as workers:
        workers.wait_ready(client, ledger)
        client.send(Envelope("poison", "hang", id="hangs"))
        until(lambda: any(e[:2] == ("started", "hangs") for e in ledger.entries()))

        assert workers.terminate(0.3) is False
        assert workers.kill9() == 1
    client.close()


def test_the_lease_worker_s_program_ends_gracefully(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place("lease", "sqlite", f"sqlite:///{tmp_path}/q.db", str(tmp_path))
    monkeypatch.setenv(contenders.VARIABLE, place.environment()[contenders.VARIABLE])
    handlers: dict[int, Any] = {}
    monkeypatch.setattr(apps.signal, "signal", handlers.__setitem__)
    apps._app.cache_clear()
    worker = apps._app("lease")
    worker.queue.put(Envelope("noop"))
    worker.tell = lambda *_: handlers[signal.SIGTERM](signal.SIGTERM, None)
    connection = worker.queue.store._connection

    assert apps.main() == 0
    assert (worker.counts, set(handlers)) == ({"done": 1}, {signal.SIGTERM, signal.SIGINT})
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
    apps._app.cache_clear()


def test_a_cable_that_is_pulled_breaks_connections_until_it_is_mended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as echo:

        def serve() -> None:
            for _ in range(2):
                side, _ = echo.accept()
                with side:
                    while content := side.recv(100):
                        side.sendall(content)

        thread = threading.Thread(target=serve)
        thread.start()
        with Proxy(("127.0.0.1", echo.getsockname()[1])) as proxy:
            first = socket.create_connection(("127.0.0.1", proxy.port), timeout=60)
            first.sendall(b"one")
            assert first.recv(100) == b"one"
            proxy.cut()
            assert first.recv(100) == b""
            refused = socket.create_connection(("127.0.0.1", proxy.port), timeout=60)
            assert refused.recv(100) == b""
            proxy.mend()
            again = socket.create_connection(("127.0.0.1", proxy.port), timeout=60)
            again.sendall(b"two")
            assert again.recv(100) == b"two"
            for side in (first, refused, again):
                side.close()
        thread.join()


def test_an_attack_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="scenario must be one of worker_kill"):
        chaos.attack("earthquake", "lease", "sqlite")
    with pytest.raises(ValueError, match="tasks must be"):
        chaos.attack("worker_kill", "lease", "sqlite", tasks=1)


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.skipif(not FULL, reason="starts RabbitMQ; VELVET_QUEUES_FULL=1 does")
@pytest.mark.timeout(300)
def test_a_message_that_is_always_rejected_ends_among_rabbitmq_s_dead_letters(until: Any) -> None:
    import pika

    wanted = json.loads((brokers.CONFIGS / "definitions.json").read_text(encoding="utf-8"))
    try:
        server = services.rabbitmq(private=True)
    except ServiceUnavailable as error:
        pytest.skip(str(error))
    with server, pika.BlockingConnection(pika.URLParameters(server.url)) as connection:
        channel = connection.channel()
        for one in wanted["exchanges"]:
            channel.exchange_declare(one["name"], one["type"], durable=one["durable"])
        for one in wanted["queues"]:
            channel.queue_declare(one["name"], durable=True, arguments=one["arguments"])
        for one in wanted["bindings"]:
            channel.queue_bind(one["destination"], one["source"], one["routing_key"])
        channel.confirm_delivery()
        channel.basic_publish("", "tasks", b"poison", mandatory=True)
        rejected: list[int] = []

        def reject() -> bool:
            found, _, _ = channel.basic_get("tasks")
            if found is not None:
                rejected.append(found.delivery_tag)
                channel.basic_nack(found.delivery_tag, requeue=True)
            dead, _, body = channel.basic_get("dead-letters", auto_ack=True)
            return dead is not None and body == b"poison"

        until(reject)

    [tasks] = [one for one in wanted["queues"] if one["name"] == "tasks"]
    assert len(rejected) == tasks["arguments"]["x-delivery-limit"] + 1
