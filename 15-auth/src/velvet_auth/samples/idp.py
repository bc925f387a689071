"""A small identity provider that signs what a test asks for, the response or its assertion."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from velvet_auth.saml import BEARER, DS, SAML, SAMLP, SUCCESS, IdpMeta

ENTITY = "https://idp.example/metadata"
YEARS = 365 * 10


@lru_cache(maxsize=4)
def certified(name: str) -> tuple[Any, str]:
    """Return an RSA key and its self-signed certificate in PEM, made once per process."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=YEARS))
        .sign(key, hashes.SHA256())
    )
    return key, made.public_bytes(serialization.Encoding.PEM).decode("ascii")


def instant(seconds: float) -> str:
    """Return a time as SAML writes it."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class MiniIdp:
    """Signs one user's assertion; each argument of `respond` can be made wrong by a test."""

    def __init__(
        self, name: str = "idp.example", *, clock: Callable[[], float] = time.time
    ) -> None:
        self.key, self.certificate = certified(name)
        self.meta = IdpMeta(ENTITY, "https://idp.example/sso", self.certificate)
        self._clock = clock

    def respond(
        self,
        name_id: str,
        request_id: str,
        *,
        acs: str,
        audience: str,
        sign: str = "assertion",
        issuer: str = ENTITY,
        lifetime: float = 300,
    ) -> bytes:
        """Return a response; `sign` is `assertion`, `response` or empty."""
        now = self._clock()
        place = '<ds:Signature xmlns:ds="{}" Id="placeholder"/>'.format(DS)  # noqa: UP032
        names = ["_" + secrets.token_hex(16) for _ in range(2)]
        ends, begins = instant(now + lifetime), instant(now - 30)
        made = f"""<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{names[0]}"
 Version="2.0" IssueInstant="{instant(now)}" Destination="{acs}" InResponseTo="{request_id}">
<saml:Issuer>{issuer}</saml:Issuer>{place if sign == "response" else ""}
<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>
<saml:Assertion ID="{names[1]}" Version="2.0" IssueInstant="{instant(now)}">
<saml:Issuer>{issuer}</saml:Issuer>{place if sign == "assertion" else ""}
<saml:Subject><saml:NameID>{escape(name_id)}</saml:NameID>
<saml:SubjectConfirmation Method="{BEARER}"><saml:SubjectConfirmationData Recipient="{acs}"
 InResponseTo="{request_id}" NotOnOrAfter="{ends}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{begins}" NotOnOrAfter="{ends}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{instant(now)}"><saml:AuthnContext><saml:AuthnContextClassRef
>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>
</saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="mail"><saml:AttributeValue
>{escape(name_id)}@shop.example</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>
</saml:Assertion></samlp:Response>"""
        root = etree.fromstring(made.encode("utf-8"))
        if sign:
            target = names[0] if sign == "response" else names[1]
            root = self.sign(root, target)
        return bytes(etree.tostring(root))

    def sign(self, root: Any, name: str, **options: Any) -> Any:
        """Return the document with the element of that ID signed in its placeholder."""
        signer = XMLSigner(
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0, **options
        )
        return signer.sign(
            root, key=self.key, cert=self.certificate, reference_uri=f"#{name}", id_attribute="ID"
        )


def encoded(document: Any) -> str:
    """Return a document as the form field `SAMLResponse`."""
    data = document if isinstance(document, bytes) else etree.tostring(document)
    return base64.b64encode(data).decode("ascii")
