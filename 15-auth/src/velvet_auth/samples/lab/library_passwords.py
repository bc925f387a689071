"""Logins that call argon2-cffi or bcrypt as their documentation shows, with nothing around."""

from __future__ import annotations

import bcrypt

from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_passwords import MAX_MIB, POLICY, TopicScene
from velvet_auth.samples.lab.fixed_passwords import refused


def password_enumeration(scene: TopicScene) -> Send:
    """Look the user up, then verify."""
    scene.goal = lambda loot: loot == "alice"
    return password_fast_hash(scene)


def password_fast_hash(scene: TopicScene) -> Send:
    """Verify with argon2."""
    scene.service()

    def login(name: str, password: str) -> str:
        row = scene.rows.get(name)
        if row is None or not scene.hasher.verify(row, password):
            raise refused()
        return scene.secret_of(name)

    return login


def password_memory_flood(scene: TopicScene) -> Send:
    """Verify in whatever thread the request has."""
    scene.goal = lambda loot: loot > MAX_MIB
    return password_fast_hash(scene)


def password_72_bytes(scene: TopicScene) -> Send:
    """Pass the whole password; version 5 raises a ValueError beyond 72 bytes, so alice took fewer."""
    own = {"alice": POLICY[:72], "mallory": scene.known.own[1]}
    rows = {name: bcrypt.hashpw(word.encode(), bcrypt.gensalt(4)) for name, word in own.items()}

    def login(name: str, password: str) -> str:
        if not bcrypt.checkpw(password.encode(), rows[name]):
            raise refused()
        return scene.secret_of(name)

    return login


password_compare_loop = password_reset_token = None
