"""Any sequence of operations gives the same bodies from two frameworks, and pages lose nothing."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from velvet_web.comparisons.client import Client, in_process
from velvet_web.contenders import build, load
from velvet_web.domain import NewTask, Task, make_cursor, merge_patch, parse_new, read_cursor
from velvet_web.settings import Settings
from velvet_web.store import SqliteStore

TITLES = st.text(min_size=0, max_size=220)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "title": TITLES,
        "completed": st.one_of(st.booleans(), st.none(), st.integers()),
        "order": st.one_of(st.integers(-(2**33), 2**33), st.none(), st.floats(allow_nan=False)),
        "other": st.just(1),
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def normal(answer: Any) -> tuple[int, bytes, str | None, str | None]:
    """Return what two front ends must agree about: all but the time of creation."""
    body = answer.body.strip()
    while (at := body.find(b'"created_at":"')) >= 0:
        body = body[:at] + body[at + 40 :]
    return answer.status, body, answer.get("etag"), answer.get("location")


@pytest.mark.parametrize(
    "pair", [("starlette", "flask"), ("fastapi", "django"), ("flask", "litestar")]
)
def test_two_front_ends_cannot_be_told_apart(pair: tuple[str, str]) -> None:
    folder = tempfile.TemporaryDirectory()
    transports = []
    clients = []
    for name in pair:
        app = build(
            name, Settings(dsn=str(Path(folder.name) / f"{name}.db"), secret="marmalade" * 2)
        )
        transports.append(in_process(app, load(name).INTERFACE))
        clients.append(Client(transports[-1]))

    class Boards(RuleBasedStateMachine):
        def both(self, *request: Any) -> None:
            first, second = (normal(client.request(*request)) for client in clients)
            assert first == second, request

        @initialize()
        def empty(self) -> None:
            self.both("DELETE", "/tasks")

        @rule(document=DOCUMENTS)
        def create(self, document: Any) -> None:
            self.both("POST", "/tasks", document)

        @rule(number=st.integers(0, 40), document=DOCUMENTS)
        def patch(self, number: int, document: Any) -> None:
            self.both("PATCH", f"/tasks/{number}", document)

        @rule(number=st.integers(0, 40))
        def delete(self, number: int) -> None:
            self.both("DELETE", f"/tasks/{number}")

        @rule(limit=st.integers(0, 5), completed=st.sampled_from(["true", "false"]))
        def page(self, limit: int, completed: str) -> None:
            self.both("GET", f"/tasks?limit={limit}&completed={completed}")

    try:
        run_state_machine_as_test(
            Boards,
            settings=settings(max_examples=8, stateful_step_count=15, deadline=None, database=None),
        )
    finally:
        for transport in transports:
            transport.close()
        folder.cleanup()


def test_pages_return_each_task_once_while_others_are_added(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "board.db"), busy=5)
    before = [store.create(NewTask(str(n))).id for n in range(60)]
    stop = threading.Event()

    def adds() -> None:
        while not stop.is_set():
            store.create(NewTask("meanwhile"))

    writer = threading.Thread(target=adds)
    writer.start()
    seen: list[int] = []
    try:
        while page := store.page(7, seen[-1] if seen else 0):
            seen += [task.id for task in page]
            if seen[-1] > before[-1]:
                break
    finally:
        stop.set()
        writer.join()
        store.close()

    assert seen[: len(before)] == before
    assert len(set(seen)) == len(seen)


@given(st.integers(0, 2**63 - 1), st.text(min_size=1))
def test_a_cursor_comes_back(number: int, secret: str) -> None:
    assert read_cursor(make_cursor(number, secret), secret) == number


@given(JSON, JSON)
def test_a_merge_patch_applied_twice_changes_nothing_more(target: Any, patch: Any) -> None:
    once = merge_patch(target, patch)

    assert merge_patch(once, patch) == once


@given(title=st.text(min_size=1, max_size=200), order=st.none() | st.integers(-(2**31), 2**31 - 1))
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_what_was_stored_is_valid_again(title: str, order: int | None) -> None:
    hypothesis_title = title.replace("\0", "").strip() or "x"
    new = parse_new({"title": hypothesis_title, "order": order})
    again = Task(1, new.title, new.completed, new.order, "", 1).public("http://h")

    assert parse_new({key: again[key] for key in ("title", "completed", "order")}) == new
