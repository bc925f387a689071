"""Forms with files, sent by each client and read by two parsers: the server's and `email`."""

from __future__ import annotations

import contextlib
import email
import hashlib
import itertools
import socket
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_http import errors
from velvet_http.client import Settings
from velvet_http.comparisons.h2server import H2Server
from velvet_http.contenders import connect
from velvet_http.faults import FaultServer, LocalCA
from velvet_http.faults.routes import respond
from velvet_http.model import Deadline, Headers, Request, Timeouts
from velvet_http.multipart import STEP, Multipart, Part, form_request
from velvet_http.policy import Backoff, NoBudget, RetryPolicy
from velvet_http.resilient import ResilientClient

HOSTILE = 'a"; name="admin"\r\nX-Evil: 1\r\n\r\n--.exe'
BLOCK = bytes(range(256)) * 256  # 64 KiB
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\"), min_size=1)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of 3 MB that no buffer of a socket holds."""
    path = tmp_path / "large.bin"
    path.write_bytes(BLOCK * 48 + b"odd")
    return path


def test_each_client_sends_a_form_whole(server: FaultServer, client_name: str, large: Path) -> None:
    request = form_request(
        server.url("/upload"),
        [
            Part("title", "caf\u00e9".encode()),
            Part("file", large),
            Part("empty", b"", filename="none.txt", content_type="text/plain"),
        ],
    )
    with connect(client_name) as client:
        title, file, empty = client.request(request).raise_for_status().json()["parts"]

    assert title["fields"] == {"Content-Disposition": 'form-data; name="title"'}
    assert (title["name"], title["sha256"]) == ("title", digest("caf\u00e9".encode()))
    assert (file["filename"], file["size"]) == ("large.bin", large.stat().st_size)
    assert file["sha256"] == digest(large.read_bytes())
    assert (empty["filename"], empty["size"]) == ("none.txt", 0)
    assert empty["fields"]["Content-Type"] == "text/plain"
    sent = server.journal[0]
    assert int(sent.headers["content-length"]) == len(sent.body)
    assert "transfer-encoding" not in sent.headers


def test_a_part_of_unknown_length_is_sent_in_chunks(server: FaultServer, client_name: str) -> None:
    def lines() -> Iterator[bytes]:
        yield from (b"line %d\n" % n for n in range(1000))
        yield b""
        yield BLOCK * 20

    request = form_request(server.url("/upload"), [Part("log", lines, filename="log")])
    with connect(client_name) as client:
        (log,) = client.request(request).raise_for_status().json()["parts"]

    assert log["sha256"] == digest(b"".join(lines()))
    assert server.journal[0].headers["transfer-encoding"] == "chunked"
    assert "content-length" not in server.journal[0].headers


def test_a_filename_cannot_begin_another_header(server: FaultServer, client_name: str) -> None:
    request = form_request(
        server.url("/upload"), [Part("f", b"x", filename=HOSTILE), Part(HOSTILE, b"y")]
    )
    with connect(client_name) as client:
        first, second = client.request(request).raise_for_status().json()["parts"]

    escaped = HOSTILE.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    assert first["filename"] == second["name"] == escaped
    assert (first["name"], list(first["fields"])) == ("f", ["Content-Disposition", "Content-Type"])
    assert list(second["fields"]) == ["Content-Disposition"]


@given(
    fields=st.lists(st.tuples(NAMES, st.none() | NAMES, st.binary(max_size=2000)), max_size=5),
    by=st.sampled_from(["bytes", "path", "function", "function of known size"]),
)
def test_another_parser_reads_every_part_back(
    fields: list[tuple[str, str | None, bytes]], by: str
) -> None:
    made: dict[str, Callable[[bytes, Path], Part]] = {
        "bytes": lambda content, _: Part("", content),
        "path": lambda content, path: Part("", path),
        "function": lambda content, _: Part("", lambda: [content[:7], b"", content[7:]]),
        "function of known size": lambda content, _: Part("", lambda: [content], size=len(content)),
    }
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for number, (name, filename, content) in enumerate(fields):
            path = Path(folder) / str(number)
            path.write_bytes(content)
            part = made[by](content, path)
            parts.append(Part(name, part.content, filename, size=part.size))
        form = Multipart(parts)
        body = b"".join(form)

    head = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    parsed = email.message_from_bytes(head + body).get_payload() if fields else []
    assert [part.get_payload(decode=True) for part in parsed] == [each[2] for each in fields]
    for part, (name, filename, _) in zip(parsed, fields, strict=True):
        (said,) = [v for k, v in part.raw_items() if k == "Content-Disposition"]
        said = said.encode("ascii", "surrogateescape").decode()
        shown = filename if filename is not None else str(parsed.index(part))
        named = f'; filename="{_escaped(shown)}"' if filename is not None or by == "path" else ""
        assert said == f'form-data; name="{_escaped(name)}"{named}'
    assert form.size == (None if by == "function" and fields else len(body))


def _escaped(name: str) -> str:
    return "".join({"\r": "%0D", "\n": "%0A", '"': "%22"}.get(letter, letter) for letter in name)


@pytest.mark.parametrize("change", [-1, +1, +STEP])
def test_a_file_that_changes_its_length_meanwhile_is_never_half_a_form(
    server: FaultServer, client_name: str, large: Path, change: int
) -> None:
    request = form_request(server.url("/upload"), [Part("f", large)])
    changed = (large.read_bytes() + BLOCK)[: large.stat().st_size + change]
    large.write_bytes(changed)

    with connect(client_name) as client:
        with pytest.raises(errors.PartChanged, match="only .* of" if change < 0 else "more than"):
            client.request(request)
        assert server.settle()  # the connection was not kept for the next request
        assert server.counters.requests == 0
        assert client.get(server.url("/json")).status == 200


def test_a_file_that_is_gone_is_no_lost_connection(
    server: FaultServer, client_name: str, large: Path
) -> None:
    request = form_request(server.url("/upload"), [Part("f", large)]).with_headers(
        Idempotency_Key="1"
    )
    large.unlink()

    with connect(client_name) as client, pytest.raises(errors.PartChanged, match="cannot be read"):
        ResilientClient(client, RetryPolicy(budget=NoBudget())).request(request)
    assert server.settle()
    assert server.counters.requests == 0
    assert server.counters.connects <= 1


def test_each_attempt_sends_the_whole_form(
    server: FaultServer, client_name: str, large: Path
) -> None:
    read_anew = itertools.count()

    def counted() -> Iterator[bytes]:
        yield b"read %d" % next(read_anew)

    url = server.script("/flaky", [respond(503, Retry_After="0"), respond(307, Location="/upload")])
    request = form_request(url, [Part("f", large), Part("n", counted)])
    policy = RetryPolicy(backoff=Backoff(base=0.001), budget=NoBudget())
    with connect(client_name) as client:
        got = ResilientClient(client, policy).request(request).raise_for_status()

    assert [part["sha256"] for part in got.json()["parts"]] == [
        digest(large.read_bytes()),
        digest(b"read 2"),
    ]
    assert [entry.path for entry in server.journal] == ["/flaky", "/flaky", "/upload"]


def test_a_server_that_takes_nothing_does_not_outlast_a_limit(client_name: str) -> None:
    def endless() -> Iterator[bytes]:
        return itertools.repeat(BLOCK)

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"  # connected by the system, never read
        request = form_request(url, [Part("f", endless)])
        with connect(client_name) as client:
            with pytest.raises(errors.DeadlineExceeded):
                client.request(request, deadline=Deadline.after(0.3))
            with pytest.raises(errors.ReadTimeout):
                client.request(request, timeouts=Timeouts(read=0.3))
        for _ in range(2):  # neither connection is left open behind what was never taken
            connection, _ = deaf.accept()
            connection.settimeout(5)
            with connection, contextlib.suppress(ConnectionError):
                while connection.recv(2**20):
                    pass


def test_a_form_goes_over_http2(authority: LocalCA, large: Path) -> None:
    with (
        H2Server(tls=authority.issue()) as server,
        connect("httpx2", Settings(ca_file=authority.ca_file, http2=True)) as client,
    ):
        for part in (Part("f", large), Part("f", lambda: [large.read_bytes()])):
            got = client.request(form_request(server.url("/upload"), [part]))
            assert got.json()["parts"][0]["sha256"] == digest(large.read_bytes())


def test_a_large_form_is_made_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(64 * 2**20)
    form = Multipart([Part("f", path), Part("b", bytes(2**20), filename="b")])

    tracemalloc.start()
    try:
        sizes = [len(piece) for piece in form]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sum(sizes) == form.size
    assert max(sizes) == STEP
    assert peak < 16 * STEP


@pytest.mark.parametrize("wrong", ["text/plain\r\nX: 1", "a\nb", "nul\0"])
def test_a_type_with_a_line_break_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        Part("f", b"", filename="f", content_type=wrong)


def test_what_cannot_be_sent_twice_or_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="read anew for each attempt"):
        Request("POST", "http://h/", body=iter([b"once"]))
    with pytest.raises(ValueError, match="no file"):
        Part("f", tmp_path)
    with pytest.raises(ValueError, match="number of bytes"):
        Part("f", lambda: [b"x"], size=-1)


@pytest.mark.parametrize("body", [b"", b"--b--\r\nafter", b"--b\r\nA: 1\r\n\r\nx\r\n--b"])
def test_half_a_form_is_no_form(server: FaultServer, body: bytes) -> None:
    headers = Headers({"Content-Type": "multipart/form-data; boundary=b"})
    with connect("http_client") as client:
        got = client.request(Request("POST", server.url("/upload"), headers, body))

    assert (got.status, got.json()) == (400, {"error": "this is no whole form"})
