"""joserfc: the whole JOSE family, with key objects of its own and a registry of algorithms.

It names `EdDSA` deprecated in favour of `Ed25519` (RFC 9864), which PyJWT does not know; the warning
is silenced for the two calls here, since a token has to be readable by both.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from joserfc import jwk, jws
from joserfc.errors import JoseError, SecurityWarning

if TYPE_CHECKING:
    from velvet_auth.keys import Key

PACKAGE = "joserfc"
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)


@lru_cache(maxsize=64)
def _imported(key: Key, private: bool) -> Any:
    return jwk.import_key(key.export(private=private), key.kty)  # type: ignore[call-overload]


def sign(header: dict[str, Any], payload: bytes, key: Key) -> str:
    """Return a compact JWS."""
    return jws.serialize_compact(
        {**header, "alg": key.alg}, payload, _imported(key, True), algorithms=[key.alg]
    )


def verify(token: str, key: Key) -> bytes:
    """Return the payload whose signature the key confirms.

    Raises:
        ValueError: the signature is not that of this key and algorithm.
    """
    try:
        found = jws.deserialize_compact(token, _imported(key, False), algorithms=[key.alg])
    except JoseError as error:
        raise ValueError(type(error).__name__) from None
    return found.payload
