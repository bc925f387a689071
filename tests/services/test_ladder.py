"""The climb, the refusal, the server handle and what it never prints."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet.errors import VelvetError
from velvet.services import ServiceUnavailable
from velvet.services.ladder import (
    Hooks,
    RungFailed,
    Server,
    answering,
    climb,
    free_port,
    hidden,
    listening,
    wait_until,
)


def refuse(reason: str) -> Callable[[], Server]:
    def rung() -> Server:
        raise RungFailed(reason)

    return rung


class Recorded:
    """A server's hooks that write down how they were called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.number: int | None = 4711

    def start(self) -> str:
        self.calls.append("start")
        return "Fake 2"

    def stop(self) -> None:
        self.calls.append("stop")

    def kill(self) -> None:
        self.calls.append("kill")

    def hooks(self) -> Hooks:
        return Hooks(self.start, self.stop, self.kill, lambda: self.number)


def server(hooks: Hooks | None = None) -> Server:
    url = "redis://me:secret@127.0.0.1:1/0"
    return Server("redis", url, "Fake 1", "binary", hooks)


def test_the_first_rung_that_gives_a_server_is_taken_and_the_earlier_reasons_are_kept() -> None:
    rungs = {
        "address": refuse("not set"),
        "binary": server,
        "wheel": lambda: pytest.fail("a later rung was tried"),
    }

    taken = climb("redis", rungs, "Install it.")

    assert taken.skipped == (("address", "not set"),)


def test_the_refusal_names_what_was_tried_and_the_remedy_in_one_line() -> None:
    rungs = {"address": refuse("X is not set"), "binary": refuse("none on the PATH")}

    with pytest.raises(ServiceUnavailable) as caught:
        climb("redis", rungs, "Install it.")

    error = caught.value
    assert str(error) == (
        "no redis here (address: X is not set; binary: none on the PATH). Install it."
    )
    assert error.tried == (("address", "X is not set"), ("binary", "none on the PATH"))
    assert error.reason == "no redis: address: X is not set; binary: none on the PATH"
    assert (error.name, error.remedy, error.exit_code) == ("redis", "Install it.", 1)


def test_a_rung_that_breaks_otherwise_is_a_defect_and_is_not_hidden() -> None:
    def broken() -> Server:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        climb("redis", {"binary": broken}, "")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://:secret@localhost/0", "redis://:***@localhost/0"),
        ("postgresql://me:secret@localhost:5432/db", "postgresql://me:***@localhost:5432/db"),
        ("postgresql://me:sec@ret@localhost/db", "postgresql://me:***@localhost/db"),
        ("amqp://me:sec/ret@localhost/", "amqp://me:***@localhost/"),
        ("amqp://me:sec:ret@localhost/", "amqp://me:***@localhost/"),
        ("postgresql://localhost/db?user=me&password=secret", None),
        ("host=localhost password=secret dbname=db", "host=localhost password=*** dbname=db"),
        ("host=localhost password='a secret' dbname=db", "host=localhost password=*** dbname=db"),
        ("postgresql://localhost/db?sslPassword=secret&x=1", None),
        ("postgresql://me@localhost/db", "postgresql://me@localhost/db"),
        ("postgresql://u:p!w%40secret@127.0.0.1:1/db", "postgresql://u:***@127.0.0.1:1/db"),
        ("postgresql://u:p%2fsecret@127.0.0.1:1/db", "postgresql://u:***@127.0.0.1:1/db"),
        ("postgresql://u:päß secret@127.0.0.1:1/db", "postgresql://u:***@127.0.0.1:1/db"),
        ("mongodb://a/b:secret@h/?authSource=admin", None),
        ("redis://localhost:6379/0?password=secret", "redis://localhost:6379/0?password=***"),
        ("redis://u@localhost:1/0?password=a@secret", "redis://u@localhost:1/0?password=***"),
        ("cannot open redis://:secret@h/0 at all", "cannot open redis://:***@h/0 at all"),
    ],
)
def test_a_password_is_not_shown_wherever_the_address_holds_it(url: str, shown: str | None) -> None:
    text = hidden(url)

    assert "secret" not in text
    assert shown is None or text == shown


@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=4))
def test_no_password_survives_being_hidden(password: str) -> None:
    url = f"redis://velvet:{password}XYZZY@127.0.0.1:6379/0"

    assert "XYZZY" not in hidden(url)


def test_the_refusal_survives_the_way_out_of_a_worker_process() -> None:
    error = ServiceUnavailable("redis", [("binary", "none")], "Install it.")

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is ServiceUnavailable
    assert (str(again), again.reason, again.remedy) == (str(error), error.reason, "Install it.")


def test_the_handle_shows_its_address_without_the_password_also_in_its_refusals() -> None:
    foreign = server()

    with pytest.raises(VelvetError) as caught:
        foreign.kill()

    assert "secret" not in str(caught.value) + foreign.shown


def test_an_address_is_taken_from_the_environment_without_its_blanks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VELVET_REDIS_URL", "  redis://x \n")

    found = answering("redis", "VELVET_REDIS_URL", lambda url: f"Fake at {url}")

    assert (found.url, found.version) == ("redis://x", "Fake at redis://x")


def test_a_blank_address_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VELVET_REDIS_URL", "  ")

    with pytest.raises(RungFailed, match=r"^VELVET_REDIS_URL is not set$"):
        answering("redis", "VELVET_REDIS_URL", lambda url: None)


def test_a_free_port_can_be_bound_at_once() -> None:
    port = free_port()

    with socket.create_server(("127.0.0.1", port)) as listener:
        assert listener.getsockname()[1] == port


def test_a_port_is_listening_only_while_something_accepts(silent: int) -> None:
    assert (listening("127.0.0.1", silent), listening("127.0.0.1", free_port())) == (True, False)


def test_waiting_returns_the_version_that_was_answered() -> None:
    answers = iter([None, None, "Fake 1"])

    assert wait_until(lambda: next(answers)) == "Fake 1"


def test_waiting_ends_when_the_server_has_ended() -> None:
    with pytest.raises(RungFailed, match=r"^it ended before it answered$"):
        wait_until(lambda: None, alive=lambda: False, what="it")


def test_waiting_is_bounded_and_says_for_how_long(hurry: None) -> None:
    with pytest.raises(RungFailed, match=r"^it did not answer a query within 0\.3 s$"):
        wait_until(lambda: None, what="it")


def test_stopping_twice_stops_once_and_ends_also_when_the_server_cannot_be_stopped() -> None:
    hooks, ended = Recorded(), []
    running = server(hooks.hooks())
    running.on_stop.append(lambda: ended.append("first"))

    def fail() -> None:
        raise OSError("no")

    broken = server(replace(hooks.hooks(), stop=fail))
    broken.on_stop.append(lambda: ended.append("second"))

    running.stop()
    running.stop()
    with pytest.raises(OSError, match="no"):
        broken.stop()

    assert (hooks.calls, ended) == (["stop"], ["first", "second"])


def test_the_end_of_the_block_stops_the_server_also_when_the_block_raises() -> None:
    hooks = Recorded()

    with pytest.raises(ZeroDivisionError), server(hooks.hooks()):
        raise ZeroDivisionError

    assert hooks.calls == ["stop"]


def test_a_restart_while_running_stops_first_and_renews_the_version() -> None:
    hooks = Recorded()
    running = server(hooks.hooks())

    running.restart()

    assert (hooks.calls, running.version, running.pid) == (["stop", "start"], "Fake 2", 4711)


def test_a_restart_after_a_kill_only_starts() -> None:
    hooks = Recorded()
    running = server(hooks.hooks())
    running.kill()
    hooks.number = None

    running.restart()

    assert hooks.calls == ["kill", "start"]


def test_a_server_that_does_not_come_back_says_so() -> None:
    def start() -> str:
        raise RungFailed("port taken")

    with pytest.raises(VelvetError, match=r"^redis did not come back: port taken$"):
        server(replace(Recorded().hooks(), start=start)).restart()


@pytest.mark.parametrize("verb", ["kill", "restart"])
def test_a_server_that_is_not_ours_is_never_ended(verb: str) -> None:
    foreign = server()

    with pytest.raises(VelvetError, match=f"^refused to {verb} .*unset VELVET_REDIS_URL"):
        getattr(foreign, verb)()

    assert (foreign.ours, foreign.pid) == (False, None)
