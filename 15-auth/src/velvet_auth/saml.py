"""A SAML 2.0 service provider that reads nothing but what was signed.

A valid signature does not say *what* was signed. Signature wrapping moves the signed assertion to
where the verifier still finds it and puts a forged one where the application reads. So here one
parse is made, exactly one assertion may exist, signxml checks it against the pinned certificate, and
the identity comes from the element that signxml returns (SAML core 5, profiles 4.1.4).
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from velvet_auth.database import Database
from velvet_auth.errors import SamlError

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NAMES = {"saml": SAML, "samlp": SAMLP, "ds": DS}
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
MAX_RESPONSE = 128 * 1024
MAX_DEPTH = 64
SKEW_S = 60.0
INSTANT = re.compile(r"([0-9-]{10}T[0-9:]{8})(?:[.][0-9]+)?Z")  # SAML core 1.3.3
PENDING = "saml"
METHODS = frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.ECDSA_SHA256})
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA512})
SCHEMA = "CREATE TABLE IF NOT EXISTS saml_seen (id TEXT PRIMARY KEY, until REAL NOT NULL);"
Element = Any
logging.getLogger("signxml").setLevel(logging.WARNING)  # at DEBUG it logs whole assertions


@dataclass(frozen=True)
class IdpMeta:
    """What is pinned about an identity provider: its name, its address, its certificate (PEM)."""

    entity_id: str
    sso_url: str
    certificate: str = field(repr=False)


@dataclass(frozen=True)
class Identity:
    """A user as the identity provider named it."""

    issuer: str
    name_id: str


def parse(data: bytes) -> Element:
    """Return the root of a document without DTD and entities, of bounded size and depth.

    Raises:
        SamlError: code `malformed`.
    """
    if len(data) > MAX_RESPONSE:
        raise SamlError("malformed", f"more than {MAX_RESPONSE} bytes")
    if b"<!" in data.replace(b"\0", b"").replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        raise SamlError("malformed", "a document type declaration")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise SamlError("malformed", "no well-formed XML") from None
    if root.getroottree().docinfo.doctype:  # written in an encoding that the search cannot read
        raise SamlError("malformed", "a document type declaration")
    depth = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise SamlError("malformed", f"deeper than {MAX_DEPTH} elements")
    return root


def decoded(response: str) -> bytes:
    """Return the XML of the form field `SAMLResponse`."""
    if len(response) > 2 * MAX_RESPONSE:
        raise SamlError("malformed", "the form field is too long")
    try:
        return base64.b64decode("".join(response.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SamlError("malformed", "no base64") from None


def text(element: Element | None) -> str:
    """Return all text of an element; a comment inside cuts nothing off (CVE-2018-0489)."""
    return "" if element is None else "".join(element.itertext(with_tail=False)).strip()


def signed_part(root: Element, certificate: str) -> Element:
    """Return the element that the pinned key signed: the response, or its one assertion.

    Raises:
        SamlError: code `signature`.
    """
    place = "./"
    if root.find("ds:Signature", NAMES) is None:
        place = f"./{{{SAML}}}Assertion/"
    config = SignatureConfiguration(
        location=place,
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        expect_references=1,
        ignore_ambiguous_key_info=True,
    )
    try:
        found = XMLVerifier().verify(
            root, x509_cert=certificate, id_attribute="ID", expect_config=config
        )
    except (SignXMLException, ValueError, etree.LxmlError) as error:
        raise SamlError("signature", f"not by the pinned key: {type(error).__name__}") from None
    assert not isinstance(found, list)
    return found.signed_xml


class ServiceProvider:
    """One service at one identity provider; assertions are accepted once, from SQLite.

    Args:
        entity_id: this service's name, the audience.
        acs: the address to which the browser posts the response.
    """

    def __init__(
        self,
        entity_id: str,
        acs: str,
        idp: IdpMeta,
        database: Database,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.entity_id, self.acs, self.idp = entity_id, acs, idp
        self._db, self._clock = database, clock
        database.define(SCHEMA)

    def begin(self, session: dict[str, Any], relay: str = "") -> str:
        """Return the address that starts a login, and keep the request's id in the session."""
        name = "_" + secrets.token_hex(16)
        session[PENDING] = name
        moment = datetime.fromtimestamp(self._clock(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        request = (
            f'<samlp:AuthnRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{name}"'
            f' Version="2.0" IssueInstant="{moment}" AssertionConsumerServiceURL='
            f"{quoteattr(self.acs)}><saml:Issuer>{escape(self.entity_id)}</saml:Issuer>"
            "</samlp:AuthnRequest>"
        )
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(request.encode("utf-8")) + packer.flush()
        query = {"SAMLRequest": base64.b64encode(packed).decode("ascii"), "RelayState": relay}
        return f"{self.idp.sso_url}?{urlencode(query)}"

    def consume(self, response: str, session: dict[str, Any]) -> Identity:
        """Return the identity of a response to the request of this session.

        Raises:
            SamlError: with the code of the first rule that refuses it.
        """
        root = parse(decoded(response))
        self.check_one_assertion(root)
        signed = self.signed(root)
        assertion = self.assertion_of(signed)
        self.check_response(root)
        self.check_issuer(assertion)
        confirmation = assertion.find(
            f"saml:Subject/saml:SubjectConfirmation[@Method='{BEARER}']"
            "/saml:SubjectConfirmationData",
            NAMES,
        )
        if confirmation is None:
            raise SamlError("assertion", "no bearer confirmation")
        self.check_recipient(confirmation)
        self.check_in_response_to(confirmation, session.get(PENDING))
        self.check_audience(assertion)
        until = self.check_times(assertion, confirmation)
        name_id = text(assertion.find("saml:Subject/saml:NameID", NAMES))
        if not name_id:
            raise SamlError("assertion", "no name")
        self.check_once(str(assertion.get("ID")), until)
        session.pop(PENDING, None)
        return Identity(self.idp.entity_id, name_id)

    def signed(self, root: Element) -> Element:
        """Return what the pinned certificate signed."""
        return signed_part(root, self.idp.certificate)

    def check_one_assertion(self, root: Element) -> None:
        """One response, one assertion, directly in it: no room for a second reading."""
        found = root.findall(f".//{{{SAML}}}Assertion")
        nested = root.findall(f".//{{{SAMLP}}}Response")
        if root.tag != f"{{{SAMLP}}}Response" or nested or len(found) != 1:
            raise SamlError("assertion", "not one response with one assertion")
        if found[0].getparent() is not root:
            raise SamlError("assertion", "the assertion is not directly in the response")

    def assertion_of(self, signed: Element) -> Element:
        """Return the assertion inside of what was signed."""
        if signed.tag == f"{{{SAML}}}Assertion":
            return signed
        found = signed.findall("saml:Assertion", NAMES)
        if signed.tag != f"{{{SAMLP}}}Response" or len(found) != 1:
            raise SamlError("signature", "something else was signed")
        return found[0]

    def check_response(self, root: Element) -> None:
        """SAML profiles 4.1.4: success, and our address; unsigned values here can only refuse."""
        code = root.find("samlp:Status/samlp:StatusCode", NAMES)
        if code is None or code.get("Value") != SUCCESS:
            raise SamlError("assertion", "the identity provider reports no success")
        if root.get("Destination", self.acs) != self.acs:
            raise SamlError("destination", "sent to another address")

    def check_issuer(self, assertion: Element) -> None:
        """The pinned identity provider made it."""
        if text(assertion.find("saml:Issuer", NAMES)) != self.idp.entity_id:
            raise SamlError("issuer", "from another identity provider")

    def check_recipient(self, confirmation: Element) -> None:
        """SAML profiles 4.1.4: the bearer may show it at our address only."""
        if confirmation.get("Recipient") != self.acs:
            raise SamlError("recipient", "for another address")

    def check_in_response_to(self, confirmation: Element, pending: object) -> None:
        """It answers the request that this browser made; unsolicited ones are refused."""
        if not pending or confirmation.get("InResponseTo") != pending:
            raise SamlError("in_response_to", "no request of this browser")

    def check_audience(self, assertion: Element) -> None:
        """SAML core 2.5.1: made for this service."""
        path = "saml:Conditions/saml:AudienceRestriction/saml:Audience"
        if self.entity_id not in [text(one) for one in assertion.findall(path, NAMES)]:
            raise SamlError("audience", "made for another service")

    def check_times(self, assertion: Element, confirmation: Element) -> float:
        """Valid now, with 60 seconds for clocks that differ; return until when."""
        conditions = assertion.find("saml:Conditions", NAMES)
        now = self._clock()
        ends = [confirmation.get("NotOnOrAfter")]
        if conditions is not None:
            ends.append(conditions.get("NotOnOrAfter"))
            begins = conditions.get("NotBefore")
            if begins and now < _moment(begins) - SKEW_S:
                raise SamlError("time", "not valid yet")
        until = min((_moment(end) for end in ends if end), default=0.0) + SKEW_S
        if now >= until:
            raise SamlError("time", "no longer valid")
        return until

    def check_once(self, name: str, until: float) -> None:
        """SAML profiles 4.1.4: an assertion is accepted once; the row count decides."""
        self._db.change("DELETE FROM saml_seen WHERE until < ?", (self._clock(),))
        if not self._db.change("INSERT OR IGNORE INTO saml_seen VALUES (?, ?)", (name, until)):
            raise SamlError("replay", "this assertion was used")


def _moment(stated: str) -> float:
    found = INSTANT.fullmatch(stated)  # Python 3.10 reads a fraction of three or six digits alone
    try:
        return datetime.fromisoformat(f"{found[1]}+00:00" if found else "").timestamp()
    except ValueError:
        raise SamlError("time", "no time in UTC") from None
