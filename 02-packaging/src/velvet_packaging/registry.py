"""A package index on loopback that checks what it takes: upload, simple API, metadata, provenance.

The upload protocol is a form that a browser could send. What makes an index safe is what it does
then: recompute every digest, compare form, file name and metadata, run the verifier, never replace
a file, and let a file appear whole or not at all.

Sources: the PyPA specifications simple-repository-api 1.4 and index-hosted-attestations; PEP 503,
592, 658, 691, 700, 714 and 740.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from velvet_packaging.attest import attestations_of
from velvet_packaging.errors import EntryUnreadable, NotAnArchive, PackagingLabError, UploadRefused
from velvet_packaging.forms import multipart
from velvet_packaging.sdist import Sdist
from velvet_packaging.wheel import Wheel, verify

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
API_VERSION = "1.4"
MAX_BYTES = 64 << 20
STALL_S = 30.0
_DIGESTS: dict[str, Callable[[bytes], str]] = {
    "md5_digest": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "sha256_digest": lambda data: hashlib.sha256(data).hexdigest(),
    "blake2_256_digest": lambda data: hashlib.blake2b(data, digest_size=32).hexdigest(),
}


@dataclass(frozen=True)
class Request:
    """One request as the server saw it.

    Attributes:
        received, sent: bytes of the two bodies.
        agent: the program that asked, without its version.
    """

    method: str
    path: str
    status: int
    received: int
    sent: int
    agent: str


@dataclass
class Stored:
    """One file of the index.

    Attributes:
        metadata: the core metadata, served beside a wheel (PEP 658).
        yanked: why it must not be chosen any more; empty while it may.
    """

    path: Path
    sha256: str
    name: str
    version: str
    requires_python: str = ""
    metadata: bytes = b""
    yanked: str = ""
    attestations: list[Any] = field(default_factory=list)


def atomic_store(path: Path, data: bytes) -> None:
    """Write a file so that it appears whole or not at all."""
    beside = path.with_name(f".incoming-{secrets.token_hex(6)}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class StrictRegistry:
    """The index; start it with `with`.

    Args:
        root: the folder of its files.
        max_bytes: of one upload, 0 or more (else a ValueError); a larger Content-Length is refused
            before the body is read.
        store: writes a file; another one stands in for a full disk.

    Attributes:
        token: the password of this run, for the user `__token__`.
        requests: what was asked, in order.
        cut_next: bytes after which the next download breaks off, once; 0 for never.
    """

    def __init__(
        self,
        root: Path,
        *,
        max_bytes: int = MAX_BYTES,
        store: Callable[[Path, bytes], None] = atomic_store,
    ) -> None:
        if not max_bytes >= 0:
            raise ValueError(f"max_bytes={max_bytes}: 0 or more, or inf for no limit")
        self.root, self.max_bytes, self.store = root, max_bytes, store
        self.token = secrets.token_urlsafe(16)
        self.files: dict[str, Stored] = {}
        self.requests: list[Request] = []
        self.cut_next = 0
        self._lock = threading.Lock()
        self._server: _Server | None = None

    def start(self) -> StrictRegistry:
        """Listen on a free port of loopback."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.registry = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; safe to call twice."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def __enter__(self) -> StrictRegistry:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address; of a running server only."""
        assert self._server is not None, "start it first"
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def upload_url(self) -> str:
        """Where files are sent to."""
        return f"{self.url}/legacy/"

    @property
    def simple_url(self) -> str:
        """Where installers ask."""
        return f"{self.url}/simple/"

    def yank(self, filename: str, reason: str = "yanked") -> None:
        """Mark a file, so that installers choose it only when its version is pinned (PEP 592).

        Raises:
            UploadRefused: there is no such file.
        """
        if filename not in self.files:
            raise UploadRefused(404, f"there is no {filename!r}")
        self.files[filename].yanked = reason or "yanked"

    def accept(self, form: dict[str, str], filename: str, data: bytes) -> Stored:
        """Check an upload and store it.

        Raises:
            UploadRefused: a check failed; it has the HTTP status and one line.
            BadSpec: an attestation is none, or is about another file.
        """
        if form.get(":action") != "file_upload" or form.get("protocol_version") != "1":
            raise UploadRefused(400, "send :action=file_upload and protocol_version=1")
        if Path(filename).name != filename or "\\" in filename or len(filename.encode()) > 255:
            raise UploadRefused(400, f"{filename[:255]!r} is not a plain file name")
        if not filename.endswith((".whl", ".tar.gz")):
            raise UploadRefused(400, f"{filename!r}: only .whl and .tar.gz are taken")
        if "sha256_digest" not in form:
            raise UploadRefused(400, "sha256_digest is missing")
        for name, digest in _DIGESTS.items():
            if name in form and not hmac.compare_digest(form[name].encode(), digest(data).encode()):
                raise UploadRefused(400, f"{name} is not the digest of the content")
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / filename
            path.write_bytes(data)
            told = _inspected(path, form)
        stored = Stored(self.root / filename, hashlib.sha256(data).hexdigest(), *told)
        sent = form.get("attestations", "[]")
        stored.attestations = attestations_of(sent, filename, stored.sha256)
        with self._lock:
            if stored.path.exists():  # also one of an earlier run, whatever the case of its name
                raise UploadRefused(400, f"{filename} already exists: files never change")
            try:
                self.store(stored.path, data)
            except OSError as error:
                raise UploadRefused(507, f"not stored: {error.strerror}") from None
            self.files[filename] = stored
        return stored


def _inspected(path: Path, form: dict[str, str]) -> tuple[str, str, str, bytes]:
    """Return name, version, Requires-Python and METADATA of a file that passes every check."""
    raw = b""
    try:
        if path.suffix == ".whl":
            report = verify(path, "installer")
            wheel = Wheel.open(path)
            raw = wheel.read(f"{wheel.dist_infos[0]}/METADATA") if wheel.dist_infos else b""
            told = wheel.metadata if wheel.dist_infos else None
        else:
            sdist = Sdist.open(path)
            report, told = sdist.verify(), sdist.pkg_info
    except (NotAnArchive, EntryUnreadable) as error:
        raise UploadRefused(400, str(error)) from None
    if not report.ok or told is None:
        bad = next((one for one in report.findings if one.severity == "error"), "no metadata")
        raise UploadRefused(400, str(bad))
    parsed = told.parsed
    name, version = canonicalize_name(parsed["name"]), parsed["version"]
    if canonicalize_name(form.get("name", "")) != name or form.get("version") != version:
        raise UploadRefused(400, f"the form says {form.get('name')} {form.get('version')}")
    return name, version, parsed.get("requires_python", ""), raw


class _Server(ThreadingHTTPServer):
    registry: StrictRegistry
    daemon_threads = False
    block_on_close = True


class _Handler(BaseHTTPRequestHandler):
    """One request: GET of the simple API and of files, POST of an upload."""

    server: _Server
    timeout = STALL_S
    server_version = "velvet-registry"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Write nothing: what was asked is in `requests`."""

    def _answer(
        self, status: int, body: bytes, kind: str = "text/plain", received: int = 0
    ) -> None:
        registry = self.server.registry
        agent = self.headers.get("User-Agent", "").partition("/")[0]
        cut, registry.cut_next = registry.cut_next, 0
        asked = Request(self.command, self.path, status, received, len(body), agent)
        registry.requests.append(asked)
        reason = " ".join(body[:200].decode("ascii", "replace").replace("\ufffd", "?").split())
        self.send_response(status, reason if kind == "text/plain" else None)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="upload"')
        self.end_headers()
        self.wfile.write(body[:cut] if cut and kind == "application/octet-stream" else body)

    def do_POST(self) -> None:
        """Take an upload, or say in one line why not."""
        received = 0
        try:
            self._authorize()
            data = self._body()
            received = len(data)
            form, filename, content = multipart(self.headers["Content-Type"] or "", data)
            self.server.registry.accept(form, filename, content)
        except UploadRefused as error:
            self._answer(error.status, str(error).encode(), received=received)
        except (PackagingLabError, ValueError, KeyError) as error:
            self._answer(400, str(error).encode(), received=received)
        else:
            self._answer(200, b"stored", received=received)

    def _authorize(self) -> None:
        kind, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            raise UploadRefused(401, "basic authentication is required")
        told = base64.b64decode(encoded + "==")
        wanted = f"__token__:{self.server.registry.token}".encode()
        if not hmac.compare_digest(told, wanted):
            raise UploadRefused(403, "invalid user or token")

    def _body(self) -> bytes:
        length = int(self.headers.get("Content-Length", "-1"))
        if length < 0:
            raise UploadRefused(411, "Content-Length is required")
        if length > (most := self.server.registry.max_bytes):
            raise UploadRefused(413, f"{length:,} bytes; {most:,} allowed")
        try:
            data = self.rfile.read(length)
        except OSError:
            data = b""
        if len(data) < length:
            raise UploadRefused(400, f"{len(data)} of {length} bytes arrived")
        return data

    def do_GET(self) -> None:
        """Answer from the simple API, or with a file."""
        files = list(self.server.registry.files.values())  # an upload may add one meanwhile
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/") if part]
        if parts == ["simple"]:
            names = sorted({one.name for one in files})
            self._page({"projects": [{"name": name} for name in names]})
        elif len(parts) == 2 and parts[0] == "simple":
            found = [one for one in files if one.name == canonicalize_name(parts[1])]
            if found:
                self._page(_project(found[0].name, found))
            else:
                self._answer(404, b"no such project")
        elif len(parts) == 2 and parts[0] == "files":
            self._file(parts[1])
        else:
            self._answer(404, b"no such page")

    def _file(self, name: str) -> None:
        files = self.server.registry.files
        stored = files.get(name.removesuffix(".metadata").removesuffix(".provenance"))
        if stored is None:
            self._answer(404, b"no such file")
        elif name.endswith(".metadata"):
            self._answer(200, stored.metadata, "application/octet-stream")
        elif name.endswith(".provenance"):
            bundles = [{"publisher": {"kind": "local"}, "attestations": stored.attestations}]
            body = json.dumps({"version": 1, "attestation_bundles": bundles}).encode()
            self._answer(200, body, "application/vnd.pypi.integrity.v1+json")
        else:
            self._answer(200, stored.path.read_bytes(), "application/octet-stream")

    def _page(self, told: dict[str, Any]) -> None:
        told = {"meta": {"api-version": API_VERSION}, **told}
        if JSON in self.headers.get("Accept", ""):
            self._answer(200, json.dumps(told).encode(), JSON)
        else:
            self._answer(200, _as_html(told).encode(), HTML)


def _project(name: str, found: list[Stored]) -> dict[str, Any]:
    """Return a project's page as the JSON form states it (PEP 691 and 700)."""
    files = []
    for one in sorted(found, key=lambda each: each.path.name):
        told: dict[str, Any] = {
            "filename": one.path.name,
            "url": f"/files/{one.path.name}",
            "hashes": {"sha256": one.sha256},
            "size": one.path.stat().st_size,
            "yanked": one.yanked or False,
        }
        if one.requires_python:
            told["requires-python"] = one.requires_python
        if one.metadata:
            told["core-metadata"] = {"sha256": hashlib.sha256(one.metadata).hexdigest()}
        if one.attestations:
            told["provenance"] = f"/files/{one.path.name}.provenance"
        files.append(told)
    return {"name": name, "versions": sorted({one.version for one in found}), "files": files}


def _as_html(told: dict[str, Any]) -> str:
    lines = [f'<meta name="pypi:repository-version" content="{API_VERSION}">']
    names = [one["name"] for one in told.get("projects", ())]
    lines += [f'<a href="/simple/{name}/">{name}</a>' for name in names]
    for one in told.get("files", ()):
        attributes = {"href": f"{one['url']}#sha256={one['hashes']['sha256']}"}
        for key in ("requires-python", "provenance"):
            if key in one:
                attributes[f"data-{key}"] = one[key]
        if "core-metadata" in one:
            attributes["data-core-metadata"] = f"sha256={one['core-metadata']['sha256']}"
        if one["yanked"]:
            attributes["data-yanked"] = one["yanked"]
        written = " ".join(f'{key}="{html.escape(text)}"' for key, text in attributes.items())
        lines.append(f"<a {written}>{html.escape(one['filename'])}</a><br>")
    return "<!DOCTYPE html>\n" + "\n".join(lines) + "\n"
