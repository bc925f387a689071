"""pysaml2: a whole SAML stack that calls the program xmlsec1 for each signature."""

from __future__ import annotations

import gc
import logging
import shutil
import warnings
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from saml2 import BINDING_HTTP_POST, SAMLError
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.s_utils import BadRequest

from velvet_auth.saml import DS, IdpMeta

PACKAGE = "pysaml2"
PROGRAM = "xmlsec1"
logging.getLogger("saml2").setLevel(logging.CRITICAL)  # it logs whole responses


def identity(idp: IdpMeta, entity_id: str, acs: str, document: str, request_id: str) -> str:
    """Return the name in a response to a request.

    Raises:
        ValueError: the response is refused.
        OSError: the program xmlsec1 is not here.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        name, reason = _read(idp, entity_id, acs, document, request_id)
        gc.collect()  # it leaves open temporary files in cycles
    if reason:
        raise ValueError(reason)
    return name


def _read(
    idp: IdpMeta, entity_id: str, acs: str, document: str, request_id: str
) -> tuple[str, str]:
    """Return the name, or why it was refused; an exception would keep the files open."""
    try:
        read = _client(idp, entity_id, acs).parse_authn_request_response(
            document, BINDING_HTTP_POST, {request_id: "/"}
        )
        return ("", "refused") if read is None else (str(read.get_subject().text), "")
    except (SAMLError, BadRequest, AssertionError, AttributeError, IndexError) as error:
        return "", type(error).__name__


@lru_cache(maxsize=4)
def _client(idp: IdpMeta, entity_id: str, acs: str) -> Any:
    program = shutil.which(PROGRAM)
    if program is None:
        raise OSError("xmlsec1 is not installed (apt install xmlsec1)")
    config = SPConfig()
    config.load(
        {
            "entityid": entity_id,
            "xmlsec_binary": program,
            "metadata": {"inline": [_metadata(idp)]},
            "service": {
                "sp": {
                    "endpoints": {"assertion_consumer_service": [(acs, BINDING_HTTP_POST)]},
                    "want_response_signed": False,
                    "want_assertions_signed": False,
                    "want_assertions_or_response_signed": True,
                    "allow_unsolicited": False,
                }
            },
        }
    )
    return Saml2Client(config)


def _metadata(idp: IdpMeta) -> str:
    body = "".join(idp.certificate.splitlines()[1:-1])
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f' entityID="{escape(idp.entity_id)}"><md:IDPSSODescriptor'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data>'
        f"<ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        '</md:KeyDescriptor><md:SingleSignOnService Location="'
        f'{escape(idp.sso_url)}" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )
