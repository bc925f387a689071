"""The registry: what it takes, what it refuses with which status, what it answers."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from velvet_packaging import attest, publish
from velvet_packaging.errors import BadSpec, NotAnArchive, UploadRefused
from velvet_packaging.forms import body_of, multipart
from velvet_packaging.publish import RawPublisher, send, upload_form
from velvet_packaging.registry import JSON, StrictRegistry
from velvet_packaging.samples import hostile
from velvet_packaging.samples.hostile import FILENAME, METADATA, contents, pack
from velvet_packaging.sdist import Sdist


def get(url: str, accept: str = "") -> tuple[int, bytes]:
    asked = urllib.request.Request(url, headers={"Accept": accept} if accept else {})
    try:
        with urllib.request.urlopen(asked, timeout=30) as got:
            return got.status, got.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def form_of(path: Path, **changes: str) -> dict[str, str]:
    return {**upload_form(path), **changes}


def test_an_upload_is_stored_whole_and_served_with_its_digest(
    registry: StrictRegistry, clean: Path
) -> None:
    assert RawPublisher().publish([clean], registry).status == 0

    page = json.loads(get(registry.simple_url + "velvet-demo/", JSON)[1])
    told = page["files"][0]
    assert told["hashes"]["sha256"] == hashlib.sha256(clean.read_bytes()).hexdigest()
    assert get(registry.url + told["url"]) == (200, clean.read_bytes())
    status, metadata = get(registry.url + told["url"] + ".metadata")
    assert (status, metadata) == (200, METADATA)
    assert told["core-metadata"]["sha256"] == hashlib.sha256(METADATA).hexdigest()
    assert json.loads(get(registry.simple_url, JSON)[1])["projects"] == [{"name": "velvet-demo"}]
    status, page = get(registry.simple_url + "velvet-demo/")
    html = page.decode()
    assert status == 200
    assert f"{FILENAME}#sha256=" in html
    assert "data-core-metadata" in html
    assert b"/simple/velvet-demo/" in get(registry.simple_url)[1]
    assert [one.name for one in registry.root.iterdir()] == [FILENAME]


def test_an_index_that_was_stopped_has_no_address(tmp_path: Path) -> None:
    with StrictRegistry(tmp_path) as stopped:
        assert get(stopped.simple_url)[0] == 200

    stopped.stop()
    with pytest.raises(AssertionError, match="start it first"):
        _ = stopped.url


def test_a_yanked_file_says_so_in_both_forms(registry: StrictRegistry, put: Any) -> None:
    metadata = METADATA + b"Requires-Python: >=3.10\n"
    RawPublisher().publish([put(pack(contents(metadata=metadata)))], registry)
    registry.yank(FILENAME, "broken")

    page = json.loads(get(registry.simple_url + "velvet-demo/", JSON)[1])
    assert page["files"][0]["yanked"] == "broken"
    assert page["files"][0]["requires-python"] == ">=3.10"
    html = get(registry.simple_url + "velvet-demo/")[1]
    assert b'data-yanked="broken"' in html
    assert b'data-requires-python="&gt;=3.10"' in html
    with pytest.raises(UploadRefused):
        registry.yank("absent-1.0-py3-none-any.whl")


def test_attestations_are_stored_and_served(registry: StrictRegistry, clean: Path) -> None:
    signer = attest.LocalSigner()
    envelope = signer.sign(clean)
    RawPublisher([envelope.as_json()]).publish([clean], registry)

    page = json.loads(get(registry.simple_url + "velvet-demo/", JSON)[1])
    status, provenance = get(registry.url + page["files"][0]["provenance"])
    assert status == 200
    told = json.loads(provenance)
    back = attest.Envelope.from_json(told["attestation_bundles"][0]["attestations"][0])
    assert attest.verify(clean, back, signer.public_key) == ""


@pytest.mark.parametrize("form", ["own", "index"])
def test_an_attestation_about_another_file_is_refused(
    registry: StrictRegistry, clean: Path, tmp_path: Path, form: str
) -> None:
    other = tmp_path / "other" / FILENAME
    other.parent.mkdir()
    other.write_bytes(pack({**contents(), "velvet_demo/more.py": b""}))
    told = attest.LocalSigner().sign(other).as_json()
    sent = told if form == "own" else {"envelope": {"statement": told["payload"]}}

    assert RawPublisher([sent]).publish([clean], registry).status == 400
    assert registry.files == {}


def test_a_file_stays_as_it_is_when_the_index_starts_again(
    registry: StrictRegistry, clean: Path, put: Callable[..., Path]
) -> None:
    RawPublisher().publish([clean], registry)
    before = clean.read_bytes()
    put(pack({**contents(), "velvet_demo/more.py": b""}))
    with StrictRegistry(registry.root) as again:
        told = RawPublisher().publish([clean], again)

    assert told.status == 400
    assert "already exists" in told.log
    assert (registry.root / FILENAME).read_bytes() == before


def test_a_project_is_found_under_every_spelling_of_its_name(
    registry: StrictRegistry, clean: Path
) -> None:
    RawPublisher().publish([clean], registry)

    assert json.loads(get(registry.simple_url + "Velvet_Demo/", JSON)[1])["name"] == "velvet-demo"


@pytest.mark.parametrize("path", ["simple/absent/", "files/absent.whl", "nothing", "files/../x"])
def test_what_is_not_there_is_404(registry: StrictRegistry, path: str) -> None:
    assert get(f"{registry.url}/{path}")[0] == 404


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"sha256_digest": "0" * 64}, "", "sha256_digest is not the digest"),
        ({"md5_digest": "0" * 32}, "", "md5_digest is not the digest"),
        ({"blake2_256_digest": "0" * 64}, "", "blake2_256_digest is not"),
        ({":action": "delete"}, "", "send :action"),
        ({"protocol_version": "2"}, "", "protocol_version=1"),
        ({"name": "other"}, "", "the form says other 1.0"),
        ({"version": "2.0"}, "", "the form says velvet-demo 2.0"),
        ({"attestations": "["}, "", "Expecting"),
        ({"attestations": "[" * 100_000}, "", "no list of attestations"),
        ({"attestations": "5"}, "", "no list of attestations"),
        ({"attestations": '[{"payload": "e30="}]'}, "", "no statement about a file"),
        ({}, "a" * 300 + ".whl", "not a plain file name"),
        ({}, "demo.exe", "only .whl and .tar.gz"),
        ({}, "../velvet_demo-1.0-py3-none-any.whl", "not a plain file name"),
        ({}, "a\\velvet_demo-1.0-py3-none-any.whl", "not a plain file name"),
        ({}, "other-1.0-py3-none-any.whl", "MET002"),
        ({}, "velvet_demo-1.0.tar.gz", "no readable .tar.gz"),
    ],
)  # fmt: skip
def test_a_bad_upload_is_refused_in_one_line_and_leaves_nothing(
    registry: StrictRegistry, clean: Path, changes: dict[str, str], name: str, said: str
) -> None:
    body = body_of(form_of(clean, **changes).items(), name or FILENAME, clean.read_bytes(), "b")
    form, filename, data = multipart("multipart/form-data; boundary=b", body)

    with pytest.raises((UploadRefused, ValueError), match=r".") as told:
        registry.accept(form, filename, data)
    assert said in str(told.value)
    assert list(registry.root.iterdir()) == []


def test_what_a_client_says_stays_on_one_line_of_the_answer(
    registry: StrictRegistry, clean: Path
) -> None:
    form = form_of(clean, version="1.0\r\nSet-Cookie: x\U0001f600")
    where = urlsplit(registry.upload_url)
    wire = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    token = base64.b64encode(f"__token__:{registry.token}".encode()).decode()
    wire.request(
        "POST",
        where.path,
        body_of(form.items(), FILENAME, clean.read_bytes(), "b"),
        {"Authorization": f"Basic {token}", "Content-Type": "multipart/form-data; boundary=b"},
    )
    answer = wire.getresponse()
    wire.close()

    assert answer.status == 400
    assert answer.reason.startswith("the form says velvet-demo 1.0 Set-Cookie: x?")
    assert answer.getheader("Set-Cookie") is None


def test_a_digest_must_be_there_and_a_hostile_wheel_is_refused(
    registry: StrictRegistry, put: Callable[..., Path]
) -> None:
    path = put(hostile.record_hash())
    status, said = send(registry.upload_url, registry.token, upload_form(path), path)
    assert (status, said.split()[0]) == (400, "REC005")
    form = upload_form(path)
    del form["sha256_digest"]
    assert send(registry.upload_url, registry.token, form, path)[0] == 400
    path.write_bytes(b"no archive")
    with pytest.raises(NotAnArchive):
        upload_form(path)
    assert send(registry.upload_url, registry.token, {**form, "sha256_digest": "0"}, path)[0] == 400


def test_files_never_change_and_skip_existing_is_asked_for(
    registry: StrictRegistry, clean: Path
) -> None:
    raw = RawPublisher()
    results = [raw.publish([clean], registry, skip_existing=skip) for skip in (False, False, True)]

    assert [one.status for one in results] == [0, 400, 0]
    assert "already exists" in results[1].log


def test_passwords_are_compared_and_never_optional(registry: StrictRegistry, clean: Path) -> None:
    form = upload_form(clean)
    assert send(registry.upload_url, "wrong", form, clean)[0] == 403
    assert send(registry.upload_url, "\u00e9", form, clean)[0] == 403
    where = urlsplit(registry.upload_url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    connection.request("POST", "/legacy/", b"")
    answer = connection.getresponse()
    assert answer.status == 401
    assert "Basic" in answer.headers["WWW-Authenticate"]
    connection.close()


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("text/plain", b"", "send multipart/form-data"),
        ("multipart/form-data", b"", "send multipart/form-data"),
        ("multipart/form-data; boundary=b", b"", "cut off"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n", "no name"),
        ("multipart/form-data; boundary=b",
         b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n', "0 files"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(kind: str, body: bytes, said: str) -> None:
    with pytest.raises(UploadRefused, match=said):
        multipart(kind, body)


def test_an_sdist_is_uploaded_with_its_own_metadata(
    registry: StrictRegistry, put_sdist: Callable[..., Path]
) -> None:
    members = {
        "demo-1.0/PKG-INFO": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        "demo-1.0/pyproject.toml": b"",
    }
    path = put_sdist(members)
    assert RawPublisher().publish([path], registry).status == 0
    assert upload_form(path)["filetype"] == "sdist"
    assert Sdist.open(registry.root / path.name).verify().ok
    assert publish.USER == "__token__"


def test_an_attestation_vouches_for_one_file_and_one_key(clean: Path, tmp_path: Path) -> None:
    signer, other = attest.LocalSigner(), attest.LocalSigner()
    envelope = signer.sign(clean)
    renamed = tmp_path / "renamed.whl"
    renamed.write_bytes(clean.read_bytes())

    assert attest.verify(clean, envelope, signer.public_key) == ""
    assert "key" in attest.verify(clean, envelope, other.public_key)
    assert "is about" in attest.verify(renamed, envelope, signer.public_key)
    for payload in (
        b"no statement",
        b'{"_type": "x", "subject": [{"name": "a", "digest": {"sha256": ""}}]}',
    ):
        signed = attest.Envelope(payload, signer._key.sign(attest.pae(payload)))
        assert "statement" in attest.verify(clean, signed, signer.public_key).lower()
    clean.write_bytes(clean.read_bytes() + b"\0")
    assert "digest differs" in attest.verify(clean, envelope, signer.public_key)


@pytest.mark.parametrize(
    "told",
    [{}, {"payloadType": "x"}, {"payloadType": attest.PAYLOAD_TYPE, "payload": "!"},
     {"payloadType": attest.PAYLOAD_TYPE, "payload": "", "signatures": []}],
)  # fmt: skip
def test_what_is_no_envelope_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(BadSpec):
        attest.Envelope.from_json(told)
