"""VULNERABLE ON PURPOSE: second factors and rights as tutorials build them."""

# ruff: noqa: ARG001, ARG002 - every exploit and every build of a feature has the same signature
from __future__ import annotations

import json
from typing import Any

import pyotp

from velvet_auth.errors import AuthError, FactorError
from velvet_auth.keys import decoded
from velvet_auth.passkeys import PasskeyRelyingParty
from velvet_auth.samples.lab import Send, demonstration_only
from velvet_auth.samples.lab.attacks_factors import INVOICES, ORIGIN, RP_ID, TopicScene
from velvet_auth.samples.lab.fixed_factors import default

demonstration_only()


def totp_replay(scene: TopicScene) -> Send:
    def login(user: str, code: str) -> str:
        if not pyotp.TOTP(scene.secret).verify(code, for_time=int(scene.clock()), valid_window=1):
            raise FactorError("code")
        return scene.secret_of(user)

    return login


totp_brute_force = totp_replay


def mfa_skipped(scene: TopicScene) -> Send:
    def app(step: str, told: str, code: str = "") -> str:
        if step == "password":
            return scene.store.create(told)  # logged in; the next page asks for the code
        session = scene.store.load(told)
        if step == "code" and session:
            scene.totp.check(session.user, code)
            return told
        if session is None or not session.user:
            raise AuthError("anonymous")
        return scene.secret_of(session.user)

    return app


def passkey_phishing(scene: TopicScene) -> Send:
    send = default(scene)

    def app(step: str, user: str, credential: Any = None) -> Any:
        if credential:  # "the origin is in the client data"
            told = json.loads(decoded(credential["response"]["clientDataJSON"]))
            scene.party.origin = told["origin"]
        return send(step, user, credential)

    return app


def passkey_cloned(scene: TopicScene) -> Send:
    class Party(PasskeyRelyingParty):
        def count(self, name: str, counter: int) -> None:
            return  # "some authenticators do not count"

    scene.party = Party(scene.db, RP_ID, ORIGIN, clock=scene.clock)
    return default(scene)


def passkey_no_uv(scene: TopicScene) -> Send:
    scene.party = PasskeyRelyingParty(scene.db, RP_ID, ORIGIN, clock=scene.clock, require_uv=False)
    return default(scene)


def idor(scene: TopicScene) -> Send:
    def app(user: str, number: int) -> str:
        return f"invoice of {INVOICES[number]}: {scene.secret_of(INVOICES[number])}"

    return app


def mass_assignment(scene: TopicScene) -> Send:
    scene.goal = lambda loot: "admin" in str(loot)
    profile = scene.profiles["mallory"]

    def app(step: str, form: dict[str, str]) -> str:
        profile.update(form)
        return f"{profile['name']}: {profile['role']}"

    return app
