"""Keys that know what they are for: one algorithm each, and a state in their rotation.

Most JWT attacks confuse a verifier about a key: its type, its purpose, or where it comes from. So a
`Key` is bound to one algorithm (RFC 8725 section 3.1), keys are found by `kid` in a set that the
application filled, and what a token's header proposes (`jku`, `jwk`, `x5u`, `x5c`) is not read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from velvet_auth.errors import TokenError

KTY = {"HS256": "oct", "RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
ALGORITHMS = tuple(KTY)
PUBLISHED = [pair for pair in KTY.items() if pair[0] != "HS256"]
MIN_SECRET = 32  # bytes; RFC 7518 section 3.2 wants the size of the hash
MIN_RSA_BITS = 2048
MAX_JWKS = 65_536  # characters of a key document that are read at all


class State(Enum):
    """Where a key stands in its rotation."""

    ACTIVE = "active"
    VERIFY_ONLY = "verify only"
    RETIRED = "retired"


def b64url(data: bytes) -> str:
    """Return base64url without padding (RFC 7515 appendix C)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _number(value: int, size: int = 0) -> str:
    return b64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True, eq=False)
class Key:
    """A key for one algorithm; private and public parts stay out of `repr`."""

    kid: str
    alg: str
    public: Any = field(repr=False)
    private: Any = field(default=None, repr=False)
    state: State = State.ACTIVE

    @classmethod
    def generate(cls, alg: str, kid: str = "") -> Key:
        """Return a fresh key; `kid` is its thumbprint by default; TokenError for another `alg`."""
        made: Any
        if alg == "HS256":
            return cls.symmetric(secrets.token_bytes(MIN_SECRET), kid)
        if alg == "RS256":
            made = rsa.generate_private_key(65537, MIN_RSA_BITS)
        elif alg == "ES256":
            made = ec.generate_private_key(ec.SECP256R1())
        elif alg == "EdDSA":
            made = ed25519.Ed25519PrivateKey.generate()
        else:
            raise TokenError("alg", f"choose one of {', '.join(ALGORITHMS)}")
        key = cls(kid, alg, made.public_key(), made)
        return key if kid else replace(key, kid=thumbprint(key.public_jwk()))

    @classmethod
    def symmetric(cls, secret: bytes, kid: str = "") -> Key:
        """Return an HS256 key; TokenError for a secret of fewer than 32 bytes."""
        if len(secret) < MIN_SECRET:
            raise TokenError("key", f"an HS256 secret needs at least {MIN_SECRET} random bytes")
        kid = kid or hashlib.sha256(b"kid" + secret).hexdigest()[:16]
        return cls(kid, "HS256", secret, secret)

    @property
    def kty(self) -> str:
        """The key type that its algorithm needs."""
        return KTY[self.alg]

    def export(self, *, private: bool) -> bytes:
        """Return PEM, or the bytes of a symmetric key, for a library with key objects of its own."""
        if self.alg == "HS256":
            return bytes(self.public)
        if private:
            if self.private is None:
                raise TokenError("key", "the private part is not here")
            pem: bytes = self.private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            return pem
        pem = self.public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return bytes(pem)

    def public_jwk(self) -> dict[str, str]:
        """Return the public JWK (RFC 7517); a symmetric key has none."""
        told = {"kty": self.kty, "kid": self.kid, "alg": self.alg, "use": "sig"}
        if self.alg == "RS256":
            numbers = self.public.public_numbers()
            return told | {"n": _number(numbers.n), "e": _number(numbers.e)}
        if self.alg == "ES256":
            numbers = self.public.public_numbers()
            return told | {"crv": "P-256", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}
        if self.alg == "EdDSA":
            raw = self.public.public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw
            )
            return told | {"crv": "Ed25519", "x": b64url(raw)}
        raise TokenError("key", "a symmetric key is never published")

    @classmethod
    def from_jwk(cls, told: Mapping[str, Any]) -> Key:
        """Return the verification key that a JWK describes.

        `kty`, `alg`, `use` and `key_ops` have to agree; PyJWT does not look at the last two.

        Raises:
            TokenError: code `key`, for everything else.
        """
        alg = told.get("alg")
        if (alg, told.get("kty")) not in PUBLISHED:
            raise TokenError("key", "kty and alg of a published key do not belong together")
        operations = told.get("key_ops", ["verify"])
        verifies = isinstance(operations, list) and "verify" in operations
        if told.get("use", "sig") != "sig" or not verifies:
            raise TokenError("key", "the key is published for another use")
        if not isinstance(told.get("kid"), str):
            raise TokenError("key", "a published key needs a kid")
        try:
            return cls(told["kid"], str(alg), _public(str(alg), told), None, State.VERIFY_ONLY)
        except (KeyError, TypeError, ValueError):
            raise TokenError("key", "the numbers of a published key are damaged") from None


def _public(alg: str, told: Mapping[str, Any]) -> Any:
    def number(name: str) -> int:
        return int.from_bytes(decoded(told[name]), "big")

    if alg == "RS256":
        made = rsa.RSAPublicNumbers(number("e"), number("n")).public_key()
        if made.key_size < MIN_RSA_BITS:
            raise ValueError("RSA key too short")
        return made
    if alg == "ES256":
        return ec.EllipticCurvePublicNumbers(number("x"), number("y"), ec.SECP256R1()).public_key()
    return ed25519.Ed25519PublicKey.from_public_bytes(decoded(told["x"]))


def decoded(text: str) -> bytes:
    """Return the bytes of unpadded base64url; anything else is a ValueError."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url(data) != text:
        raise ValueError("not canonical base64url")
    return data


def thumbprint(told: Mapping[str, str]) -> str:
    """Return the SHA-256 thumbprint of a JWK (RFC 7638 section 3); KeyError names what is missing."""
    names = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
    members = {name: told[name] for name in names[told["kty"]]}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return b64url(hashlib.sha256(text.encode("utf-8")).digest())


class KeySet:
    """Keys by kid, one of them active; `rotate` replaces it and keeps the old one for verifying."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = {key.kid: key for key in keys}

    @property
    def active(self) -> Key:
        """The newest key that signs."""
        found = [key for key in self._keys.values() if key.state is State.ACTIVE and key.private]
        if not found:
            raise TokenError("key", "no active key signs")
        return found[-1]

    def find(self, kid: object) -> Key:
        """Return the key of a kid that may verify.

        Raises:
            TokenError: code `key`, when it is unknown, retired or no text.
        """
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None or key.state is State.RETIRED:
            raise TokenError("key", "no key of this kid verifies")
        return key

    def rotate(self, fresh: Key | None = None) -> Key:
        """Make a fresh key active; verifying goes on with the old one, retired ones go."""
        old = self.active
        fresh = fresh or Key.generate(old.alg)
        kept = {kid: key for kid, key in self._keys.items() if key.state is not State.RETIRED}
        kept[old.kid] = replace(old, state=State.VERIFY_ONLY)
        self._keys = kept | {fresh.kid: fresh}
        return fresh

    def retire(self, kid: str) -> None:
        """Let a key verify no longer, such as one whose last token has expired."""
        self._keys = self._keys | {kid: replace(self.find(kid), state=State.RETIRED)}

    def public_jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the document that other services read."""
        wanted = [k for k in self._keys.values() if k.state is not State.RETIRED and k.kty != "oct"]
        return {"keys": [key.public_jwk() for key in wanted]}


class JwksCache:
    """Another service's keys: fetched at need, at most once per cooldown, kept while it is down.

    Args:
        fetch: returns the document's text; the address is configuration, never a token's header.
        ttl: seconds for which fetched keys are used; after a failed fetch they serve until then.
        cooldown: seconds between two fetches, so that invented kids cause no flood.
    """

    def __init__(
        self,
        fetch: Callable[[], str],
        *,
        ttl: float = 3600.0,
        cooldown: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not (ttl >= 0 and cooldown >= 0):
            raise ValueError(f"ttl and cooldown are seconds from 0 up, not {ttl} and {cooldown}")
        self._fetch, self._ttl, self._cooldown, self._clock = fetch, ttl, cooldown, clock
        self._keys = KeySet([])
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()
        self.fetches = 0

    def find(self, kid: object) -> Key:
        """Return the key of a kid, fetching the document when it is unknown or old.

        Raises:
            TokenError: code `key`, when it stays unknown.
        """
        now = self._clock()
        fresh = now - self._fetched_at < self._ttl
        try:
            if fresh:
                return self._keys.find(kid)
        except TokenError:
            pass  # perhaps a new key: looked for below
        with self._lock:
            if now - self._tried_at >= self._cooldown:
                self._tried_at = now
                self._refresh(now)
        if now - self._fetched_at >= self._ttl:
            raise TokenError("key", "the key document is older than its time to live")
        return self._keys.find(kid)

    def _refresh(self, now: float) -> None:
        self.fetches += 1
        try:
            text = self._fetch()
            if len(text) > MAX_JWKS:
                return
            told = json.loads(text)["keys"]
        except Exception:  # noqa: BLE001 - each HTTP client has errors of its own
            return  # the old keys serve until their time to live is over
        found = []
        for one in told if isinstance(told, list) else []:
            try:
                found.append(Key.from_jwk(one))
            except (TokenError, AttributeError, TypeError):
                continue  # keys for encryption and of other types belong to other readers
        if found:
            self._keys, self._fetched_at = KeySet(found), now
