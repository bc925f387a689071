"""Access tokens: a strict parser, one rule per claim, and a deny list.

A valid signature says which key signed. It does not say for which service, for what purpose, or
whether the user has logged out since. `Verifier` therefore runs `RULES` in order; each rule
names the section of the standard that asks for it.
"""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from velvet_auth.contenders.jose import pyjwt
from velvet_auth.database import Database
from velvet_auth.errors import TokenError
from velvet_auth.keys import ALGORITHMS, Key, KeySet, decoded

MAX_TOKEN = 8192
ACCESS_TYPE = "at+jwt"
LEEWAY_S = 30.0
MAX_TIME = 2**53  # above it a float of seconds is not exact, and far above it overflows
REQUIRED = ("exp", "iat", "sub", "jti")
Clock = Callable[[], float]
Claims = dict[str, Any]


class JwtBackend(Protocol):
    """What every file of `contenders/jose` offers."""

    def sign(self, header: dict[str, Any], payload: bytes, key: Key) -> str:
        """Return a compact JWS."""

    def verify(self, token: str, key: Key) -> bytes:
        """Return the payload that the key confirms; ValueError otherwise."""


class Keys(Protocol):
    """Where verification keys come from: a `KeySet` or a `JwksCache`."""

    def find(self, kid: object) -> Key:
        """Return the key of a kid; TokenError with code `key` otherwise."""


@dataclass(frozen=True)
class Parsed:
    """A token that is well formed and not yet verified."""

    header: Mapping[str, Any]
    payload: bytes = field(repr=False)


@dataclass(frozen=True)
class Verified:
    """A token whose signature was confirmed by the key `kid`."""

    header: Mapping[str, Any]
    payload: bytes = field(repr=False)
    kid: str


def strict_json(data: bytes) -> dict[str, Any]:
    """Return a JSON object without duplicate names and without numbers that are none.

    Raises:
        TokenError: code `malformed`.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError("a name occurs twice")
        return made

    def constant(_name: str) -> float:
        raise ValueError("NaN and Infinity are no JSON")

    def finite(text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            raise ValueError("a number is too large")
        return number

    try:
        made = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=unique,
            parse_constant=constant,
            parse_float=finite,
        )
        if b"\\u" in data:  # an escape may spell half a surrogate pair, which no store takes
            json.dumps(made, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise TokenError("malformed", "not a JSON object") from None
    if not isinstance(made, dict):
        raise TokenError("malformed", "not a JSON object")
    return made


def parse_strict(token: str) -> Parsed:
    """Take a compact JWS apart: 3 segments, 8 KiB, canonical base64url, no `crit`.

    RFC 7515 sections 4.1.11 and 7.1, RFC 7797 (`b64: false` is refused), RFC 8725 section 2.4.

    Raises:
        TokenError: code `malformed`, and nothing else whatever the input is.
    """
    if not isinstance(token, str) or len(token) > MAX_TOKEN:
        raise TokenError("malformed", f"no text of at most {MAX_TOKEN} characters")
    segments = token.split(".")
    if len(segments) != 3:
        raise TokenError("malformed", "a signed token has three segments")
    try:
        header, payload, _signature = (decoded(segment) for segment in segments)
    except ValueError:
        raise TokenError("malformed", "a segment is not unpadded base64url") from None
    told = strict_json(header)
    if "crit" in told or told.get("b64") is False:
        raise TokenError("malformed", "the header demands an extension")
    return Parsed(told, payload)


def verify_compact(
    token: str, keys: Keys, *, algorithms: Sequence[str], backend: JwtBackend = pyjwt
) -> Verified:
    """Return a token whose signature was checked with a key of ours and that key's algorithm.

    Raises:
        TokenError: malformed, alg (not listed, or not that of the key), key, signature.
    """
    parsed = parse_strict(token)
    alg = parsed.header.get("alg")
    if alg not in algorithms:
        raise TokenError("alg", "the algorithm is not on the list of this verifier")
    key = keys.find(parsed.header.get("kid"))
    if key.alg != alg:
        raise TokenError("alg", "the key belongs to another algorithm")
    try:
        payload = backend.verify(token, key)
    except ValueError:
        raise TokenError("signature", "the signature is not that of the key") from None
    return Verified(parsed.header, payload, key.kid)


class DenyList:
    """Revoked tokens by `jti` until their `exp`, kept over restarts and shared by processes."""

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        self._db, self._clock = database, clock
        database.define("CREATE TABLE IF NOT EXISTS denied (jti TEXT PRIMARY KEY, exp REAL);")

    def add(self, jti: str, exp: float) -> None:
        """Revoke a token until `exp`, in seconds since the epoch; drop entries that have expired."""
        self._db.change("DELETE FROM denied WHERE exp < ?", (self._clock() - LEEWAY_S,))
        self._db.change("INSERT OR IGNORE INTO denied VALUES (?, ?)", (jti, math.ceil(exp)))

    def __contains__(self, jti: object) -> bool:
        return self._db.row("SELECT 1 FROM denied WHERE jti = ?", (jti,)) is not None


class Issuer:
    """Makes access tokens of RFC 9068 that live for minutes."""

    def __init__(
        self,
        issuer: str,
        keys: KeySet,
        *,
        clock: Clock = time.time,
        backend: JwtBackend = pyjwt,
    ) -> None:
        self.issuer, self.keys, self._clock, self._backend = issuer, keys, clock, backend

    def access_token(self, sub: str, aud: str, scope: str = "", *, ttl: int = 300) -> str:
        """Return a signed access token of type `at+jwt` that lives for `ttl` seconds."""
        return self.sign({"sub": sub, "aud": aud, "scope": scope}, typ=ACCESS_TYPE, ttl=ttl)

    def sign(self, claims: Mapping[str, Any], *, typ: str, ttl: int) -> str:
        """Return a token of a type with issuer, times and a random `jti` added to the claims."""
        now, ttl = int(self._clock()), int(ttl)
        stamp = {"iss": self.issuer, "iat": now, "exp": now + ttl, "jti": secrets.token_urlsafe(16)}
        payload = json.dumps({**stamp, **claims}, separators=(",", ":")).encode("utf-8")
        key = self.keys.active
        return self._backend.sign({"typ": typ, "kid": key.kid}, payload, key)


@dataclass(frozen=True)
class Verifier:
    """Decides about tokens for one service.

    Attributes:
        issuer, audience: the issuer that the keys belong to, and this service's own name.
        typ: `at+jwt`, so that an ID token is no access token (RFC 9068 section 2.1).
        leeway: seconds by which clocks may differ.
        denied: revoked tokens.
    """

    keys: Keys
    issuer: str
    audience: str
    typ: str = ACCESS_TYPE
    algorithms: tuple[str, ...] = ALGORITHMS
    leeway: float = LEEWAY_S
    required: tuple[str, ...] = REQUIRED
    denied: DenyList | None = None
    clock: Clock = time.time
    backend: JwtBackend = pyjwt

    def __post_init__(self) -> None:
        if not 0 <= self.leeway < math.inf:  # with NaN or without an end, no token would expire
            raise ValueError(f"leeway is a number of seconds from 0 up, not {self.leeway}")

    def verify(self, token: str) -> Claims:
        """Return the claims of an acceptable token.

        Raises:
            TokenError: with the code of the first rule that refuses it.
        """
        found = verify_compact(token, self.keys, algorithms=self.algorithms, backend=self.backend)
        claims = strict_json(found.payload)
        for rule in RULES:
            rule(self, found.header, claims)
        return claims


def check_type(verifier: Verifier, header: Mapping[str, Any], _claims: Claims) -> None:
    """RFC 8725 section 3.11: the type is stated and is the expected one."""
    stated = header.get("typ")
    if not isinstance(stated, str) or stated.lower().removeprefix("application/") != verifier.typ:
        raise TokenError("type", f"a token of type {verifier.typ} is wanted")


def check_form(verifier: Verifier, _header: Mapping[str, Any], claims: Claims) -> None:
    """RFC 7519 section 4.1: required claims are there, and each claim has its type."""
    missing = [name for name in verifier.required if name not in claims]
    if missing:
        raise TokenError("malformed", f"claims are missing: {', '.join(missing)}")
    for name in ("exp", "iat", "nbf"):
        number = claims.get(name, 0)
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TokenError("malformed", f"{name} is no time")
        if not 0 <= number <= MAX_TIME:
            raise TokenError("malformed", f"{name} is no time")
    for name in ("iss", "sub", "jti"):
        if not isinstance(claims.get(name, ""), str):
            raise TokenError("malformed", f"{name} is no text")
    named = claims.get("aud", "")
    if not all(isinstance(one, str) for one in (named if isinstance(named, list) else [named])):
        raise TokenError("malformed", "aud is neither a text nor a list of texts")


def check_issuer(verifier: Verifier, _header: Mapping[str, Any], claims: Claims) -> None:
    """RFC 8725 section 3.8: the keys belong to the issuer that the token names."""
    if claims.get("iss") != verifier.issuer:
        raise TokenError("issuer", "another issuer")


def check_audience(verifier: Verifier, _header: Mapping[str, Any], claims: Claims) -> None:
    """RFC 8725 section 3.9: the token was made for this service."""
    named = claims.get("aud", [])
    if verifier.audience not in ([named] if isinstance(named, str) else named):
        raise TokenError("audience", "made for another service")


def check_times(verifier: Verifier, _header: Mapping[str, Any], claims: Claims) -> None:
    """RFC 7519 sections 4.1.4 to 4.1.6, with a leeway for clocks that differ."""
    now = verifier.clock()
    if "exp" in claims and now >= claims["exp"] + verifier.leeway:
        raise TokenError("expired", "its time is over")
    if max(claims.get("nbf", 0), claims.get("iat", 0)) > now + verifier.leeway:
        raise TokenError("not_yet", "its time has not come")


def check_denied(verifier: Verifier, _header: Mapping[str, Any], claims: Claims) -> None:
    """RFC 7009: a revoked token is refused before it expires."""
    if verifier.denied is not None and claims.get("jti") in verifier.denied:
        raise TokenError("revoked", "it was revoked")


Rule = Callable[[Verifier, Mapping[str, Any], Claims], None]
RULES: tuple[Rule, ...] = (
    check_type,
    check_form,
    check_issuer,
    check_audience,
    check_times,
    check_denied,
)
