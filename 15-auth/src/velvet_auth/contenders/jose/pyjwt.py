"""PyJWT: one call per token, keys as objects of the cryptography package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from velvet_auth.keys import Key

PACKAGE = "pyjwt"
_JWS = jwt.PyJWS()


def sign(header: dict[str, Any], payload: bytes, key: Key) -> str:
    """Return a compact JWS."""
    return _JWS.encode(payload, key.private, algorithm=key.alg, headers=header)


def verify(token: str, key: Key) -> bytes:
    """Return the payload whose signature the key confirms.

    Raises:
        ValueError: the signature is not that of this key and algorithm.
    """
    try:
        payload: bytes = _JWS.decode_complete(token, key.public, algorithms=[key.alg])["payload"]
    except jwt.PyJWTError as error:
        raise ValueError(type(error).__name__) from None
    return payload
