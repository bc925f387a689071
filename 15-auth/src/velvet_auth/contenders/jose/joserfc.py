"""joserfc: the whole JOSE family, with key objects of its own and a registry of algorithms.

It calls `EdDSA` deprecated in favour of `Ed25519` (RFC 9864), a name that PyJWT does not know, and
warns with each token; the registry here allows exactly the key's algorithm, without the warning.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from joserfc import jwk, jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError

if TYPE_CHECKING:
    from velvet_auth.keys import Key

PACKAGE = "joserfc"


class _OneAlgorithm(jws.JWSRegistry):
    """A registry that knows the algorithm of one key."""

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError("the key belongs to another algorithm")
        return self.algorithms[name]


@lru_cache(maxsize=8)
def _registry(alg: str) -> _OneAlgorithm:
    return _OneAlgorithm(algorithms=[alg])


@lru_cache(maxsize=64)
def _imported(key: Key, private: bool) -> Any:
    return jwk.import_key(key.export(private=private), key.kty)  # type: ignore[call-overload]


def sign(header: dict[str, Any], payload: bytes, key: Key) -> str:
    """Return a compact JWS."""
    return jws.serialize_compact(
        {**header, "alg": key.alg}, payload, _imported(key, True), registry=_registry(key.alg)
    )


def verify(token: str, key: Key) -> bytes:
    """Return the payload whose signature the key confirms; ValueError otherwise."""
    try:
        found = jws.deserialize_compact(token, _imported(key, False), registry=_registry(key.alg))
    except JoseError as error:
        raise ValueError(type(error).__name__) from None
    return found.payload
