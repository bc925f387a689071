"""MongoDB: the answer to `buildInfo`, a `mongod` on the PATH, and what is said without one."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet import services
from velvet.services import ServiceUnavailable, mongodb, mongodb_server
from velvet.services.ladder import free_port

Fake = Callable[[bytes], Any]
posix = pytest.mark.skipif(os.name != "posix", reason="the fake programs are shell scripts")


def test_the_version_is_read_from_the_answer(
    fake: Fake, build_info: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fake(build_info("6.0.14"))
    monkeypatch.setenv("VELVET_MONGODB_URL", f"mongodb://me:secret@127.0.0.1:{server.port}/")

    with mongodb() as found:
        assert (found.version, found.rung, found.ours) == ("MongoDB 6.0.14", "address", False)
        assert "secret" not in found.shown


def test_the_question_is_one_well_formed_message(
    fake: Fake, build_info: Callable[[str], bytes]
) -> None:
    server = fake(build_info("6.0.14"))

    mongodb_server.ask(f"mongodb://127.0.0.1:{server.port}/")

    [question] = server.questions
    length, _, _, code = struct.unpack("<iiii", question[:16])
    document = question[21:]
    assert (length, code) == (len(question), 2013)
    assert struct.unpack("<i", document[:4])[0] == len(document)
    assert b"\x10buildInfo\0\x01\0\0\0" in document
    assert b"\x02$db\0\x06\0\0\0admin\0" in document


@pytest.mark.parametrize("rest", [b"", b"\x02version\0", b"\x02version\0\x01"])
def test_a_message_without_a_version_is_still_from_mongodb(fake: Fake, rest: bytes) -> None:
    body = struct.pack("<I", 0) + b"\0" + rest
    server = fake(struct.pack("<iiii", 16 + len(body), 1, 0, 2013) + body)

    assert mongodb_server.ask(f"mongodb://127.0.0.1:{server.port}/") == "MongoDB"


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 20, struct.pack("<iiii", 21, 1, 0, 1)],
)
def test_something_else_on_the_port_is_no_mongodb(fake: Fake, answer: bytes) -> None:
    server = fake(answer)

    assert mongodb_server.ask(f"mongodb://127.0.0.1:{server.port}/") is None


def test_a_given_address_where_nothing_listens_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VELVET_MONGODB_URL", f"mongodb://me:secret@127.0.0.1:{free_port()}/")

    with pytest.raises(
        ServiceUnavailable, match=r"mongodb://me:\*\*\*@127\.0\.0\.1:\d+/ does not answer"
    ):
        mongodb(rung="address")


@posix
def test_a_local_mongod_is_started_killed_restarted_and_stopped(mongod: Path) -> None:
    with mongodb(private=True) as server:
        url, folder, first = server.url, server.folder, server.pid
        server.kill()
        after_kill = server.pid
        server.restart()

        assert (server.version, server.rung) == ("MongoDB 6.0.99", "binary")
        assert (after_kill, server.url, server.folder) == (None, url, folder)
        assert server.pid not in (None, first)
        assert mongodb_server.ask(url) == "MongoDB 6.0.99"

    assert folder is not None
    assert not folder.exists()


@posix
def test_a_mongod_that_ends_at_once_is_refused_and_leaves_nothing(programs: Any, lab: Any) -> None:
    programs.add("mongod", "raise SystemExit(3)")

    with pytest.raises(ServiceUnavailable, match=r"binary: .*mongod ended before it answered"):
        mongodb(rung="binary")

    assert lab.is_clean()


@posix
@pytest.mark.usefixtures("hurry")
def test_a_mongod_that_never_answers_is_refused_after_a_bounded_time_and_leaves_nothing(
    programs: Any, lab: Any
) -> None:
    programs.add("mongod", "import time; time.sleep(600)")

    with pytest.raises(ServiceUnavailable, match=r"did not answer a query within 0\.3 s"):
        mongodb(rung="binary")

    assert lab.is_clean()


@posix
def test_without_any_mongodb_the_refusal_names_every_rung_and_the_remedy(programs: Any) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        mongodb()

    assert caught.value.tried == (
        ("address", "VELVET_MONGODB_URL is not set"),
        ("binary", "mongod is not on the PATH"),
        ("container", "docker is not installed"),
        ("wheel", "no wheel or Debian package holds a MongoDB server"),
    )
    assert str(caught.value).endswith(
        "Set VELVET_MONGODB_URL, install mongod, or start a container engine."
    )
    assert "\n" not in str(caught.value)


@posix
def test_probing_says_the_same_without_starting_anything(programs: Any) -> None:
    problem = services.probe("mongodb")

    assert problem is not None
    assert [rung for rung, _ in problem.tried] == ["address", "binary", "container", "wheel"]


@posix
def test_probing_finds_a_local_mongod_and_does_not_start_it(mongod: Path, lab: Any) -> None:
    problem = services.probe("mongodb")

    assert (problem, lab.left()) == (None, [])
