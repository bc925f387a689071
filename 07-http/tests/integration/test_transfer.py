"""Downloads and pages over a connection that breaks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velvet_http import errors
from velvet_http.client import Client
from velvet_http.contenders import connect
from velvet_http.faults import FaultServer, fault, kinds
from velvet_http.faults.kinds import End, Fault
from velvet_http.faults.routes import TOKEN, pattern, respond
from velvet_http.guard import TokenBucket
from velvet_http.model import Headers, Request, Timeouts
from velvet_http.policy import Backoff, RetryPolicy
from velvet_http.resilient import ResilientClient
from velvet_http.simulate import QueueServer
from velvet_http.transfer import cursor, download, link_header, page_number, paginate

BEARER = Headers({"Authorization": f"Bearer {TOKEN}"})
STYLES = {"?page=1": link_header, "?page=1&size=9": page_number, "?cursor=": cursor}
ANY = settings(max_examples=15, suppress_health_check=list(HealthCheck))


@pytest.fixture
def client() -> Iterator[Client]:
    with connect("urllib3") as made:
        yield made


def test_a_download_survives_five_cuts(server: FaultServer, client: Client, tmp_path: Path) -> None:
    dest, parts = tmp_path / "file", list[tuple[int, int]]()
    expected = pattern(60_000)

    size = download(
        client, server.url("/range/60000?cut=11000"), dest,
        sha256=hashlib.sha256(expected).hexdigest(), on_part=lambda *part: parts.append(part),
    )  # fmt: skip

    assert (size, dest.read_bytes()) == (60_000, expected)
    assert [start for start, _ in parts] == [0, 11_000, 22_000, 33_000, 44_000, 55_000]
    assert server.journal[1].headers["range"] == "bytes=11000-"
    assert server.journal[1].headers["if-range"] == '"v0"'
    assert list(tmp_path.iterdir()) == [dest]


def test_a_changed_object_is_begun_anew_or_refused(
    server: FaultServer, client: Client, tmp_path: Path
) -> None:
    url = server.url("/range/30000?cut=11000&change_at=2")

    with pytest.raises(errors.StaleValidator):
        download(client, url, tmp_path / "a", restart=False)
    assert not (tmp_path / "a").exists()
    server.api.hits.clear()
    download(client, url, tmp_path / "b")

    assert (tmp_path / "b").read_bytes() == pattern(30_000, 1)


def test_a_server_without_ranges_starts_from_the_beginning(
    server: FaultServer, client: Client, tmp_path: Path
) -> None:
    weak = respond(200, kinds.TEXT, ETag='W/"1"').steps[0]
    assert isinstance(weak, bytes)
    url = server.script(
        "/f", [Fault("cut", (weak[:500],), End.CLOSE), respond(503), respond(200, kinds.TEXT)]
    )

    download(client, url, tmp_path / "f")

    assert (tmp_path / "f").read_bytes() == kinds.TEXT
    assert not any("range" in entry.headers for entry in server.journal)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (respond(404), errors.StatusError),
        (respond(206, b"x", Content_Range="bytes 5-5/9"), errors.ProtocolViolation),
    ],
)
def test_what_is_no_download(
    server: FaultServer, client: Client, tmp_path: Path, answer: Fault, error: type[Exception]
) -> None:
    with pytest.raises(error):
        download(client, server.script("/f", [answer]), tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_cuts_that_bring_nothing_end_the_download(
    server: FaultServer, client: Client, tmp_path: Path
) -> None:
    url = server.script("/f", [fault("truncated length"), fault("close")])

    with pytest.raises(errors.ConnectionLost):
        download(client, url, tmp_path / "f", attempts=3)

    assert len(server.journal) == 4
    assert (tmp_path / "f.part").stat().st_size == 1000


def test_a_wrong_hash_leaves_nothing(server: FaultServer, client: Client, tmp_path: Path) -> None:
    with pytest.raises(errors.DecodeError, match="sha256"):
        download(client, server.url("/range/100"), tmp_path / "f", sha256="0" * 64)

    assert list(tmp_path.iterdir()) == []


@ANY
@given(cut=st.integers(900, 20_000), size=st.integers(1, 12_000))
def test_any_sequence_of_cuts_yields_the_bytes(
    server: FaultServer, client: Client, tmp_path: Path, cut: int, size: int
) -> None:
    download(client, server.url(f"/range/{size}?cut={cut}"), tmp_path / "f")

    assert (tmp_path / "f").read_bytes() == pattern(size)


@pytest.mark.parametrize("query", STYLES)
def test_each_style_reaches_every_item_once(
    server: FaultServer, client: Client, query: str
) -> None:
    items = paginate(client, server.url(f"/items{query}"), STYLES[query], headers=BEARER)

    assert list(items) == list(range(100, 0, -1))


@ANY
@given(inserts=st.integers(0, 15), size=st.integers(5, 40))
@pytest.mark.parametrize("query", STYLES)
def test_items_that_arrive_meanwhile_repeat_nothing_and_lose_nothing(
    server: FaultServer, client: Client, query: str, inserts: int, size: int
) -> None:
    server.api.items[:], server.api.inserts = range(60, 0, -1), inserts if size > inserts else 0
    url = server.url(f"/items{query.partition('&')[0]}&size={size}")

    seen = list(paginate(client, url, STYLES[query], headers=BEARER, key=int))

    assert len(seen) == len(set(seen))
    assert set(range(1, 61)) <= set(seen)
    server.api.inserts = 0


def test_without_a_key_offset_pages_repeat_items(server: FaultServer, client: Client) -> None:
    server.api.inserts = 3

    seen = list(paginate(client, server.url("/items?page=1"), link_header, headers=BEARER))

    assert len(seen) > len(set(seen))


def test_pages_that_go_in_a_circle_end(server: FaultServer, client: Client) -> None:
    link = respond(200, {"items": [1]}, Link="</f>; rel=next")

    with pytest.raises(errors.HttpError, match="page loop"):
        list(paginate(client, server.script("/f", [link]), link_header))
    with pytest.raises(errors.DecodeError, match="no list"):
        list(paginate(client, server.script("/g", [respond(200, {})]), cursor))
    with pytest.raises(errors.StatusError):
        list(paginate(client, server.url("/items?page=1"), link_header))


@pytest.mark.parametrize("target", ["http://[", "http://h:port/", "ftp://h/", "/a b"])
def test_a_next_page_that_is_no_address_is_a_protocol_violation(
    server: FaultServer, client: Client, target: str
) -> None:
    link = respond(200, {"items": [1]}, Link=f"<{target}>; rel=next")

    with pytest.raises(errors.ProtocolViolation, match="next page"):
        list(paginate(client, server.script("/f", [link]), link_header))


def test_a_next_page_of_another_origin_gets_no_credentials(
    server: FaultServer, client: Client
) -> None:
    with FaultServer() as foreign:
        there = foreign.script("/f", [respond(200, {"items": [2]})])
        link = respond(200, {"items": [1]}, Link=f"<{there}>; rel=next")
        headers = BEARER.with_field("X-Kept", "1")

        assert list(
            paginate(client, server.script("/f", [link]), link_header, headers=headers)
        ) == [1, 2]

        assert server.journal[0].headers["authorization"] == BEARER["authorization"]
        assert "authorization" not in foreign.journal[0].headers
        assert foreign.journal[0].headers["x-kept"] == "1"
        client.close()
        assert foreign.settle()


def test_a_rate_limited_list_is_read_whole(server: FaultServer, client: Client) -> None:
    page = respond(200, {"items": [1], "next": None})
    url = server.script("/f", [respond(429, Retry_After="0"), page])
    resilient = ResilientClient(client, RetryPolicy(backoff=Backoff(base=0.001)))

    assert list(paginate(resilient, url, cursor)) == [1]
    assert len(server.journal) == 2


def test_the_built_in_limit_says_when_to_come_back(server: FaultServer, client: Client) -> None:
    server.api.bucket = TokenBucket(0.001, burst=3)
    url = server.url("/items?limited=1")

    answers = [client.request(Request("GET", url, BEARER)) for _ in range(5)]

    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "1"


def test_routes_refuse_what_they_do_not_know(server: FaultServer, client: Client) -> None:
    assert client.get(server.url("/nothing")).status == 404
    assert client.get(server.url("/slow?ms=soon")).status == 400
    assert client.get(server.url("/range/10"), Range="bytes=99-").status == 416
    assert client.get(server.url("/fault/status%20429")).status == 429
    with pytest.raises(ValueError, match="at least one"):
        server.script("/f", [])


def test_the_queue_answers_in_turn_and_refuses_when_it_is_full(
    server: FaultServer, client: Client
) -> None:
    client.get(server.url("/work/setup?capacity=50&queue=1&from=9&to=10"))
    first = client.get(server.url("/work"))
    client.get(server.url("/work/setup?capacity=50&queue=1&from=0&to=9"))

    assert first.json() == {"done": True}
    with pytest.raises(errors.ReadTimeout):
        client.request(Request("GET", server.url("/work")), timeouts=Timeouts(read=0.1))
    assert client.get(server.url("/work/count")).json() == {"count": 1}
    server.api.queue = QueueServer(0.1, 1)
    for _ in range(2):
        server.api.queue.arrive(time.monotonic())
    assert client.get(server.url("/work")).status == 503


def test_an_etag_that_is_known_costs_no_body(server: FaultServer, client: Client) -> None:
    first = client.get(server.url("/etag/1"))
    again = client.get(server.url("/etag/1"), If_None_Match=first.headers["etag"])

    assert (again.status, again.body) == (304, b"")
