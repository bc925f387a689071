"""VULNERABLE ON PURPOSE: APIs that read JWT as tutorials do. Runs in the laboratory alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from velvet_auth.keys import Key, decoded
from velvet_auth.samples.lab import Send, demonstration_only
from velvet_auth.samples.lab.attacks_tokens import API, BOMB_BYTES, ISSUER, TopicScene, _forge
from velvet_auth.samples.words import WEAK

demonstration_only()


def _split(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    signed, _, signature = token.rpartition(".")
    header, claims = (json.loads(decoded(part)) for part in signed.split("."))
    return header, claims, signed.encode(), decoded(signature)


def _hs256(secret: bytes, signed: bytes, signature: bytes) -> None:
    if hmac.new(secret, signed, hashlib.sha256).digest() != signature:
        raise jwt.InvalidSignatureError


def _rs256(key: Any, signed: bytes, signature: bytes) -> None:
    key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())


def jwt_none(scene: TopicScene) -> Send:
    def api(token: str) -> str:
        header, claims, signed, signature = _split(token)
        if header["alg"] != "none":  # "unsecured tokens are part of the standard"
            _rs256(scene.key.public, signed, signature)
        return scene.open(claims)

    return api


def jwt_none_case(scene: TopicScene) -> Send:
    def api(token: str) -> str:
        header, claims, signed, signature = _split(token)
        if header["alg"] == "none":
            raise jwt.InvalidAlgorithmError
        if header["alg"].lower() != "none":  # the block list and the reader disagree about case
            _rs256(scene.key.public, signed, signature)
        return scene.open(claims)

    return api


def jwt_key_confusion(scene: TopicScene) -> Send:
    def api(token: str) -> str:
        header, claims, signed, signature = _split(token)
        if header["alg"] == "HS256":  # the token chooses how the key is used
            _hs256(scene.known.public_pem, signed, signature)
        else:
            _rs256(scene.key.public, signed, signature)
        return scene.open(claims)

    return api


def jwt_weak_secret(scene: TopicScene) -> Send:
    secret = WEAK.encode()
    claims = {"iss": ISSUER, "aud": API, "sub": "mallory"}
    scene.known.token = _forge({"alg": "HS256", "typ": "JWT"}, claims, secret)

    def api(token: str) -> str:
        _, claims, signed, signature = _split(token)
        _hs256(secret, signed, signature)
        return scene.open(claims)

    return api


def jwt_kid_path(scene: TopicScene) -> Send:
    def api(token: str) -> str:
        header, claims, signed, signature = _split(token)
        if header["alg"] == "RS256":
            _rs256(scene.key.public, signed, signature)
            return scene.open(claims)
        secret = Path(scene.folder.name, "keys", header["kid"]).read_bytes()
        _hs256(secret, signed, signature)
        return scene.open(claims)

    return api


def jwt_kid_sql(scene: TopicScene) -> Send:
    def api(token: str) -> str:
        header, claims, signed, signature = _split(token)
        if header["alg"] == "RS256":
            _rs256(scene.key.public, signed, signature)
            return scene.open(claims)
        table = sqlite3.connect(":memory:")
        table.execute("CREATE TABLE keys (kid TEXT, secret TEXT)")
        query = f"SELECT secret FROM keys WHERE kid = '{header['kid']}'"  # noqa: S608
        (secret,) = table.execute(query).fetchone()
        table.close()
        _hs256(secret.encode(), signed, signature)
        return scene.open(claims)

    return api


def jwt_jku(scene: TopicScene) -> Send:
    def api(token: str) -> str:
        header, claims, signed, signature = _split(token)
        key = scene.key
        if "jku" in header:
            key = Key.from_jwk(scene.internet[header["jku"]]["keys"][0])
        _rs256(key.public, signed, signature)
        return scene.open(claims)

    return api


def jwt_embedded_jwk(scene: TopicScene) -> Send:
    def api(token: str) -> str:
        header, claims, signed, signature = _split(token)
        key = Key.from_jwk(header["jwk"]) if "jwk" in header else scene.key
        _rs256(key.public, signed, signature)
        return scene.open(claims)

    return api


def default(scene: TopicScene) -> Send:
    """Verify the signature, and nothing that is signed."""

    def api(token: str) -> str:
        _, claims, signed, signature = _split(token)
        _rs256(scene.key.public, signed, signature)
        return scene.open(claims)

    return api


def jwt_zip_bomb(scene: TopicScene) -> Send:
    scene.goal = lambda loot: isinstance(loot, int) and loot >= BOMB_BYTES

    def api(token: str) -> Any:
        if token.count(".") == 2:
            return scene.open(_split(token)[1])
        head, wrapped, nonce, sealed, tag = token.split(".")
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
        secret = scene.key.private.decrypt(decoded(wrapped), oaep)
        packed = AESGCM(secret).decrypt(
            decoded(nonce), decoded(sealed) + decoded(tag), head.encode()
        )
        return len(zlib.decompress(packed, -15))  # whatever comes out

    return api
