"""The API as this module builds it: one verifier for all thirteen attacks."""

from __future__ import annotations

from velvet_auth.keys import Key, KeySet
from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_tokens import API, ISSUER, TopicScene
from velvet_auth.tokens import Issuer, Verifier


def default(scene: TopicScene) -> Send:
    """Verify by our keys, then by our rules."""
    verifier = Verifier(scene.keys, ISSUER, API, denied=scene.denied, clock=scene.clock)

    def api(token: str) -> str:
        return scene.open(verifier.verify(token))

    return api


def jwt_weak_secret(scene: TopicScene) -> Send:
    """HS256 with a secret that was generated; a word would be refused."""
    keys = KeySet([Key.generate("HS256")])
    scene.known.token = Issuer(ISSUER, keys, clock=scene.clock).access_token("mallory", API)
    verifier = Verifier(keys, ISSUER, API, clock=scene.clock)

    def api(token: str) -> str:
        return scene.open(verifier.verify(token))

    return api
