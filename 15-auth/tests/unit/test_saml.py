"""The service provider: what it accepts, and what it refuses quickly."""

from __future__ import annotations

import base64
import importlib.util
import shutil
import time
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from velvet_auth import contenders
from velvet_auth.database import Database
from velvet_auth.errors import SamlError
from velvet_auth.saml import MAX_RESPONSE, NAMES, PENDING, ServiceProvider, parse
from velvet_auth.samples import lab
from velvet_auth.samples.idp import MiniIdp, encoded
from velvet_auth.samples.lab import Clock

SP, ACS = "https://shop.example", "https://shop.example/acs"


class Stage:
    def __init__(self, db: Database, clock: Clock) -> None:
        self.idp = MiniIdp(clock=clock)
        self.sp = ServiceProvider(SP, ACS, self.idp.meta, db, clock=clock)

    def response(self, **options: Any) -> bytes:
        return self.idp.respond("alice", "_r", **{"acs": ACS, "audience": SP, **options})

    def consume(self, document: bytes | str) -> Any:
        form = document if isinstance(document, str) else encoded(document)
        return self.sp.consume(form, {PENDING: "_r"})

    def refusal(self, document: bytes | str) -> str:
        with pytest.raises(SamlError) as caught:
            self.consume(document)
        return caught.value.code


@pytest.fixture
def stage(db: Database, clock: Clock) -> Stage:
    return Stage(db, clock)


@pytest.mark.parametrize("sign", ["assertion", "response"])
def test_a_signed_response_names_the_user(stage: Stage, sign: str) -> None:
    identity = stage.consume(stage.response(sign=sign))

    assert identity.name_id == "alice"


def test_a_login_begins_with_a_request_that_the_session_remembers(stage: Stage) -> None:
    session: dict[str, Any] = {}

    query = parse_qs(urlsplit(stage.sp.begin(session, "/cart")).query)

    sent = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15)
    assert etree.fromstring(sent).get("ID") == session[PENDING]
    assert query["RelayState"] == ["/cart"]


def edited(document: bytes, change: Callable[[Any], Any]) -> bytes:
    root = etree.fromstring(document)
    change(root)
    return bytes(etree.tostring(root))


def fail_status(root: Any) -> None:
    root.find("samlp:Status/samlp:StatusCode", NAMES).set("Value", "urn:x:Responder")


def test_what_a_provider_refuses(stage: Stage, clock: Clock) -> None:
    good = stage.response()
    assert stage.refusal(stage.response(issuer="https://other.example")) == "issuer"
    assert stage.refusal(stage.response(sign="")) == "signature"
    assert stage.refusal(edited(good, fail_status)) == "assertion"
    assert stage.refusal(edited(good, lambda root: root.set("Destination", "x"))) == "destination"
    assert stage.refusal(good.replace(b"alice", b"admin")) == "signature"
    assert stage.refusal(stage.response(lifetime=-61)) == "time"
    assert stage.refusal(good.replace(b"samlp:Response", b"samlp:Other")) == "assertion"
    two = edited(good, lambda root: root.append(etree.fromstring(etree.tostring(root[-1]))))
    assert stage.refusal(two) == "assertion"
    moved = edited(good, lambda root: root[1].append(root[-1]))
    assert stage.refusal(moved) == "assertion"
    clock.ahead(-91)
    assert stage.refusal(good) == "time"
    clock.ahead(91 + 359)
    stage.consume(good)


@pytest.mark.parametrize(
    "change",
    [
        (b'Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"', b'Method="urn:x"'),
        (b">alice<", b"> <"),
        (b"NotOnOrAfter=", b"Never="),
    ],
)
def test_an_assertion_without_what_it_needs(stage: Stage, change: tuple[bytes, bytes]) -> None:
    unsigned = stage.response(sign="").replace(*change)
    stage.sp.signed = lambda root: root  # type: ignore[method-assign]

    assert stage.refusal(unsigned) in ("assertion", "time")


@pytest.mark.parametrize(
    "moment",
    ["yesterday", "2026-01-01T00:00:00", "2026-01-01T02:00:00+02:00", "2026-13-01T00:00:00Z"],
)
def test_a_time_that_is_none(stage: Stage, moment: str) -> None:
    document = etree.fromstring(stage.response(sign=""))
    document.find(".//saml:Conditions", NAMES).set("NotOnOrAfter", moment)
    stage.sp.signed = lambda root: root  # type: ignore[method-assign]

    assert stage.refusal(bytes(etree.tostring(document))) == "time"


def test_something_else_that_is_signed_is_refused(stage: Stage) -> None:
    stage.sp.signed = lambda root: root[0]  # type: ignore[method-assign]

    assert stage.refusal(stage.response()) == "signature"


def test_weak_signatures_are_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from signxml import signer

    monkeypatch.setattr(signer.XMLSigner, "check_deprecated_methods", lambda _self: None)
    sign = stage.idp.sign
    for weak in (
        {"signature_algorithm": SignatureMethod.RSA_SHA512},
        {"digest_algorithm": DigestAlgorithm.SHA224},
        {
            "signature_algorithm": SignatureMethod.RSA_SHA1,
            "digest_algorithm": DigestAlgorithm.SHA1,
        },
    ):
        stage.idp.sign = lambda root, name, weak=weak: sign(root, name, **weak)  # type: ignore[method-assign]
        assert stage.refusal(stage.response()) == "signature"


def test_a_signature_by_hmac_with_the_public_certificate_is_refused(stage: Stage) -> None:
    def sign(root: Any, name: str) -> Any:
        signer = XMLSigner(signature_algorithm=SignatureMethod.HMAC_SHA256)
        key = stage.idp.certificate.encode()
        return signer.sign(root, key=key, reference_uri=f"#{name}", id_attribute="ID")

    stage.idp.sign = sign  # type: ignore[method-assign]

    assert stage.refusal(stage.response()) == "signature"


@pytest.mark.parametrize("fraction", ["", ".5", ".123", ".1234567"])
def test_a_time_may_have_a_fraction_of_any_length(stage: Stage, fraction: str) -> None:
    document = stage.response(sign="").replace(b'Z"', fraction.encode() + b'Z"')
    stage.sp.signed = lambda root: root  # type: ignore[method-assign]

    assert stage.consume(document).name_id == "alice"


DTD = b'<!DOCTYPE r [<!ENTITY a "b">]>'
HURTFUL = [
    "no base64!",
    "x" * 300_000,
    base64.b64encode(zlib.compress(b"<a/>" * 99)).decode(),
    b"",
    b"<a>",
    b"<a/><b/>",
    DTD + b"<r/>",
    b'<?xml version="1.0"?>' + DTD + b"<r>&a;</r>",
    (DTD + b"<r/>").decode().encode("utf-16"),
    b'<?xml version="1.0" encoding="UTF-7"?>'
    + (DTD + b"<r>&a;</r>").replace(b"<", b"+ADw-").replace(b"!", b"+ACE-"),
    b"<a " + b" ".join(b'b%d=""' % n for n in range(100_000)) + b"/>",
    b"<a>" * 10_000 + b"</a>" * 10_000,
    b"<a>" * 65 + b"</a>" * 65,
    b"x" * 140_000,
]
# The largest documents that are parsed at all, so what they cost bounds every other one.
LARGEST = [
    b"<a " + b" ".join(b'b%d=""' % n for n in range(12_000)) + b"/>",
    b"<a>" + b"<b/>" * 32_000 + b"</a>",
    b"<a>" * 250 + b"</a>" * 250,
]


@pytest.mark.parametrize("document", HURTFUL)
def test_a_document_that_is_made_to_hurt(stage: Stage, document: bytes | str) -> None:
    assert stage.refusal(document) == "malformed"


@pytest.mark.parametrize("document", LARGEST)
def test_the_largest_documents_cost_no_more_than_a_hundred_logins(
    stage: Stage, document: bytes
) -> None:
    def spent(call: Callable[[], object]) -> float:
        begun = time.process_time()
        call()
        return time.process_time() - begun

    # A login costs 2 ms, so this is 200 ms; CPU time, and a ratio, because machines differ.
    login = min(spent(lambda: stage.consume(stage.response())) for _ in range(5))
    refused = min(spent(lambda: stage.refusal(document)) for _ in range(3))

    assert len(document) < MAX_RESPONSE
    assert refused < 100 * login


def test_hurtful_documents_hold_no_memory(stage: Stage) -> None:
    process = psutil.Process()
    for document in (*HURTFUL, *LARGEST):
        stage.refusal(document)
    before = process.memory_info().rss

    for document in (*HURTFUL, *LARGEST) * 5:
        stage.refusal(document)

    assert process.memory_info().rss - before < 30 * 2**20


def test_a_document_of_the_largest_depth_is_read() -> None:
    assert parse(b"<a>" * 64 + b"</a>" * 64).tag == "a"


def test_a_document_of_the_largest_size_is_read_and_no_larger_one() -> None:
    largest = b"<a>%s</a>" % (b" " * (MAX_RESPONSE - len(b"<a></a>")))

    assert parse(largest).tag == "a"
    with pytest.raises(SamlError, match=f"more than {MAX_RESPONSE} bytes"):
        parse(largest + b" ")


def provider(name: str) -> Any:
    package = {"python3saml": "onelogin", "pysaml2": "saml2"}.get(name, name)
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{name} is not installed (pip install -r requirements-peers.txt)")
    try:
        module = contenders.load("saml", name)
    except ImportError as error:
        pytest.skip(f"{name} cannot be imported: {error}")
    if module.PROGRAM and not shutil.which(module.PROGRAM):
        pytest.skip(f"{module.PROGRAM} is not installed (apt install {module.PROGRAM})")
    return module


@pytest.mark.parametrize("name", contenders.names("saml"))
def test_other_libraries_read_our_identity_provider_and_refuse_every_wrapping(name: str) -> None:
    module = provider(name)
    idp = MiniIdp()

    def read(document: Any) -> str:
        return str(module.identity(idp.meta, SP, ACS, encoded(document), "_r"))

    good = idp.respond("alice", "_r", acs=ACS, audience=SP)
    assert read(good) == "alice"
    lab.load_attacks()
    from velvet_auth.samples.lab.attacks_saml import wrapped

    for number in (1, 3):
        sign = "response" if number == 1 else "assertion"
        forged = wrapped(number, idp.respond("alice", "_r", acs=ACS, audience=SP, sign=sign))
        try:
            assert read(forged) == "alice", "never what was forged"
        except ValueError:
            continue


@pytest.mark.parametrize(("subject", "name"), [("saml", "no"), ("no", "x")])
def test_an_unknown_contender(subject: str, name: str) -> None:
    with pytest.raises(ValueError, match="choose one of"):
        contenders.load(subject, name)
