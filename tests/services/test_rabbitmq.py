"""RabbitMQ: the greeting of a broker, a node of our own, and what is said without one."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from velvet import services
from velvet.services import ServiceUnavailable, rabbitmq, rabbitmq_server
from velvet.services.ladder import free_port

Fake = Callable[[bytes], Any]
posix = pytest.mark.skipif(os.name != "posix", reason="the fake programs are shell scripts")
node = pytest.mark.skipif(
    rabbitmq_server.binary() is None, reason="install rabbitmq-server for this test"
)


def greeting(product: bytes = b"RabbitMQ", version: bytes | None = b"3.12.1") -> bytes:
    """Return a Connection.Start method as a broker sends it (AMQP 0-9-1)."""
    fields = b"\x07productS" + len(product).to_bytes(4, "big") + product
    if version is not None:
        fields += b"\x07versionS" + len(version).to_bytes(4, "big") + version
    method = b"\x00\x0a\x00\x0a\x00\x09" + len(fields).to_bytes(4, "big") + fields
    return b"\x01\x00\x00" + len(method).to_bytes(4, "big") + method + b"\xce"


def test_the_version_is_read_from_the_greeting(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    server = fake(greeting())
    monkeypatch.setenv("VELVET_RABBITMQ_URL", f"amqp://me:secret@127.0.0.1:{server.port}/")

    with rabbitmq() as found:
        assert (found.version, found.rung, found.ours) == ("RabbitMQ 3.12.1", "address", False)
        assert "secret" not in found.shown


def test_the_broker_is_greeted_with_the_header_of_amqp_0_9_1(fake: Fake) -> None:
    server = fake(greeting())

    rabbitmq_server.ask(f"amqp://127.0.0.1:{server.port}/")

    assert server.questions == [b"AMQP\x00\x00\x09\x01"]


def test_a_broker_that_does_not_tell_its_version_is_still_one(fake: Fake) -> None:
    server = fake(greeting(version=None))

    assert rabbitmq_server.ask(f"amqp://127.0.0.1:{server.port}/") == "RabbitMQ"


@pytest.mark.parametrize(
    "answer",
    [b"", b"AMQP\x00\x00\x09\x01", b"HTTP/1.1 400 RabbitMQ\r\n", greeting(product=b"Qpid")],
)
def test_something_else_on_the_port_is_no_rabbitmq(fake: Fake, answer: bytes) -> None:
    server = fake(answer)

    assert rabbitmq_server.ask(f"amqp://127.0.0.1:{server.port}/") is None


def test_nothing_answers_on_a_closed_port() -> None:
    assert rabbitmq_server.ask(f"amqp://127.0.0.1:{free_port()}/") is None


@posix
def test_without_any_rabbitmq_the_refusal_names_every_rung_and_the_remedy(
    programs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq_server, "_PROGRAMS", ())

    with pytest.raises(ServiceUnavailable) as caught:
        rabbitmq()

    assert caught.value.tried == (
        ("address", "VELVET_RABBITMQ_URL is not set"),
        ("binary", "rabbitmq-server is not installed"),
        ("container", "docker is not installed"),
        ("wheel", "no wheel holds a RabbitMQ server"),
    )
    assert str(caught.value).endswith(rabbitmq_server.REMEDY)


@posix
def test_a_node_that_ends_at_once_is_refused_and_leaves_nothing(
    programs: Any, monkeypatch: pytest.MonkeyPatch, lab: Any
) -> None:
    monkeypatch.setattr(rabbitmq_server, "_PROGRAMS", ())
    programs.add("rabbitmq-server", "raise SystemExit(1)")

    with pytest.raises(ServiceUnavailable, match="rabbitmq-server ended before it answered"):
        rabbitmq(rung="binary")

    assert lab.is_clean()


@posix
def test_probing_finds_a_program_and_does_not_start_it(
    programs: Any, monkeypatch: pytest.MonkeyPatch, lab: Any
) -> None:
    monkeypatch.setattr(rabbitmq_server, "_PROGRAMS", ())
    before = services.probe("rabbitmq")
    programs.add("rabbitmq-server", "")

    assert before is not None
    assert (services.probe("rabbitmq"), lab.left()) == (None, [])


FAKE_NODE = """
    import os, socket

    greeting = {greeting!r}
    port = int(os.environ["RABBITMQ_NODE_PORT"])
    print(sorted(name for name in os.environ if name.startswith("RABBITMQ_FOREIGN")), flush=True)
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.recv(64)
                connection.sendall(greeting)
"""


@posix
def test_a_node_is_started_killed_restarted_and_stopped_without_the_users_own_settings(
    programs: Any, monkeypatch: pytest.MonkeyPatch, lab: Any
) -> None:
    monkeypatch.setattr(rabbitmq_server, "_PROGRAMS", ())
    monkeypatch.setenv("RABBITMQ_FOREIGN", "1")
    programs.add("rabbitmq-server", FAKE_NODE.format(greeting=greeting()))

    with rabbitmq(private=True) as server:
        first, url, folder = server.pid, server.url, server.folder
        server.kill()
        killed = server.pid
        server.restart()

        assert (server.version, rabbitmq_server.ask(url)) == ("RabbitMQ 3.12.1",) * 2
        assert (server.rung, killed, server.url, server.folder) == ("binary", None, url, folder)
        assert server.pid not in (None, first)
        assert folder is not None
        assert (folder / "server.log").read_text(encoding="utf-8").split() == ["[]", "[]"]

    assert lab.is_clean()


@pytest.mark.integration
@pytest.mark.slow
@posix
@node
def test_a_real_node_answers_and_is_gone_with_its_port_mapper_after_its_owner_was_killed(
    owner: Callable[..., Any], lab: Any, soon: Callable[[Callable[[], bool]], bool]
) -> None:
    holder = owner("rabbitmq", "binary")
    version = rabbitmq_server.ask(holder.server["url"])

    holder.process.kill()
    holder.process.wait()

    gone = soon(lambda: lab.processes() == [])
    services.down()
    assert gone
    assert version == holder.server["version"]
    assert holder.server["version"].startswith("RabbitMQ 3")
