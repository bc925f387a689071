"""Second factors and rights as this module builds them."""

# ruff: noqa: ARG001 - every exploit and every build of a feature has the same signature
from __future__ import annotations

from typing import Any

from velvet_auth.errors import AuthError
from velvet_auth.rbac import Resource, Subject
from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_factors import INVOICES, POLICY, TopicScene, forbidden

EDITABLE = frozenset({"name"})


def totp_replay(scene: TopicScene) -> Send:
    def login(user: str, code: str) -> str:
        scene.totp.check(user, code)
        return scene.secret_of(user)

    return login


totp_brute_force = totp_replay


def mfa_skipped(scene: TopicScene) -> Send:
    def app(step: str, told: str, code: str = "") -> str:
        if step == "password":
            return scene.store.create("", {"pending": told})
        session = scene.store.load(told)
        if step == "code" and session:
            user = session.data["pending"]
            scene.totp.check(user, code)
            return scene.store.rotate(told, user)
        if session is None or not session.user:
            raise AuthError("anonymous", "the second factor is missing")
        return scene.secret_of(session.user)

    return app


def default(scene: TopicScene) -> Send:
    """Passkeys, by the relying party of this module."""
    scene.enrol()

    def app(step: str, user: str, credential: Any = None) -> Any:
        if step == "begin":
            return scene.party.begin_login(user)
        scene.party.finish_login(user, credential)
        return scene.secret_of(user)

    return app


def idor(scene: TopicScene) -> Send:
    policy = POLICY.compile()

    def app(user: str, number: int) -> str:
        subject = Subject(user, frozenset({"customer"}))
        if not policy.allowed(subject, "read", Resource("invoice", INVOICES[number])).allow:
            raise forbidden()
        return f"invoice of {INVOICES[number]}: {scene.secret_of(INVOICES[number])}"

    return app


def mass_assignment(scene: TopicScene) -> Send:
    scene.goal = lambda loot: "admin" in str(loot)
    profile = scene.profiles["mallory"]

    def app(step: str, form: dict[str, str]) -> str:
        if unknown := set(form) - EDITABLE:
            raise AuthError("field", f"not editable: {', '.join(sorted(unknown))}")
        profile.update(form)
        return f"{profile['name']}: {profile['role']}"

    return app
