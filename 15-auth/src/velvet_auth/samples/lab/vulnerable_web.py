"""VULNERABLE ON PURPOSE: sessions and pages as tutorials build them. Runs in the laboratory alone."""

# ruff: noqa: ARG001 - every exploit and every build of a feature has the same signature
from __future__ import annotations

import base64
import hashlib
import pickle
import secrets
from typing import Any

from itsdangerous import URLSafeTimedSerializer

from velvet_auth.samples.lab import Send, demonstration_only
from velvet_auth.samples.lab.attacks_web import TopicScene

demonstration_only()


def _give(scene: TopicScene, cookie: str, user: str) -> str:
    digest = hashlib.sha256(cookie.encode()).digest()
    scene.db.change("UPDATE sessions SET user = ? WHERE digest = ?", (user, digest))
    return cookie


def session_fixation(scene: TopicScene) -> Send:
    def app(step: str, cookie: str, user: str = "") -> str:
        if step == "visit":
            return scene.store.create()
        if step == "login":
            return _give(scene, cookie, user)  # session["user"] = user, the id stays
        session = scene.store.load(cookie)
        if session is None or not session.user:
            raise scene.anonymous()
        return scene.secret_of(session.user)

    return scene.build(app)


def csrf(scene: TopicScene) -> Send:
    def app(step: str, cookie: str = "", headers: Any = None, token: str = "") -> Any:
        if step == "login":
            return scene.store.create("alice"), ""
        if scene.store.load(cookie) is None:
            raise scene.anonymous()
        return f"paid: {scene.canary}"

    return scene.build(app)


def login_csrf(scene: TopicScene) -> Send:
    scene.known.card = scene.canary

    def app(step: str, name: str, told: Any = None) -> str:
        if step == "login":
            return scene.store.create(name)
        session = scene.store.load(name)
        if session is None:
            raise scene.anonymous()
        if step == "save":
            scene.saved[session.user] = told
        return scene.saved.get(session.user, "")

    return scene.build(app)


def session_after_logout(scene: TopicScene) -> Send:
    signer = URLSafeTimedSerializer("a key of the server")

    def app(step: str, told: str) -> str:
        if step == "login":
            return str(signer.dumps({"user": told}))
        if step == "logout":
            return "Set-Cookie: sid=; Max-Age=0"  # the browser forgets it, the thief does not
        return scene.secret_of(signer.loads(told, max_age=3600)["user"])

    return scene.build(app)


def session_pickle(scene: TopicScene) -> Send:
    scene.goal = bool

    def app(step: str, told: str) -> str:
        if step == "login":
            return base64.urlsafe_b64encode(pickle.dumps({"user": told})).decode()
        session = pickle.loads(base64.urlsafe_b64decode(told))  # noqa: S301
        if not isinstance(session, dict):
            raise scene.anonymous()
        return scene.secret_of(session["user"])

    return scene.build(app)


def open_redirect(scene: TopicScene) -> Send:
    scene.goal = bool

    def app(target: str) -> str:
        return target if not target.startswith("http") else "/"  # "relative, so it is ours"

    return app


def host_header(scene: TopicScene) -> Send:
    scene.goal = bool

    def app(name: str, host: str) -> str:
        return f"https://{host}/reset?token={secrets.token_urlsafe(32)}"

    return app


def session_step_up(scene: TopicScene) -> Send:
    def app(step: str, told: str) -> str:
        if step == "login":
            return scene.store.create(told)
        if step == "step-up":
            return _give(scene, told, "admin")
        session = scene.store.load(told)
        if session is None or session.user != "admin":
            raise scene.anonymous()
        return scene.canary

    return scene.build(app)
