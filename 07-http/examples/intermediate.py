"""What long transfers need: pages that move, downloads and uploads, a cache, and certificates."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from velvet.examples import example, main
from velvet_http.cache import CachingClient, MemoryStore
from velvet_http.client import Settings
from velvet_http.contenders import connect
from velvet_http.errors import PartChanged, StaleValidator, TlsError
from velvet_http.faults import FaultServer, LocalCA
from velvet_http.faults.routes import TOKEN, after, pattern, respond
from velvet_http.model import Headers
from velvet_http.multipart import Part, form_request
from velvet_http.transfer import cursor, download, link_header, page_number, paginate


@example("pagination_that_moves")
def pagination_that_moves() -> None:
    """100 items in pages of 10, and three new ones at the top after each page that is read.

    Offset pages shift and show items twice; a cursor does not; a key removes what repeats.
    """
    bearer = Headers({"Authorization": f"Bearer {TOKEN}"})
    styles = {
        "Link header": ("?page=1", link_header),
        "page number": ("?page=1", page_number),
        "cursor": ("?cursor=", cursor),
    }
    print(f"{'style':12} {'items':>6} {'twice':>6} {'missing':>8} {'with a key, twice':>18}")
    for name, (query, style) in styles.items():
        rows = []
        for key in (None, int):
            with FaultServer() as server, connect("urllib3") as client:
                server.api.inserts = 3
                url = server.url(f"/items{query}")
                items = Counter(paginate(client, url, style, headers=bearer, key=key))
            twice = sum(count - 1 for count in items.values())
            missing = len(set(range(1, 101)) - items.keys())
            rows.append((items.total(), twice, missing))
        (total, twice, missing), (_, again, _) = rows
        print(f"{name:12} {total:6} {twice:6} {missing:8} {again:18}")
    print("\nwhy: page 2 is 'items 11 to 20' of a list that has grown at the top")


@example("resume_a_download")
def resume_a_download() -> None:
    """A file of 60,000 bytes over a connection that breaks every 11,000, and changes once.

    Range and If-Range continue where it broke; the file appears whole or not at all.
    """
    expected = hashlib.sha256(pattern(60_000)).hexdigest()
    with (
        tempfile.TemporaryDirectory() as folder,
        FaultServer() as server,
        connect("urllib3") as client,
    ):
        dest = Path(folder) / "file.bin"
        download(
            client, server.url("/range/60000?cut=11000"), dest, sha256=expected,
            on_part=lambda start, stop: print(f"bytes {start:6,} to {stop:6,}"),
        )  # fmt: skip
        print(f"sha256 as expected, {len(server.journal)} requests, left: {_names(folder)}\n")

        changing = server.url("/range/60000?cut=11000&change_at=8")
        try:
            download(client, changing, Path(folder) / "moved.bin", restart=False)
        except StaleValidator as error:
            print(f"StaleValidator: {str(error).partition(' ')[2]}")
        size = download(client, changing, Path(folder) / "moved.bin")
        same = (Path(folder) / "moved.bin").read_bytes() == pattern(60_000, 1)
        print(f"begun anew: {size:,} bytes of the new version, whole: {same}")
    print("\nwhy: If-Range turns 'continue' into 'all of it' when the ETag is another")


def _names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


@example("upload_a_form")
def upload_a_form() -> None:
    """A form with a field, a file whose name is an attack, and a log without a length.

    Files leave in pieces of 64 KiB; a file that grows while it is sent is never half a form.
    """
    hostile = 'cat.png"\r\nX-Admin: 1'
    with (
        tempfile.TemporaryDirectory() as folder,
        FaultServer() as server,
        connect("requests") as client,
    ):
        path, url = Path(folder) / "cat.png", server.url("/upload")
        path.write_bytes(pattern(8_000_000))

        def lines() -> Iterator[bytes]:
            yield from (b"line %d\n" % number for number in range(3))

        cat = Part("cat", path, filename=hostile, content_type="image/png")
        for parts in ([Part("title", b"A cat"), cat], [Part("log", lines, filename="log.txt")]):
            request = form_request(url, parts)
            for part in client.request(request).json()["parts"]:
                named = part.get("filename", "")
                print(f"{part['name']:6} {part['size']:9,} bytes {part['sha256'][:8]} {named}")
            fields = server.journal[-1].headers
            framing = fields.get("content-length") or fields.get("transfer-encoding")
            print(f"       sent as {framing}, largest piece {max(map(len, request.body or ()))}\n")
        same = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        print(f"sha256 of the file here: {same}")

        growing = form_request(url, [cat])
        path.write_bytes(pattern(8_000_001))
        try:
            client.request(growing)
        except PartChanged as error:
            print(f"PartChanged: {error}")
        print(f"whole requests at the server: {server.counters.requests}")
    print("\nwhy: a quote or a line break in a name is sent as %22, %0D, %0A, as browsers do")


@example("conditional_caching")
def conditional_caching() -> None:
    """One address: a miss, a hit, a revalidation without a body, and 50 callers at once.

    Time passes by setting the cache's clock; the server counts what it was asked.
    """
    now = [1_800_000_000.0]
    with FaultServer() as server, connect("http_client") as client:
        cache = CachingClient(client, MemoryStore(), wall=lambda: now[0])
        body = b"a page of a catalogue " * 1000
        fields = {"ETag": '"v1"', "Cache-Control": "max-age=60"}
        url = server.script("/page", [respond(200, body, **fields), respond(304, b"", **fields)])
        for pause in (0, 30, 31, 10):
            now[0] += pause
            got = cache.get(url)
            said, age = got.headers["x-velvet-cache"], got.headers.get("age", "0")
            print(f"after {pause:2} s: {said:11} age {age:>2} s, {len(got.body):,} bytes")
        print(f"origin: {len(server.journal)} requests, one of them without a body\n")

        slow = server.script("/slow", [after(0.2, respond(200, body, **fields))])
        with ThreadPoolExecutor(50) as pool:
            bodies = set(pool.map(lambda _: cache.get(slow).body, range(50)))
        asked = sum(entry.path == "/slow" for entry in server.journal)
        print(f"50 callers at once: {len(bodies)} body, origin calls {asked} of 50")
    print("\nwhy: 304 renews the age of what is stored; later misses wait for the first")


@example("tls_done_right")
def tls_done_right() -> None:
    """A certificate of our own authority, an expired one, and one for another host.

    Each client refuses the bad ones before a byte of the request is sent.
    """
    with tempfile.TemporaryDirectory() as folder:
        authority = LocalCA(Path(folder))
        contexts = {
            "valid": authority.issue(),
            "expired": authority.issue(expired=True),
            "wrong host": authority.issue("example.invalid"),
        }
        for kind, context in contexts.items():
            with FaultServer(tls=context) as server:
                for name in ("requests", "aiohttp", "httpx2"):
                    settings = Settings(ca_file=authority.ca_file)
                    with connect(name, settings) as client:
                        try:
                            said = str(client.get(server.url("/json")).status)
                        except TlsError as error:
                            said = f"TlsError: {_short(str(error))}"
                    print(f"{kind:11} {name:9} {said}")
                print(f"{'':11} requests that reached the server: {server.counters.requests}")
    print("\nwhy: trust one more authority; never switch verification off")
    print("     (REQUESTS_CA_BUNDLE overrides session.verify: our clients ignore it)")


def _short(text: str) -> str:
    return next((w for w in ("expired", "mismatch", "not valid for") if w in text), text[:60])


if __name__ == "__main__":
    main()
