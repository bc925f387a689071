"""VULNERABLE ON PURPOSE: service providers that verify one element and read another."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from velvet_auth.errors import SamlError
from velvet_auth.saml import DS, NAMES, SAML, decoded, text
from velvet_auth.samples.lab import Send, demonstration_only
from velvet_auth.samples.lab.attacks_saml import BOMB_CHARACTERS, TopicScene, drop_signatures

demonstration_only()


def _signed_somewhere(root: Any, pem: str, *, own_key: bool = False) -> None:
    """Check that some signature in the document fits the element whose ID it names."""
    signature = root.find(f".//{{{DS}}}Signature")
    if signature is None:
        raise SamlError("signature")
    if own_key:
        inside = text(signature.find(".//ds:X509Certificate", NAMES))
        pem = f"-----BEGIN CERTIFICATE-----\n{inside}\n-----END CERTIFICATE-----\n"
    info = signature.find("ds:SignedInfo", NAMES)
    key: Any = x509.load_pem_x509_certificate(pem.encode()).public_key()
    value = base64.b64decode(text(signature.find("ds:SignatureValue", NAMES)))
    key.verify(value, _canonical(info), padding.PKCS1v15(), hashes.SHA256())
    name = info.find("ds:Reference", NAMES).get("URI")[1:]
    found, *_ = (one for one in root.iter() if one.get("ID") == name)
    plain = drop_signatures(copy.deepcopy(found))
    wanted = base64.b64decode(text(info.find(".//ds:DigestValue", NAMES)))
    if hashlib.sha256(_canonical(plain)).digest() != wanted:
        raise SamlError("signature")


def _canonical(element: Any) -> bytes:
    return bytes(
        etree.tostring(element, method="c14n", exclusive=True, with_tail=False, with_comments=False)
    )


Reader = Callable[[Any], str]


def _first(root: Any) -> str:
    """Read the first name in the document, wherever it stands."""
    return root.find(f".//{{{SAML}}}NameID").text or ""


def _direct(root: Any) -> str:
    """Read the name of the first assertion that is directly in the response."""
    return root.find("saml:Assertion/saml:Subject/saml:NameID", NAMES).text or ""


def _provider(scene: TopicScene, read: Reader = _first, *, own_key: bool = False) -> Send:
    def acs(response: str) -> str:
        root = etree.fromstring(decoded(response))
        _signed_somewhere(root, scene.idp.certificate, own_key=own_key)
        return scene.secret_of(read(root))

    return acs


def default(scene: TopicScene) -> Send:
    """A signature is valid, so the document is."""
    return _provider(scene)


def saml_wrapping(scene: TopicScene) -> Send:
    return _provider(scene, _direct)


def saml_wrapping_anywhere(scene: TopicScene) -> Send:
    return _provider(scene, _first)


def saml_unsigned(scene: TopicScene) -> Send:
    def acs(response: str) -> str:
        root = etree.fromstring(decoded(response))
        if root.find(f".//{{{DS}}}Signature") is not None:  # "if there is one, it has to be right"
            _signed_somewhere(root, scene.idp.certificate)
        return scene.secret_of(_first(root))

    return acs


def saml_foreign_key(scene: TopicScene) -> Send:
    return _provider(scene, own_key=True)


def _careless(scene: TopicScene, parser: Callable[[], Any]) -> Send:
    def acs(response: str) -> str:
        root = etree.fromstring(decoded(response), parser())
        if root.find(f".//{{{DS}}}Signature") is None:
            return f"unknown user {text(root.find(f'.//{{{SAML}}}NameID'))}"
        _signed_somewhere(root, scene.idp.certificate)
        return scene.secret_of(_first(root))

    return acs


def saml_xxe(scene: TopicScene) -> Send:
    return _careless(scene, lambda: etree.XMLParser(resolve_entities=True, load_dtd=True))


def saml_entity_bomb(scene: TopicScene) -> Send:
    scene.goal = lambda loot: len(str(loot)) >= BOMB_CHARACTERS
    return _careless(scene, lambda: etree.XMLParser(resolve_entities=True, huge_tree=True))
