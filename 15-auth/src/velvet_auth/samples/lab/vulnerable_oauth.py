"""VULNERABLE ON PURPOSE: the same server and client with one rule as tutorials have it."""

# ruff: noqa: ARG002 - every exploit and every build of a feature has the same signature
from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from velvet_auth.errors import OAuthError
from velvet_auth.oauth.clients import Client
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.records import Grant, digest
from velvet_auth.oidc import RelyingParty
from velvet_auth.samples.lab import Send, demonstration_only
from velvet_auth.samples.lab.attacks_oauth import TopicScene
from velvet_auth.samples.lab.fixed_oauth import surface

demonstration_only()


def oauth_redirect_prefix(scene: TopicScene) -> Send:
    class Server(AuthorizationServer):
        def redirect_allowed(self, client: Client, uri: str) -> bool:
            return any(uri.startswith(registered) for registered in client.redirect_uris)

    scene.server_class = Server
    return surface(scene)


def oauth_code_replay(scene: TopicScene) -> Send:
    class Server(AuthorizationServer):
        def use_code(self, code: bytes) -> bool:
            return True  # it expires in a minute anyway

    scene.server_class = Server
    return surface(scene)


def oauth_code_injection(scene: TopicScene) -> Send:
    class Server(AuthorizationServer):
        def check_verifier(self, challenge: str, verifier: str) -> None:
            return  # "PKCE is for mobile applications"

    scene.server_class = Server
    return surface(scene)


def oauth_pkce_downgrade(scene: TopicScene) -> Send:
    class Server(AuthorizationServer):
        def challenge_of(self, told: dict[str, str]) -> str:
            return told.get("code_challenge", "")  # clients that send none still work

        def check_verifier(self, challenge: str, verifier: str) -> None:
            if challenge:
                super().check_verifier(challenge, verifier)

    scene.server_class = Server
    return surface(scene)


class _NoPkce(AuthorizationServer):
    def check_verifier(self, challenge: str, verifier: str) -> None:
        return


def oauth_missing_state(scene: TopicScene) -> Send:
    scene.goal = lambda loot: loot == "mallory"

    class Party(RelyingParty):
        def check_state(self, pending: Mapping[str, Any], answer: Mapping[str, str]) -> None:
            return

        def check_nonce(self, pending: Mapping[str, Any], claims: dict[str, Any]) -> None:
            return

    scene.server_class = _NoPkce
    return surface(scene, Party)


def oauth_mix_up(scene: TopicScene) -> Send:
    class Party(RelyingParty):
        def check_issuer(self, answer: Mapping[str, str]) -> None:
            return

    return surface(scene, Party)


def oauth_refresh_replay(scene: TopicScene) -> Send:
    class Server(AuthorizationServer):
        def use_refresh(self, token: bytes) -> bool:
            return True

        def _store_refresh(self, token: str, grant: Any) -> None:
            with suppress(Exception):  # the same successor again
                super()._store_refresh(token, grant)

    scene.server_class = Server
    return surface(scene)


def oauth_refresh_race(scene: TopicScene) -> Send:
    scene.goal = lambda loot: loot == "2 tokens"
    both = threading.Barrier(2)  # the lab's stand-in for a slow moment between check and mark

    class Server(AuthorizationServer):
        def _by_refresh(self, client: Client, form: dict[str, str]) -> dict[str, Any]:
            token = digest(form["refresh_token"])
            check = "SELECT user, scope, family, used_at FROM refresh WHERE digest = ?"
            user, scope, family, used_at = scene.db.rows(check, (token,))[0]
            if used_at is not None:
                raise OAuthError("invalid_grant")
            if threading.current_thread() is not threading.main_thread():
                both.wait(30)
            scene.db.change("UPDATE refresh SET used_at = 1 WHERE digest = ?", (token,))
            grant = Grant(client.id, user, scope, family)
            return self._answer(grant, self._new_refresh(grant, client))

    scene.server_class = Server
    return surface(scene)


def oauth_client_swap(scene: TopicScene) -> Send:
    class Server(AuthorizationServer):
        def check_client(self, owner: str, client: Client) -> None:
            return

    scene.server_class = Server
    return surface(scene)


def oauth_scope_growth(scene: TopicScene) -> Send:
    scene.goal = lambda loot: "admin" in str(loot)

    class Server(AuthorizationServer):
        def granted_scope(self, asked: str, allowed: Iterable[str]) -> str:
            return asked or " ".join(sorted(allowed))

    scene.server_class = Server
    return surface(scene)


def oidc_nonce_replay(scene: TopicScene) -> Send:
    class Party(RelyingParty):
        def check_nonce(self, pending: Mapping[str, Any], claims: dict[str, Any]) -> None:
            return

    return surface(scene, Party)
