"""The authorization server and the client as this module builds them."""

from __future__ import annotations

from typing import Any

from velvet_auth.errors import TokenError
from velvet_auth.oidc import RelyingParty
from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_oauth import TopicScene


def surface(scene: TopicScene, kind: type[RelyingParty] = RelyingParty) -> Send:
    """Return the endpoints and the client's pages as one callable."""
    injected: list[dict[str, Any]] = []

    def exchange(form: dict[str, str]) -> dict[str, Any]:
        own = scene.redeem(form["code"], form["code_verifier"])
        return injected[-1] if injected else own

    def evil_exchange(form: dict[str, str]) -> dict[str, Any]:
        scene.known.evil_received = form
        return {}

    party = scene.party(exchange, kind)
    mixed = scene.party(evil_exchange, kind, issuer="https://evil.example")
    scene.known.inject = injected.append
    scene.known.reads = scene.secret_of

    def finish_at_evil(browser: dict[str, Any], answer: dict[str, str]) -> str:
        try:
            return mixed.finish(browser, answer).sub
        except TokenError:  # there is no ID token in the answer; by then the code has been sent
            return "login failed"

    def refresh(token: str, **more: str) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}
        return scene.server.token({**form, **more}.items())

    steps: dict[str, Send] = {
        "authorize": scene.browser,
        "token": scene.redeem,
        "refresh": refresh,
        "read": scene.api,
        "begin": party.begin,
        "finish": lambda browser, answer: party.finish(browser, answer).sub,
        "begin-at-evil": mixed.begin,
        "finish-at-evil": finish_at_evil,
    }
    return lambda step, *words, **named: steps[step](*words, **named)


def default(scene: TopicScene) -> Send:
    return surface(scene)


def oauth_missing_state(scene: TopicScene) -> Send:
    scene.goal = lambda loot: loot == "mallory"
    return surface(scene)


def oauth_refresh_race(scene: TopicScene) -> Send:
    scene.goal = lambda loot: loot == "2 tokens"
    return surface(scene)


def oauth_scope_growth(scene: TopicScene) -> Send:
    scene.goal = lambda loot: "admin" in str(loot)
    return surface(scene)
