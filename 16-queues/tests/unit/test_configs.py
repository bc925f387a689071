"""Every configuration file is loaded, started or linted; what it sets is what the lesson says."""

from __future__ import annotations

import configparser
import importlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from velvet.services import ServiceUnavailable
from velvet_queues import brokers
from velvet_queues.contenders import Place
from velvet_queues.envelope import Envelope
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.ledger import Ledger
from velvet_queues.metrics import HELP

CONFIGS = brokers.CONFIGS


def loaded(name: str) -> Any:
    return yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_celery_loads_its_settings(broker: str) -> None:
    made = importlib.import_module(f"velvet_queues.configs.celeryconfig_{broker}")
    celery = pytest.importorskip("celery", reason="pip install celery")
    app = celery.Celery("x", set_as_current=False)
    app.config_from_object(made)

    assert app.conf.task_acks_late is True
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.accept_content == ["json"]
    if broker == "redis":
        assert app.conf.broker_transport_options["visibility_timeout"] == 5
    else:
        assert app.conf.task_default_queue_type == "quorum"
    app.close()


@pytest.mark.integration
def test_redis_starts_with_its_file_and_keeps_what_was_pushed() -> None:
    import redis

    try:
        with brokers.attacked("redis", durable=True) as server:
            with redis.Redis.from_url(server.url) as client:
                client.lpush("queue", "task")
                assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
                assert client.config_get("appendonly")["appendonly"] == "yes"
            server.kill()
            server.restart()
            with redis.Redis.from_url(server.url) as client:
                assert client.llen("queue") == 1
    except ServiceUnavailable as error:
        pytest.skip(str(error))


def test_rabbitmq_s_definitions_bind_a_dead_letter_queue_with_a_limit() -> None:
    found = json.loads((CONFIGS / "definitions.json").read_text(encoding="utf-8"))
    queues = {one["name"]: one for one in found["queues"]}
    [binding] = found["bindings"]

    assert queues["tasks"]["arguments"]["x-queue-type"] == "quorum"
    assert queues["tasks"]["arguments"]["x-delivery-limit"] > 0
    assert binding["destination"] in queues
    assert binding["source"] == queues["tasks"]["arguments"]["x-dead-letter-exchange"]
    settings = (CONFIGS / "rabbitmq.conf").read_text(encoding="utf-8")
    lines = [line for line in settings.splitlines() if line and not line.startswith("#")]
    assert all(" = " in line for line in lines)


def test_alerts_name_metrics_that_exist() -> None:
    rules = loaded("alerts.yml")["groups"][0]["rules"]

    assert {rule["expr"].split()[0] for rule in rules} <= set(HELP)
    assert loaded("prometheus.yml")["rule_files"] == ["alerts.yml"]


def test_every_port_of_the_container_file_is_on_loopback() -> None:
    services = loaded("compose.yaml")["services"]

    ports = [port for one in services.values() for port in one["ports"]]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    mounted = [volume for one in services.values() for volume in one.get("volumes", [])]
    files = [Path(one.split(":")[0]).name for one in mounted if one.startswith("./")]
    assert all((CONFIGS / name).is_file() for name in files)
    # The files bind to loopback, where a container's published port would reach nothing.
    assert services["redis"]["command"][-4:] == ["--bind", "*", "--protected-mode", "no"]
    [listen] = services["rabbitmq"]["configs"]
    assert (
        loaded("compose.yaml")["configs"][listen["source"]]["content"] == "listeners.tcp.1 = 5672\n"
    )


def unit() -> configparser.SectionProxy:
    """Return the service section of systemd's unit."""
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string((CONFIGS / "velvet-worker.service").read_text(encoding="utf-8"))
    return read["Service"]


def test_the_unit_gives_a_worker_time_to_finish() -> None:
    service = unit()

    assert service["Restart"] == "always"
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) >= 60
    [assigned] = shlex.split(service["Environment"])
    place = Place(**json.loads(assigned.removeprefix("VELVET_QUEUES_PLACE=")))
    assert place.folder == f"/var/lib/{service['StateDirectory']}"
    assert place.url == f"sqlite:///{place.folder}/queue.db"
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed (apt-get install systemd)")
    done = subprocess.run(
        [verify, "verify", str(CONFIGS / "velvet-worker.service")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Unknown" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="systemd is a part of Linux")
def test_the_unit_s_program_finishes_its_task_when_the_unit_stops_it(
    tmp_path: Path, until: Any
) -> None:
    service = unit()
    [assigned] = shlex.split(service["Environment"])
    home = f"/var/lib/{service['StateDirectory']}"
    name, _, text = assigned.replace(home, str(tmp_path)).partition("=")
    place = Place(**json.loads(text))
    argv = [sys.executable, *shlex.split(service["ExecStart"])[1:]]

    with LeaseQueue(place.url, place.namespace) as queue, Ledger(tmp_path) as ledger:
        queue.put_many([Envelope("sleep", 500, id=id) for id in ("a", "b", "waits")])
        process = subprocess.Popen(argv, env={**os.environ, name: text}, cwd=tmp_path)
        try:
            until(lambda: ledger.count("started") == place.concurrency)
            process.send_signal(getattr(signal, service["KillSignal"]))
            assert process.wait(int(service["TimeoutStopSec"])) == 0
        finally:
            process.kill()
            process.wait()
        assert ledger.count("finished") == ledger.count("started") >= place.concurrency
        assert (queue.stats().leased, queue.stats().ready) == (0, 3 - ledger.count("finished"))
