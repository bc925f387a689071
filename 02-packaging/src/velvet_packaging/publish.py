"""Publishing: twine, uv, and the protocol itself in one function.

An upload is one POST with the file, its digests and its metadata as form fields. `RawPublisher` is
that and nothing else. Passwords reach the programs through the environment alone: an argument is
visible to every process of the machine.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from velvet_packaging import programs
from velvet_packaging.errors import NotAnArchive
from velvet_packaging.forms import body_of
from velvet_packaging.sdist import Sdist
from velvet_packaging.wheel import Wheel

USER = "__token__"


class Registry(Protocol):
    """Where files can be sent to, and where installers ask."""

    token: str

    @property
    def upload_url(self) -> str:
        """Where files are sent to."""

    @property
    def simple_url(self) -> str:
        """Where installers ask."""


@dataclass(frozen=True)
class PublishResult:
    """How an upload ended.

    Attributes:
        status: 0 for success; the program's exit code, or the first refusing HTTP status.
    """

    status: int
    seconds: float
    log: str


class Publisher(Protocol):
    """What sends files."""

    name: str

    def publish(
        self, files: Sequence[Path], registry: Registry, *, skip_existing: bool = False
    ) -> PublishResult:
        """Send files in their order."""


def _told(ran: programs.Ran, registry: Registry) -> PublishResult:
    return PublishResult(ran.rc, ran.wall_s, ran.text.replace(registry.token, "[token]"))


class TwinePublisher:
    """twine upload."""

    name = "twine"

    def publish(
        self, files: Sequence[Path], registry: Registry, *, skip_existing: bool = False
    ) -> PublishResult:
        """Send files with twine; see `Publisher`."""
        env = programs.clean_env({"TWINE_USERNAME": USER, "TWINE_PASSWORD": registry.token})
        words = ("--non-interactive", "--disable-progress-bar", "--repository-url")
        argv: list[str | Path] = [sys.executable, "-m", "twine", "upload", *words]
        argv += [registry.upload_url, *(["--skip-existing"] if skip_existing else []), *files]
        return _told(programs.run(argv, env=env), registry)


class UvPublisher:
    """uv publish; an existing file is found through the simple API before it is sent."""

    name = "uv"

    def publish(
        self, files: Sequence[Path], registry: Registry, *, skip_existing: bool = False
    ) -> PublishResult:
        """Send files with uv; see `Publisher`."""
        extra = {"UV_PUBLISH_USERNAME": USER, "UV_PUBLISH_PASSWORD": registry.token}
        argv: list[str | Path] = [programs.find("uv"), "publish", "--no-attestations"]
        argv += ["--trusted-publishing", "never", "--publish-url", registry.upload_url]
        argv += ["--check-url", registry.simple_url] if skip_existing else []
        return _told(programs.run([*argv, *files], env=programs.clean_env(extra)), registry)


class RawPublisher:
    """The protocol over `http.client`.

    Args:
        attestations: sent with every file (PEP 740).
    """

    name = "raw"

    def __init__(self, attestations: Sequence[Any] = ()) -> None:
        self.attestations = attestations

    def publish(
        self, files: Sequence[Path], registry: Registry, *, skip_existing: bool = False
    ) -> PublishResult:
        """Send files, each in one request; stops at the first refusal."""
        begun, log = time.perf_counter(), []
        for path in files:
            form = upload_form(path, self.attestations)
            status, reason = send(registry.upload_url, registry.token, form, path)
            log.append(f"{path.name}: {status} {reason}")
            if status != 200 and not (skip_existing and "already exists" in reason):
                return PublishResult(status, time.perf_counter() - begun, "\n".join(log))
        return PublishResult(0, time.perf_counter() - begun, "\n".join(log))


def upload_form(path: Path, attestations: Sequence[Any] = ()) -> dict[str, str]:
    """Return the fields that describe a file: digests and core metadata.

    Raises:
        NotAnArchive: it has no readable metadata.
    """
    data = path.read_bytes()
    is_wheel = path.suffix == ".whl"
    told = Wheel.open(path).metadata if is_wheel else Sdist.open(path).pkg_info
    if told is None or not {"name", "version"} <= told.parsed.keys():
        raise NotAnArchive(f"{path.name} has no name and version in its metadata")
    form = {
        ":action": "file_upload",
        "protocol_version": "1",
        "filetype": "bdist_wheel" if is_wheel else "sdist",
        "pyversion": "py3" if is_wheel else "source",
        "metadata_version": told.version,
        "name": told.parsed["name"],
        "version": told.parsed["version"],
        "md5_digest": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha256_digest": hashlib.sha256(data).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(data, digest_size=32).hexdigest(),
    }
    return form | ({"attestations": json.dumps(list(attestations))} if attestations else {})


def send(url: str, token: str, form: dict[str, str], path: Path) -> tuple[int, str]:
    """POST one file; returns the HTTP status and the one line that the index says."""
    boundary = secrets.token_hex(16)
    body = body_of(form.items(), path.name, path.read_bytes(), boundary)
    credentials = base64.b64encode(f"{USER}:{token}".encode()).decode()
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    try:
        headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "User-Agent": "velvet-raw/1",
        }
        connection.request("POST", where.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace").strip()[:200]
    finally:
        connection.close()


PUBLISHERS: dict[str, Publisher] = {
    one.name: one for one in (TwinePublisher(), UvPublisher(), RawPublisher())
}
