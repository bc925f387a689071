"""Logins as this module builds them."""

from __future__ import annotations

import hmac
import secrets

from velvet_auth.contenders.hashing import bcrypt
from velvet_auth.errors import AuthError
from velvet_auth.passwords import PasswordService
from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_passwords import MAX_MIB, POLICY, TopicScene


def refused() -> AuthError:
    """Return the one answer to every wrong login."""
    return AuthError("credentials", "name or password is wrong")


def login_with(scene: TopicScene, service: PasswordService) -> Send:
    """Return a login over a service and the scene's rows."""

    def login(name: str, password: str) -> str:
        if not service.check(scene.rows.get(name), password).ok:
            raise refused()
        return scene.secret_of(name)

    return login


def password_enumeration(scene: TopicScene) -> Send:
    scene.goal = lambda loot: loot == "alice"
    return login_with(scene, scene.service())


def password_fast_hash(scene: TopicScene) -> Send:
    return login_with(scene, scene.service())


def password_72_bytes(scene: TopicScene) -> Send:
    service = PasswordService(bcrypt.Hasher(cost=4))
    scene.closing.append(service.close)
    scene.rows = {"alice": service.hash(POLICY + "Zq81-own words")}
    scene.rows["mallory"] = service.hash(scene.known.own[1])
    return login_with(scene, service)


def password_compare_loop(scene: TopicScene) -> Send:
    def api(token: str) -> str:
        if not hmac.compare_digest(token, scene.api_token):
            raise refused()
        return scene.canary

    return api


def password_reset_token(scene: TopicScene) -> Send:
    tokens = {}

    def api(step: str, name: str, token: str = "") -> str:
        if step == "forgot":
            tokens[name] = secrets.token_urlsafe(32)
            scene.mailbox.last = tokens[name]
            return "sent"
        if not hmac.compare_digest(tokens.get(name, ""), token):
            raise refused()
        return scene.secret_of(name)

    return api


def password_memory_flood(scene: TopicScene) -> Send:
    scene.goal = lambda loot: loot > MAX_MIB
    service = scene.service(max_workers=2, max_waiting=6)
    scene.admitted = lambda: service.admitted
    return login_with(scene, service)
