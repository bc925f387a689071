"""python3-saml: a toolkit over xmlsec, strict and with the same settings."""

from __future__ import annotations

import warnings
from urllib.parse import urlsplit

from onelogin.saml2 import errors, response
from onelogin.saml2 import settings as saml_settings

from velvet_auth.saml import IdpMeta

PACKAGE = "python3-saml"
PROGRAM = ""


def identity(idp: IdpMeta, entity_id: str, acs: str, document: str, request_id: str) -> str:
    """Return the name in a response to a request; ValueError where it is refused."""
    settings = saml_settings.OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {"entityId": entity_id, "assertionConsumerService": {"url": acs}},
            "idp": {
                "entityId": idp.entity_id,
                "singleSignOnService": {"url": idp.sso_url},
                "x509cert": idp.certificate,
            },
            "security": {"rejectDeprecatedAlgorithm": True},
        }
    )
    where = urlsplit(acs)
    request = {"https": "on", "http_host": where.netloc, "script_name": where.path, "post_data": {}}
    try:
        with warnings.catch_warnings():  # it asks for the time in a way that Python 3.12 deprecates
            warnings.simplefilter("ignore", DeprecationWarning)
            read = response.OneLogin_Saml2_Response(settings, document)
            accepted = read.is_valid(request, request_id, raise_exceptions=False)
        if not accepted:
            raise ValueError(str(read.get_error()))
        return str(read.get_nameid())
    except (errors.OneLogin_Saml2_Error, errors.OneLogin_Saml2_ValidationError) as error:
        raise ValueError(str(error)) from None
