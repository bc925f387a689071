"""One contract for every queue on one broker each; on all brokers with VELVET_QUEUES_FULL=1."""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from velvet.services import ServiceUnavailable
from velvet_queues import apps, brokers, contenders, fleet
from velvet_queues.contenders import Place, load
from velvet_queues.envelope import Envelope, encode
from velvet_queues.errors import QueueUnavailable
from velvet_queues.ledger import Delivery, Ledger

FULL = bool(os.environ.get("VELVET_QUEUES_FULL"))
FIRST = {name: load(name).BROKERS[0] for name in contenders.NAMES}
SERVED = [(name, broker) for name, broker in contenders.pairs() if broker != "sqlite"]
ADDRESSES = {
    "redis": "redis://:marmalade@127.0.0.1:1/0",
    "rabbitmq": "amqp://me:marmalade@127.0.0.1:1/",
    "postgres": "postgresql://me:marmalade@127.0.0.1:1/x",
}
CALLS: dict[str, Callable[[Any, str], Any]] = {
    "celery": lambda app, text: app.tasks["velvet.run"].run(text),
    "dramatiq": lambda app, text: app.run.fn(text),
    "huey": lambda app, text: app.run.call_local(text),
    "lease": lambda app, text: app.handlers["noop"](contenders_decode(text)),
    "procrastinate": lambda app, text: app.run.func(text),
    "rq": lambda app, text: apps.run_here(text),
    "taskiq": lambda app, text: app.run.original_func(text),
}


def contenders_decode(text: str) -> Envelope:
    from velvet_queues.envelope import decode

    return decode(text)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Return a maker of places on brokers that this machine has."""
    with ExitStack() as stack:

        def make(name: str, broker: str = "", profile: str = "production") -> Place:
            broker = broker or FIRST[name]
            try:
                url = stack.enter_context(brokers.address(broker, tmp_path))
            except ServiceUnavailable as error:
                pytest.skip(str(error))
            return Place(name, broker, url, str(tmp_path), profile)

        yield make


@pytest.mark.integration
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "broker"), contenders.pairs())
def test_every_queue_keeps_the_contract(
    name: str, broker: str, place: Any, until: Any, tmp_path: Path
) -> None:
    if broker != FIRST[name] and not FULL:
        pytest.skip("one broker for each client; VELVET_QUEUES_FULL=1 tests all of them")
    if reason := contenders.missing(name):
        pytest.skip(reason)
    here = place(name, broker)
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(tmp_path))
        client = load(name).client(here)
        stack.callback(client.close)
        early = [Envelope("echo", "\u00e9\U0001f40d" * 10), Envelope("echo", "x" * 200_000)]
        for envelope in early:
            client.send(envelope)
        if broker != "rabbitmq":  # where the count follows some seconds later
            assert client.depth() == len(early)

        workers = stack.enter_context(fleet.Fleet(here))
        workers.wait_ready(client, ledger)
        late, unknown = Envelope("noop"), Envelope("no_such_task", max_attempts=1)
        sent_at = late.enqueued_at
        flaky = Envelope("flaky", 1)
        client.send(unknown)
        client.send(flaky)
        client.send(late, delay_s=2.0)
        wanted = {flaky.id, late.id, *(one.id for one in early)}
        until(lambda: wanted <= {e.id for e in ledger.entries() if e.event == "finished"})

        told = ledger.entries()
        assert sum(e[:2] == ("started", flaky.id) for e in told) >= 2
        start = min(e.at for e in told if e[:2] == ("started", late.id))
        assert start >= sent_at + 2.0 - (1.05 if name == "rq" else 0.05)  # RQ counts in seconds
        assert unknown.id not in {e.id for e in told}

        last = Envelope("sleep", 700)
        client.send(last)
        until(lambda: any(e[:2] == ("started", last.id) for e in ledger.entries()))
        assert workers.rss_mb()[1] >= 1
        workers.terminate(120)
        assert any(e[:2] == ("finished", last.id) for e in ledger.entries())


@pytest.mark.parametrize(("name", "broker"), contenders.pairs())
@pytest.mark.parametrize("profile", contenders.PROFILES)
def test_what_a_worker_imports_can_run_the_task(
    name: str, broker: str, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := contenders.missing(name):
        pytest.skip(reason)
    url = ADDRESSES.get(broker, "")
    here = Place(name, broker, url or f"sqlite:///{tmp_path}/q.db", str(tmp_path), profile)
    if (name, broker) == ("lease", "postgres"):
        here = replace(here, broker="sqlite", url=f"sqlite:///{tmp_path}/q.db")
    monkeypatch.setenv(contenders.VARIABLE, here.environment()[contenders.VARIABLE])
    apps._app.cache_clear()
    task = Envelope("noop")

    made = getattr(apps, f"{name}_app")
    CALLS[name](made, encode(task))

    with Ledger(tmp_path) as ledger:
        assert [e.event for e in ledger.entries() if e.id == task.id] == ["started", "finished"]
    assert all(argv[0] and len(argv) > 2 for argv in load(name).commands(here))
    assert load(name).promise(profile, broker) in Delivery
    assert apps._app(name) is made
    apps._app.cache_clear()
    if name == "lease":
        made.queue.close()
    if name == "huey":
        made.storage.close()
    if name == "celery":
        made.close()


def produce(here: Place) -> None:
    """Send one task as a caller does who closes the client whatever happens."""
    client = load(here.contender).client(here)
    try:
        client.send(Envelope("noop"))
    finally:
        client.close()


@pytest.mark.parametrize(("name", "broker"), SERVED)
def test_a_broker_that_is_away_is_named_without_its_password(
    name: str, broker: str, tmp_path: Path
) -> None:
    if reason := contenders.missing(name):
        pytest.skip(reason)

    with pytest.raises(QueueUnavailable) as refused:
        produce(Place(name, broker, ADDRESSES[broker], str(tmp_path)))

    assert "marmalade" not in str(refused.value)


def test_a_rabbitmq_that_is_away_has_no_depth_and_nothing_to_delete() -> None:
    with pytest.raises(QueueUnavailable, match="does not answer") as refused:
        contenders.amqp_depth(ADDRESSES["rabbitmq"], "work")

    assert "marmalade" not in str(refused.value)
    assert contenders.amqp_depth(ADDRESSES["rabbitmq"], "work", delete=True) == 0


@pytest.mark.integration
@pytest.mark.parametrize("name", [name for name, broker in SERVED if broker == "redis"])
def test_a_wrong_password_is_reported_and_not_printed(name: str, tmp_path: Path) -> None:
    import redis

    if reason := contenders.missing(name):
        pytest.skip(reason)
    try:
        server = brokers.OwnRedis(brokers.DURABILITY["none"])
        with server, redis.Redis.from_url(server.url) as owner:
            owner.config_set("requirepass", "another")
            url = server.url.replace("redis://", "redis://:marmalade@")
            with pytest.raises(QueueUnavailable) as refused:
                produce(Place(name, "redis", url, str(tmp_path)))
    except ServiceUnavailable as error:
        pytest.skip(str(error))

    assert "marmalade" not in str(refused.value)


@pytest.mark.parametrize("name", ["celery", "rq"])
def test_a_broker_that_says_nothing_is_given_up(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := contenders.missing(name):
        pytest.skip(reason)
    for module in (contenders, load(name)):
        monkeypatch.setattr(module, "SILENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        client = load(name).client(Place(name, "redis", url, str(tmp_path)))

        with pytest.raises(QueueUnavailable, match="does not answer"):
            client.send(Envelope("noop"))
        client.close()


def test_two_celery_workers_of_one_place_have_two_names(tmp_path: Path) -> None:
    place = Place("celery", "rabbitmq", ADDRESSES["rabbitmq"], str(tmp_path))
    made = [load("celery").commands(place)[0] for _ in range(2)]

    names = {words[words.index("-n") + 1] for words in made}
    assert len(names) == 2
    assert all(name.startswith(place.namespace) for name in names)


def test_an_idle_rq_worker_looks_for_abandoned_jobs_within_its_recovery_time(
    tmp_path: Path,
) -> None:
    from rq.cli import main

    place = Place("rq", "redis", ADDRESSES["redis"], str(tmp_path))
    [words, _] = load("rq").commands(place)

    worker = main.commands["worker"]
    asked = worker.make_context("worker", words[words.index("worker") + 1 :]).params

    idle_s = asked["worker_ttl"] - 15  # how long a worker waits for a job before it looks
    assert 0 < idle_s + asked["maintenance_interval"] + 60 < load("rq").RECOVERY_S


@pytest.mark.parametrize("name", ["celery", "rq", "huey", "dramatiq"])
def test_a_delayed_task_waits_in_the_broker_too(name: str, place: Any) -> None:
    here = place(name, "redis", "defaults")
    client = load(name).client(here)
    client.send(Envelope("noop"), delay_s=600)
    client.close()

    assert client.place.namespace == here.namespace


def test_a_taskiq_stream_is_woken_by_its_tick(place: Any, until: Any) -> None:
    client = load("taskiq").client(place("taskiq", "redis"))
    from taskiq import TaskiqEvents

    async def tick() -> None:
        state = SimpleNamespace()
        [handler] = client.app.event_handlers[TaskiqEvents.WORKER_STARTUP]
        await handler(state)
        while client.depth() == 0:  # noqa: ASYNC110 - what is awaited happens in Redis
            await asyncio.sleep(0.05)
        state.tick.cancel()

    client.loop.run_until_complete(asyncio.wait_for(tick(), 60))
    assert client.app.run.original_func("") is None
    client.close()


def test_a_list_of_taskiq_counts_what_waits(place: Any) -> None:
    client = load("taskiq").client(place("taskiq", "redis", "defaults"))
    client.send(Envelope("noop"), delay_s=0.001)

    assert client.depth() == 1
    client.close()


def test_procrastinate_s_periodic_task_retries_stalled_jobs(tmp_path: Path) -> None:
    made = load("procrastinate").app(
        Place("procrastinate", "postgres", ADDRESSES["postgres"], str(tmp_path))
    )
    retried = []

    class Manager:
        async def get_stalled_jobs(self, **options: Any) -> list[str]:
            return ["stalled"]

        async def retry_job(self, job: str) -> None:
            retried.append(job)

    context = SimpleNamespace(app=SimpleNamespace(job_manager=Manager()))
    asyncio.run(made.tasks["retry_stalled"].func(context, 0))

    assert retried == ["stalled"]


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_celery_s_settings_refuse_a_pickle(broker: str, tmp_path: Path) -> None:
    from kombu.exceptions import ContentDisallowed
    from kombu.serialization import loads, prepare_accept_content

    made = load("celery").app(Place("celery", broker, ADDRESSES[broker], str(tmp_path)))
    accept = prepare_accept_content(made.conf.accept_content)

    with pytest.raises(ContentDisallowed):
        loads(pickle.dumps("x"), "application/x-python-serialize", "binary", accept=accept)
    made.close()


def test_a_place_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    good = Place("lease", "sqlite", "sqlite:///x", ".")
    for change in ({"profile": "x"}, {"broker": "redis"}, {"contender": "x"}, {"concurrency": 0}):
        with pytest.raises(ValueError, match=r"must be|runs on|unknown queue"):
            replace(good, **change)  # type: ignore[arg-type]
    monkeypatch.delenv(contenders.VARIABLE, raising=False)
    with pytest.raises(ValueError, match="is not set"):
        Place.here()
    with pytest.raises(AttributeError):
        _ = apps.nonsense
    with pytest.raises(ValueError, match="broker must be"), brokers.address("kafka", "."):
        pass
    with pytest.raises(ValueError, match="no server"), brokers.attacked("sqlite", durable=True):
        pass


@pytest.mark.parametrize(("profile", "renews"), [("production", True), ("defaults", False)])
def test_dramatiq_consumes_under_a_new_id_after_a_broken_connection(
    profile: str, renews: bool, tmp_path: Path
) -> None:
    place = Place("dramatiq", "redis", ADDRESSES["redis"], str(tmp_path), profile)
    broker = pytest.importorskip("dramatiq") and load("dramatiq").app(place)
    ids = []
    for queue in ("tasks", "tasks.DQ", "tasks"):  # the third follows a broken connection
        broker.consume(queue)
        ids.append(broker.broker_id)

    assert ids[0] == ids[1]
    assert (ids[2] != ids[1]) is renews
