"""signxml with the checks of this module: no system package, no program."""

from __future__ import annotations

from velvet_auth.database import Database
from velvet_auth.errors import SamlError
from velvet_auth.saml import PENDING, IdpMeta, ServiceProvider

PACKAGE = "signxml"
PROGRAM = ""


def identity(idp: IdpMeta, entity_id: str, acs: str, document: str, request_id: str) -> str:
    """Return the name in a response to a request; ValueError where it is refused."""
    with Database() as database:
        provider = ServiceProvider(entity_id, acs, idp, database)
        try:
            return provider.consume(document, {PENDING: request_id}).name_id
        except SamlError as error:
            raise ValueError(error.code) from None
