"""python3-saml: a toolkit over xmlsec, strict and with the same settings."""

from __future__ import annotations

from urllib.parse import urlsplit

from onelogin.saml2.errors import (  # type: ignore[import-untyped, unused-ignore]
    OneLogin_Saml2_Error,
    OneLogin_Saml2_ValidationError,
)
from onelogin.saml2.response import (
    OneLogin_Saml2_Response,  # type: ignore[import-untyped, unused-ignore]
)
from onelogin.saml2.settings import (
    OneLogin_Saml2_Settings,  # type: ignore[import-untyped, unused-ignore]
)

from velvet_auth.saml import IdpMeta

PACKAGE = "python3-saml"
PROGRAM = ""


def identity(idp: IdpMeta, entity_id: str, acs: str, response: str, request_id: str) -> str:
    """Return the name in a response to a request.

    Raises:
        ValueError: the response is refused.
    """
    settings = OneLogin_Saml2_Settings(
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
        read = OneLogin_Saml2_Response(settings, response)
        if not read.is_valid(request, request_id, raise_exceptions=False):
            raise ValueError(str(read.get_error()))
        return str(read.get_nameid())
    except (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError) as error:
        raise ValueError(str(error)) from None
