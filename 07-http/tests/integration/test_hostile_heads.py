"""Heads that no honest server sends: each client says the same, and none loses a connection by them."""

from __future__ import annotations

import pytest

from velvet_http.client import Settings
from velvet_http.contenders import connect
from velvet_http.errors import HttpError, ProtocolViolation
from velvet_http.faults import FaultServer
from velvet_http.faults.kinds import End, Fault

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
BODY = b"Content-Length: 5\r\n\r\nhello"
MOVED = b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: "
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
HEADS = {
    "a NUL in a value": OK + b"X-Bad: a\0b\r\n" + BODY,
    "a space in a name": OK + b"X Bad: 1\r\n" + BODY,
    "a name of no letters": OK + b": 1\r\n" + BODY,
    "a line without a colon": OK + b"nonsense\r\n" + BODY,
    "a status of letters": b"HTTP/1.1 abc OK\r\n" + BODY,
    "a status of two digits": b"HTTP/1.1 20 OK\r\n" + BODY,
    "a negative length": OK + b"Content-Length: -5\r\n\r\nhello",
    "a length of 5,000 digits": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhello",
    "a length with a sign": OK + b"Content-Length: +5\r\n\r\nhello",
    "a coding that only some undo": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "a coding that none knows": OK + b"Transfer-Encoding: velvet\r\n\r\nhello",
    "a redirect to half an address": MOVED + b"http://[bad/\r\n\r\n",
    "a redirect to port 99999": MOVED + b"http://127.0.0.1:99999/\r\n\r\n",
    "a redirect to port abc": MOVED + b"http://127.0.0.1:abc/\r\n\r\n",
    "a redirect with a space": MOVED + b"/a b\r\n\r\n",
    "a redirect to a script": MOVED + b"javascript:alert(1)\r\n\r\n",
}


def test_each_is_a_protocol_violation(server: FaultServer, client_name: str) -> None:
    said = {}

    with connect(client_name, Settings(pool=1)) as client:
        for name, head in HEADS.items():
            url = server.script("/f", [Fault(name, (head,), End.CLOSE)])
            try:
                said[name] = str(client.get(url))
            except HttpError as error:
                said[name] = type(error).__name__

        assert said == dict.fromkeys(HEADS, ProtocolViolation.__name__)
        assert client.get(server.url("/json")).status == 200, "no head cost the pool its connection"


def test_a_folded_field_is_one_field(server: FaultServer, client_name: str) -> None:
    folded = Fault("folded", (OK + b"X-Folded: a\r\n b\r\n" + BODY,), End.CLOSE)

    with connect(client_name) as client:
        assert client.get(server.script("/f", [folded])).headers["x-folded"].split() == ["a", "b"]


@pytest.mark.parametrize("client_name", ["http_client", "urllib3", "requests"])
def test_interim_answers_without_end_are_given_up(server: FaultServer, client_name: str) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10_000 + OK + BODY

    with connect(client_name) as client, pytest.raises(ProtocolViolation, match="interim"):
        client.get(server.script("/f", [Fault("hints", (hints,), End.CLOSE)]))
