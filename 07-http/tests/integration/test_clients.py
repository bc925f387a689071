"""Every client on every kind of misbehaviour: the same error, and nothing left open."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from dataclasses import replace

import aiohttp
import psutil
import pytest

from velvet_http import contenders, errors
from velvet_http.client import Settings
from velvet_http.comparisons import bare
from velvet_http.contenders import connect, connect_async
from velvet_http.faults import FaultServer, LocalCA, fault
from velvet_http.faults.kinds import TEXT, Fault
from velvet_http.faults.routes import respond
from velvet_http.model import Deadline, Headers, Request, Timeouts

SHORT = Timeouts(2.0, 0.1, 0.25)  # only where silence is what is tested

REFUSALS = [
    (fault("truncated length"), errors.TruncatedBody),
    (fault("truncated chunks"), errors.TruncatedBody),
    (fault("truncated gzip"), errors.TruncatedBody),
    (fault("reset in body"), errors.TruncatedBody),
    (fault("close"), errors.ConnectionLost),
    (fault("reset"), errors.ConnectionLost),
    (fault("stall"), errors.ReadTimeout),
    (fault("silence"), errors.ReadTimeout),
    (fault("bad chunk"), errors.ProtocolViolation),
    (fault("two lengths"), errors.ProtocolViolation),
    (fault("huge header"), errors.ProtocolViolation),
    (fault("header flood"), errors.ProtocolViolation),
    (fault("garbage"), errors.ProtocolViolation),
    (fault("redirect to file"), errors.ProtocolViolation),
    (fault("not gzip"), errors.DecodeError),
    (fault("redirect loop"), errors.TooManyRedirects),
    (fault("gzip bomb"), errors.BodyTooLarge),
]


@pytest.mark.parametrize(
    ("fault", "error"), REFUSALS, ids=[f"{fault.name}-{n}" for n, (fault, _) in enumerate(REFUSALS)]
)
def test_a_fault_is_refused_by_its_own_name(
    server: FaultServer, client_name: str, fault: Fault, error: type[errors.HttpError]
) -> None:
    url = server.script("/f", [fault])

    timeouts = SHORT if error is errors.ReadTimeout else Timeouts()
    with connect(client_name) as client, pytest.raises(error) as raised:
        client.request(Request("GET", url), timeouts=timeouts, max_body=1_000_000)

    assert type(raised.value) is error
    if isinstance(raised.value, errors.TruncatedBody) and fault.name == "truncated length":
        assert (raised.value.got, raised.value.expected) == (1000, 8400)


def test_a_bad_chunk_in_a_packet_of_its_own_hangs_no_client(
    server: FaultServer, client_name: str
) -> None:
    at_once = fault("bad chunk")
    late = replace(at_once, steps=(*at_once.steps[:-1], 0.1, at_once.steps[-1]))
    url = server.script("/late", [late])

    with connect(client_name) as client, pytest.raises(errors.ProtocolViolation):
        client.request(Request("GET", url), timeouts=Timeouts(2.0, 1.0, 2.0))


@pytest.mark.parametrize(
    "fault",
    [respond(200, TEXT), fault("early hints"), fault("no length"), fault("first byte delay")],
)
def test_what_is_legal_is_accepted_whole(
    server: FaultServer, client_name: str, fault: Fault
) -> None:
    with connect(client_name) as client:
        response = client.get(server.script("/f", [fault]))

    assert (response.status, response.body) == (200, TEXT)


def test_a_bomb_costs_little_memory(server: FaultServer, client_name: str) -> None:
    url = server.script("/f", [fault("gzip bomb")])
    with connect(client_name) as client:
        client.get(server.url("/json"))
        before = psutil.Process().memory_info().rss

        with pytest.raises(errors.BodyTooLarge):
            client.request(Request("GET", url), max_body=1_000_000)

        grown = psutil.Process().memory_info().rss - before
    assert grown < 20_000_000


def test_one_connection_serves_many_requests(server: FaultServer, client_name: str) -> None:
    with connect(client_name) as client:
        for _ in range(5):
            assert client.get(server.url("/json?size=10")).json() == {"text": "x" * 10}

    assert server.counters.connects == 1
    assert server.counters.requests == 5


def test_a_body_and_its_headers_arrive(server: FaultServer, client_name: str) -> None:
    headers = Headers({"X-Mine": "1", "Content-Type": "text/plain"})
    with connect(client_name) as client:
        client.request(Request("POST", server.url("/json"), headers, b"z" * 70_000))
        head = client.request(Request("HEAD", server.url("/json")))

    sent = server.journal[0]
    assert (sent.method, len(sent.body), sent.headers["x-mine"]) == ("POST", 70_000, "1")
    assert (head.status, head.body) == (200, b"")


def test_credentials_do_not_follow_a_redirect_to_another_origin(
    server: FaultServer, client_name: str
) -> None:
    with FaultServer() as other, connect(client_name) as client:
        url = server.script("/f", [respond(302, Location=other.url("/json"))])

        response = client.get(url, Authorization="marmalade", Cookie="a=b")

        assert response.history == (url,)
        assert "authorization" in server.journal[0].headers
        assert not {"authorization", "cookie"} & {n.lower() for n, _ in other.journal[0].headers}


ENDLESS = (0.05, b"x") * 20_000
DRIP = Fault("drip", (b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n", *ENDLESS))
DRIP_HEAD = Fault("drip head", (b"HTTP/1.1 200 OK\r\nX-Long: ", *ENDLESS))


@pytest.mark.parametrize("fault", [DRIP, DRIP_HEAD])
def test_a_deadline_ends_what_no_read_timeout_ends(
    server: FaultServer, client_name: str, fault: Fault
) -> None:
    """The drip lasts a quarter of an hour: a call that ends has been ended."""
    url = server.script("/f", [fault])
    with connect(client_name) as client:
        with pytest.raises(errors.DeadlineExceeded):
            client.get(url, deadline=Deadline.after(0.25))

        with pytest.raises(errors.DeadlineExceeded):
            client.get(url, deadline=Deadline(time.monotonic() - 1))


def test_tls_with_a_local_authority(authority: LocalCA, client_name: str) -> None:
    with (
        FaultServer(tls=authority.issue()) as server,
        connect(client_name, Settings(ca_file=authority.ca_file)) as client,
    ):
        assert client.get(server.url("/json")).status == 200
        client.close()
        assert server.settle()


@pytest.mark.parametrize("certificate", ["expired", "wrong host", "unknown authority"])
def test_a_bad_certificate_is_a_tls_error_at_the_first_attempt(
    authority: LocalCA, client_name: str, certificate: str
) -> None:
    unknown = certificate == "unknown authority"
    host = "example.invalid" if certificate == "wrong host" else "127.0.0.1"
    context = authority.issue(host, expired=certificate == "expired")
    settings = Settings(ca_file=None if unknown else authority.ca_file)
    with FaultServer(tls=context) as server:
        with connect(client_name, settings) as client, pytest.raises(errors.TlsError):
            client.get(server.url("/json"))

        assert server.counters.requests == 0
        assert server.settle()


def test_no_connection_is_a_connect_error(client_name: str) -> None:
    with FaultServer() as gone:
        url = gone.url("/")
    with connect(client_name) as client:
        for address in (url, "http://nowhere.invalid/"):
            with pytest.raises(errors.ConnectError) as raised:
                client.get(address)
            assert raised.value.sent is False


def test_a_full_pool_is_a_timeout_of_its_own(server: FaultServer) -> None:
    for name in {"urllib3", "requests", "httpx2", "pycurl"} & set(contenders.available()):
        with connect(name, Settings(pool=1)) as client:
            first = client.stream(Request("GET", server.url("/bytes/1")))
            with first, pytest.raises(errors.PoolTimeout):
                client.request(Request("GET", server.url("/json")), timeouts=Timeouts(pool=0.2))


def test_proxies_of_the_environment_are_ignored_unless_asked_for(
    server: FaultServer, client_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")

    with connect(client_name) as client:
        assert client.get(server.url("/json")).status == 200


@pytest.mark.parametrize("client_name", ["aiohttp", "httpx", "httpx2"])
def test_the_same_from_an_event_loop(server: FaultServer, client_name: str) -> None:
    async def run() -> None:
        async with connect_async(client_name, Settings(pool=5)) as client:
            answers = await asyncio.gather(*(client.get(server.url("/json")) for _ in range(20)))
            assert {answer.status for answer in answers} == {200}
            request = Request("GET", server.script("/f", [fault("truncated gzip")]))
            with pytest.raises(errors.TruncatedBody):
                await client.request(request)
            request = Request("GET", server.script("/g", [fault("truncated length")]))
            with pytest.raises(errors.TruncatedBody, match=r".") as raised:
                await client.request(request)
            assert raised.value.got == 1000
            with pytest.raises(errors.DeadlineExceeded):
                await client.get(server.url("/slow?ms=600"), deadline=Deadline.after(0.2))
            followed = await client.get(server.script("/i", [respond(302, Location="/json")]))
            assert followed.status == 200

    asyncio.run(run())
    assert server.counters.max_open <= 6


def test_contenders_are_found_by_name() -> None:
    assert contenders.names() == [
        "aiohttp",
        "http_client",
        "httpx",
        "httpx2",
        "pycurl",
        "requests",
        "urllib3",
    ]
    with pytest.raises(ValueError, match="choose from"):
        contenders.load("niquests")
    with pytest.raises(ValueError, match="blocks"):
        contenders.connect_async("urllib3")


def test_a_client_that_is_not_installed_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "velvet_http.contenders.pycurl", raising=False)
    monkeypatch.setitem(sys.modules, "pycurl", None)

    with pytest.raises(ImportError, match="pip install -r requirements-peers"):
        contenders.connect("pycurl")


@pytest.mark.parametrize("name", bare.available())
def test_the_bare_library_and_its_session(server: FaultServer, name: str) -> None:
    url = server.url("/json?size=10")
    size = len(json.dumps({"text": "x" * 10}))

    assert bare.bare(name)(url, 5) == size
    total = bare.repeat(name)(url, 4)
    assert (asyncio.run(total) if asyncio.iscoroutine(total) else total) == 4 * size
    assert server.counters.connects == 2


def test_the_bare_aiohttp_ends_what_its_read_timeout_does_not(server: FaultServer) -> None:
    at_once = fault("bad chunk")
    late = replace(at_once, steps=(*at_once.steps[:-1], 0.1, at_once.steps[-1]))

    with pytest.raises((asyncio.TimeoutError, aiohttp.ClientError)):
        bare.bare("aiohttp")(server.script("/late", [late]), 0.2)


def test_a_reset_is_no_plain_end(server: FaultServer) -> None:
    server.script("/f", [fault("reset")])

    with socket.create_connection(("127.0.0.1", server.port), 10) as link:
        link.sendall(b"GET /f HTTP/1.1\r\nHost: f\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            link.recv(1)


def test_an_error_within_a_stream_passes_and_frees_its_connection(
    server: FaultServer, client_name: str
) -> None:
    with connect(client_name) as client:
        request = Request("GET", server.url("/bytes/1"))
        with pytest.raises(ZeroDivisionError), client.stream(request):
            raise ZeroDivisionError

        assert client.request(request).status == 200
    assert server.settle()
