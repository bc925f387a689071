"""A service provider of lxml and signxml with their defaults, reading what signxml returns."""

from __future__ import annotations

import base64
import re
from typing import Any

from lxml import etree
from signxml.verifier import XMLVerifier

from velvet_auth.saml import SAML, text
from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_saml import BOMB_CHARACTERS, TopicScene


def default(scene: TopicScene) -> Send:
    """Verify with the pinned certificate and read the first name of the signed element."""

    def acs(response: str) -> str:
        root = etree.fromstring(base64.b64decode(response))
        found = XMLVerifier().verify(root, x509_cert=scene.idp.certificate, id_attribute="ID")
        assert not isinstance(found, list)
        signed: Any = found.signed_xml
        return scene.secret_of(text(signed.find(f".//{{{SAML}}}NameID")))

    return acs


def saml_xxe(scene: TopicScene) -> Send:
    """Parse with lxml's defaults, and quote the name in an error message."""

    def acs(response: str) -> str:
        root = etree.fromstring(base64.b64decode(response))
        if re.search("Signature", etree.tostring(root).decode()):
            return str(default(scene)(response))
        return f"unknown user {text(root.find(f'.//{{{SAML}}}NameID'))}"

    return acs


def saml_entity_bomb(scene: TopicScene) -> Send:
    """The same, judged by length."""
    scene.goal = lambda loot: len(str(loot)) >= BOMB_CHARACTERS
    return saml_xxe(scene)
