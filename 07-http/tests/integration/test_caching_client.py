"""The caching client in front of a real server, and hishel as a second opinion."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path

import pytest

from velvet_http.cache import CachingClient, MemoryStore
from velvet_http.client import Client
from velvet_http.contenders import connect
from velvet_http.dashboard.fault_atlas import wire
from velvet_http.errors import ConnectionLost, DeadlineExceeded
from velvet_http.faults import FaultServer, fault
from velvet_http.faults.kinds import head
from velvet_http.faults.routes import after, respond
from velvet_http.model import Deadline, Headers, Request


class Wall:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def client() -> Iterator[Client]:
    with connect("urllib3") as made:
        yield made


def cached(client: Client, wall: Wall | None = None, **settings: object) -> CachingClient:
    return CachingClient(client, MemoryStore(), wall=wall or Wall(), **settings)  # type: ignore[arg-type]


def test_a_life_of_one_address(server: FaultServer, client: Client) -> None:
    wall = Wall()
    cache = cached(client, wall)
    url = server.script(
        "/a", [_tagged(wall, "max-age=60"), respond(304, b"", ETag='"a"'), respond(500)]
    )

    said = []
    for later in (0, 30, 31, 0):
        wall.now += later
        response = cache.get(url)
        said.append((response.headers["x-velvet-cache"], len(response.body)))

    assert said == [("miss", 4), ("hit", 4), ("revalidated", 4), ("hit", 4)]
    assert len(server.journal) == 2
    assert server.journal[1].headers["if-none-match"] == '"a"'


def _tagged(wall: Wall, cache_control: str) -> object:
    return respond(
        200,
        b"body",
        ETag='"a"',
        Cache_Control=cache_control,
        Date=formatdate(wall.now, usegmt=True),
    )


def test_stale_while_revalidate_answers_first_and_asks_in_the_background(
    server: FaultServer, client: Client
) -> None:
    wall, later = Wall(), list[Callable[[], object]]()
    cache = cached(client, wall, background=later.append)
    url = server.script("/a", [_tagged(wall, "max-age=60, stale-while-revalidate=60"), respond(304)])  # type: ignore[list-item]
    cache.get(url)
    wall.now += 90

    answer = cache.get(url)

    assert answer.headers["x-velvet-cache"] == "stale"
    assert answer.headers["age"] == "90"
    assert len(server.journal) == 1
    later[0]()
    assert server.journal[1].headers["if-none-match"] == '"a"'


@pytest.mark.parametrize("failure", [respond(503), fault("close")])
def test_stale_if_error_stands_in(server: FaultServer, client: Client, failure: object) -> None:
    wall = Wall()
    cache = cached(client, wall)
    url = server.script("/a", [_tagged(wall, "max-age=1, stale-if-error=99"), failure])  # type: ignore[list-item]
    cache.get(url)

    wall.now += 50
    assert cache.get(url).headers["x-velvet-cache"] == "stale"

    wall.now += 100
    if failure == fault("close"):
        with pytest.raises(ConnectionLost):
            cache.get(url)
    else:
        assert cache.get(url).status == 503


def test_fifty_misses_at_once_make_one_request(server: FaultServer) -> None:
    url = server.script("/a", [after(0.2, respond(200, b"body", Cache_Control="max-age=60"))])
    with connect("http_client") as client, ThreadPoolExecutor(50) as pool:
        cache = CachingClient(client, MemoryStore())

        bodies = list(pool.map(lambda _: cache.get(url).body, range(50)))

    assert set(bodies) == {b"body"}
    assert len(server.journal) == 1


def test_waiting_for_the_answer_of_another_thread_ends_at_the_deadline(server: FaultServer) -> None:
    with connect("urllib3") as plain, ThreadPoolExecutor(1) as pool:
        cache = cached(plain)
        url = server.script("/slow", [after(0.8, respond(200, b"late", Cache_Control="max-age=9"))])
        first = pool.submit(cache.get, url)
        while not server.journal:
            time.sleep(0.001)

        with pytest.raises(DeadlineExceeded):
            cache.request(Request("GET", url), deadline=Deadline.after(0.1))

        assert not first.done()
        assert first.result().body == b"late"
    assert len(server.journal) == 1


def test_a_refresh_that_fails_does_not_fail_the_call_and_is_made_once(
    server: FaultServer, client: Client
) -> None:
    wall = Wall()
    refreshes: list[Callable[[], object]] = []
    cache = cached(client, wall, background=refreshes.append)
    control = "max-age=1, stale-while-revalidate=60"
    url = server.script("/a", [_tagged(wall, control), fault("close")])
    cache.get(url)
    wall.now += 5

    answers = [cache.get(url).headers["x-velvet-cache"] for _ in range(2)]
    alone = cache._lock_of(url)
    with alone:
        refreshes[0]()
    assert len(server.journal) == 1, "another thread was asking"
    refreshes[1]()

    assert answers == ["stale", "stale"]
    assert len(server.journal) == 2


def test_a_head_is_answered_from_the_store_without_a_body(
    server: FaultServer, client: Client
) -> None:
    wall = Wall()
    cache = cached(client, wall)
    url = server.script("/a", [_tagged(wall, "max-age=60")])
    cache.get(url)

    head = cache.request(Request("HEAD", url))

    assert (head.headers["x-velvet-cache"], head.body) == ("hit", b"")


def test_a_change_invalidates(server: FaultServer, client: Client) -> None:
    cache = cached(client)
    url = server.script("/a", [respond(200, b"x", Cache_Control="max-age=60")])
    cache.get(url)

    cache.request(Request("POST", url, Headers(), b"new"))
    cache.get(url)

    assert [entry.method for entry in server.journal] == ["GET", "POST", "GET"]


def test_only_if_cached_never_asks(server: FaultServer, client: Client) -> None:
    cache = cached(client)

    assert cache.get(server.url("/json"), Cache_Control="only-if-cached").status == 504
    assert server.journal == []


def test_variants_are_kept_apart(server: FaultServer, client: Client) -> None:
    cache = cached(client)
    url = server.script(
        "/a", [respond(200, b"x", Cache_Control="max-age=60", Vary="Accept-Language")]
    )

    for language in ("de", "fr", "de", "fr"):
        cache.get(url, Accept_Language=language)

    assert len(server.journal) == 2


def test_hishel_agrees_on_200_generated_scripts(server: FaultServer, tmp_path: Path) -> None:
    """A second opinion on whether a second request goes to the origin."""
    pytest.importorskip("hishel", reason="pip install 'hishel[httpx2]' compares with it")
    import httpx2
    from hishel import CacheOptions, SqliteStorage
    from hishel.httpx2 import CacheTransport

    rng = random.Random(5)
    storage = SqliteStorage(database_path=tmp_path / "cache.db")
    transport = CacheTransport(httpx2.HTTPTransport(), storage, rfc=CacheOptions(shared=False))
    differences = []
    with connect("http_client") as plain, httpx2.Client(transport=transport) as theirs:
        ours = CachingClient(plain, MemoryStore())
        for number in range(200):
            said, asked = _script(rng)
            origin = []
            for who in ("ours", "theirs"):
                url = server.script(f"/{who}/{number}", [respond(200, b"x", **said)])
                before = len(server.journal)
                for _ in range(2):
                    if who == "ours":
                        ours.request(Request("GET", url, Headers(asked)))
                    else:
                        theirs.get(url, headers=asked)
                origin.append(len(server.journal) - before)
            if origin[0] != origin[1]:
                differences.append((said, asked, origin))
    storage.close()

    assert len(differences) < 120, "most scripts are answered alike"
    assert [row for row in differences if not _section(row[0], row[1])] == []


def _script(rng: random.Random) -> tuple[dict[str, str], dict[str, str]]:
    """Return response and request fields; Age makes a response old without waiting."""
    age = rng.choice(["0", "30", "90"])
    control = rng.choice(
        ["max-age=60", "max-age=60, no-cache", "no-store", "max-age=0", "private, max-age=60",
         "public", "max-age=60, must-revalidate", "s-maxage=60", ""]
    )  # fmt: skip
    said = {"Date": formatdate(usegmt=True), "Age": age}
    if control:
        said["Cache-Control"] = control
    if rng.random() < 0.3:
        said["Vary"] = rng.choice(["Accept", "*"])
    asked = {"Accept": "text/plain"}
    wish = rng.choice(["", "", "no-cache", "no-store", "max-age=10", "min-fresh=40"])
    if wish:
        asked["Cache-Control"] = wish
    return said, asked


def _section(said: dict[str, str], asked: dict[str, str]) -> str:
    """Return the section of RFC 9111 in which the two caches differ, "" for none."""
    control, wish = said.get("Cache-Control", ""), asked.get("Cache-Control", "")
    if "max-age" not in control:
        return "4.2.2"  # a heuristic is permitted, not required; ours has none
    if wish == "no-store":
        return "5.2.1 item 5"  # hishel stores what the request forbids to store
    if wish.startswith(("max-age", "min-fresh")):
        return "5.2.1"  # hishel does not read these wishes
    if int(said["Age"]) >= 60:
        return "4.2.3"  # hishel does not count the Age that the response came with
    return ""


def test_a_plain_head_is_built_as_written() -> None:
    assert head("200 OK", {"A": 1}) == b"HTTP/1.1 200 OK\r\nA: 1\r\n\r\n"
    assert wire(respond(200, b"x")).endswith("x[keep]")
