"""Sessions and pages as this module builds them."""

# ruff: noqa: ARG001 - every exploit and every build of a feature has the same signature
from __future__ import annotations

import secrets
from typing import Any

from velvet_auth.redirects import safe_redirect
from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_web import LOGIN, SITE, TopicScene
from velvet_auth.sessions import Csrf


def session_fixation(scene: TopicScene) -> Send:
    def app(step: str, cookie: str, user: str = "") -> str:
        if step == "visit":
            return scene.store.create()
        if step == "login":
            return scene.store.rotate(cookie, user)
        session = scene.store.load(cookie)
        if session is None or not session.user:
            raise scene.anonymous()
        return scene.secret_of(session.user)

    return scene.build(app)


def csrf(scene: TopicScene) -> Send:
    guard = Csrf(SITE)

    def app(step: str, cookie: str = "", headers: Any = None, token: str = "") -> Any:
        if step == "login":
            cookie = scene.store.create("alice")
            session = scene.store.load(cookie)
            return cookie, session.csrf if session else ""
        session = scene.store.load(cookie)
        guard.check("POST", headers or {}, session, token)
        return f"paid: {scene.canary}"

    return scene.build(app)


def login_csrf(scene: TopicScene) -> Send:
    scene.known.card = scene.canary
    guard = Csrf(SITE)

    def app(step: str, name: str, told: Any = None) -> str:
        if step == "login":
            guard.check_origin({key.lower(): value for key, value in told.items()})
            return scene.store.create(name)
        session = scene.store.load(name)
        if session is None:
            raise scene.anonymous()
        if step == "save":
            scene.saved[session.user] = told
        return scene.saved.get(session.user, "")

    return scene.build(app)


def session_after_logout(scene: TopicScene) -> Send:
    store = scene.store

    def app(step: str, told: str) -> str:
        if step == "login":
            return store.create(told)
        if step == "logout":
            return str(store.revoke(told))
        session = store.load(told)
        if session is None:
            raise scene.anonymous()
        return scene.secret_of(session.user)

    return scene.build(app)


def session_pickle(scene: TopicScene) -> Send:
    scene.goal = bool
    return session_after_logout(scene)


def open_redirect(scene: TopicScene) -> Send:
    scene.goal = bool

    def app(target: str) -> str:
        return safe_redirect(target, LOGIN)

    return app


def host_header(scene: TopicScene) -> Send:
    scene.goal = bool

    def app(name: str, host: str) -> str:
        return f"{SITE}/reset?token={secrets.token_urlsafe(32)}"

    return app


def session_step_up(scene: TopicScene) -> Send:
    def app(step: str, told: str) -> str:
        if step == "login":
            return scene.store.create(told)
        if step == "step-up":
            return scene.store.rotate(told, "admin")
        session = scene.store.load(told)
        if session is None or session.user != "admin":
            raise scene.anonymous()
        return scene.canary

    return scene.build(app)
