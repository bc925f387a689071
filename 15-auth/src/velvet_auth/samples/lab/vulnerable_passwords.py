"""VULNERABLE ON PURPOSE: logins as tutorials build them. Runs in the laboratory alone."""

from __future__ import annotations

import hashlib

import bcrypt

from velvet_auth.samples.lab import Send, demonstration_only
from velvet_auth.samples.lab.attacks_passwords import LOGINS, MAX_MIB, POLICY, TopicScene
from velvet_auth.samples.lab.fixed_passwords import refused

demonstration_only()


def password_enumeration(scene: TopicScene) -> Send:
    scene.goal = lambda loot: loot == "alice"
    scene.service()

    def login(name: str, password: str) -> str:
        if name not in scene.rows:
            raise refused()  # nothing was hashed
        if not scene.hasher.verify(scene.rows[name], password):
            raise refused()
        return scene.secret_of(name)

    return login


def _sha256(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def password_fast_hash(scene: TopicScene) -> Send:
    scene.rows = {name: _sha256(password) for name, password in LOGINS.items()}

    def login(name: str, password: str) -> str:
        if scene.rows.get(name) != _sha256(password):
            raise refused()
        return scene.secret_of(name)

    return login


def password_72_bytes(scene: TopicScene) -> Send:
    def row(password: str) -> bytes:
        return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4))

    rows = {"alice": row(POLICY + "Zq81-own words"), "mallory": row(scene.known.own[1])}

    def login(name: str, password: str) -> str:
        # "password cannot be longer than 72 bytes, truncate manually if necessary"
        if not bcrypt.checkpw(password.encode()[:72], rows[name]):
            raise refused()
        return scene.secret_of(name)

    return login


def password_compare_loop(scene: TopicScene) -> Send:
    def api(token: str) -> str:
        for given, wanted in zip(token, scene.api_token, strict=True):
            scene.work += 1
            if given != wanted:
                raise refused()
        return scene.canary

    return api


def password_reset_token(scene: TopicScene) -> Send:
    tokens = {}

    def api(step: str, name: str, token: str = "") -> str:
        if step == "forgot":
            moment = int(scene.clock())
            tokens[name] = hashlib.sha256(f"{name}{moment}".encode()).hexdigest()[:32]
            scene.mailbox.last = tokens[name]
            return "sent"
        if tokens.get(name, "") != token:
            raise refused()
        return scene.secret_of(name)

    return api


def password_memory_flood(scene: TopicScene) -> Send:
    scene.goal = lambda loot: loot > MAX_MIB
    scene.service()

    def login(name: str, password: str) -> str:
        if not scene.hasher.verify(scene.rows[name], password):
            raise refused()
        return scene.secret_of(name)

    return login
