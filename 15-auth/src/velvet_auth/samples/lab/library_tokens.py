"""The API as PyJWT's documentation writes it: algorithms, audience and issuer named, no more."""

from __future__ import annotations

import warnings
from typing import Any

import jwt

from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_tokens import API, BOMB_BYTES, ISSUER, TopicScene
from velvet_auth.samples.words import WEAK


def default(scene: TopicScene) -> Send:
    """Call `jwt.decode` with what its documentation asks for."""

    def api(token: str) -> str:
        claims = jwt.decode(
            token, scene.key.public, algorithms=["RS256"], audience=API, issuer=ISSUER
        )
        return scene.open(claims)

    return api


def jwt_key_confusion(scene: TopicScene) -> Send:
    """List both families of algorithms, which the documentation warns of."""

    def api(token: str) -> str:
        pem = scene.known.public_pem
        return scene.open(jwt.decode(token, pem, ["RS256", "HS256"], audience=API))

    return api


def jwt_weak_secret(scene: TopicScene) -> Send:
    """Sign with a word; PyJWT warns of the length, and signs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scene.known.token = jwt.encode({"sub": "mallory", "aud": API}, WEAK, "HS256")

    def api(token: str) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return scene.open(jwt.decode(token, WEAK, ["HS256"], audience=API))

    return api


jwt_kid_path = jwt_kid_sql = None


def jwt_zip_bomb(scene: TopicScene) -> Send:
    """Let joserfc decrypt; it stops at a size."""
    from joserfc import jwe
    from joserfc.jwk import RSAKey

    scene.goal = lambda loot: isinstance(loot, int) and loot >= BOMB_BYTES
    key = RSAKey.import_key(scene.key.export(private=True))

    def api(token: str) -> Any:
        if token.count(".") == 2:
            return default(scene)(token)
        opened = jwe.decrypt_compact(token, key, algorithms=["RSA-OAEP", "A256GCM", "DEF"])
        return len(opened.plaintext or b"")

    return api
