"""Intermediate examples: OAuth flows on loopback, and decisions that name their rule."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import uvicorn

from velvet.examples import example, main
from velvet_auth.database import Database
from velvet_auth.errors import OAuthError, TokenError
from velvet_auth.keys import Key, KeySet
from velvet_auth.oauth.clients import DEVICE_GRANT, Client
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.http import application
from velvet_auth.oauth.records import Redirect
from velvet_auth.oidc import RelyingParty, id_tokens
from velvet_auth.rbac import Policy, Resource, Subject
from velvet_auth.samples.lab import Clock
from velvet_auth.sessions import Session
from velvet_auth.tokens import Issuer

CALLBACK = "https://app.example/cb"
ISSUER = "https://as.example"


@contextmanager
def authorization_server(clock: Any = time.time) -> Any:
    """Yield a server with a browser client and a television."""
    tv = frozenset({DEVICE_GRANT, "refresh_token"})
    clients = [Client("app", (CALLBACK,)), Client("tv", grants=tv, scopes=frozenset({"read"}))]
    issuer = Issuer(ISSUER, KeySet([Key.generate("ES256")]), clock=clock)
    with Database() as database:
        yield AuthorizationServer(
            issuer,
            clients,
            database,
            audience="api",
            secret=b"32 bytes that an operator keeps.",
            clock=clock,
            id_token=id_tokens(issuer),
        )


@example("authorization_code_pkce")
def authorization_code_pkce() -> None:
    """Shows each HTTP request of a login with code, PKCE and OpenID Connect."""
    with authorization_server() as server:
        session = Session("alice", "the token of the form")
        config = uvicorn.Config(
            application(server, lambda _: session), port=0, log_level="error", lifespan="off"
        )
        live = uvicorn.Server(config)
        thread = threading.Thread(target=live.run)
        thread.start()
        while not live.started:
            time.sleep(0.01)
        base = f"http://127.0.0.1:{live.servers[0].sockets[0].getsockname()[1]}"

        def exchange(form: dict[str, str]) -> Any:
            answer = requests.post(f"{base}/token", data=form, timeout=10)
            print(f"4. client  -> POST /token with code and code_verifier: {answer.status_code}")
            return answer.json()

        try:
            party = RelyingParty("app", CALLBACK, ISSUER, server.issuer.keys, exchange)
            browser: dict[str, Any] = {}
            query = party.begin(browser)
            names = [name for name, _ in parse_qsl(query)]
            print("1. client  -> browser: redirect to /authorize, among its parameters:")
            print(f"              {', '.join(names[4:])}")
            page = requests.get(f"{base}/authorize?{query}", timeout=10)
            print(f"2. browser -> GET /authorize: {page.status_code}, a form; frames: DENY")
            form = {"csrf": session.csrf}
            sent = requests.post(
                f"{base}/authorize?{query}", data=form, allow_redirects=False, timeout=10
            )
            answer = dict(parse_qsl(urlsplit(sent.headers["location"]).query))
            print(f"3. browser -> POST consent: {sent.status_code} with {', '.join(answer)}")
            print(f"5. client: logged in as {party.finish(browser, answer).sub}")
        finally:
            live.should_exit = True
            thread.join()


@example("refresh_theft")
def refresh_theft() -> None:
    """Shows how a stolen refresh token ends its whole family at the second use."""
    with authorization_server() as server:

        def exchange(form: dict[str, str]) -> Any:
            tokens.update(server.token(form.items()))
            return tokens

        def refresh(token: str) -> Any:
            form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}
            return server.token(form.items())

        tokens: dict[str, Any] = {}
        party = RelyingParty("app", CALLBACK, ISSUER, server.issuer.keys, exchange)
        browser: dict[str, Any] = {}
        made = server.authorize(parse_qsl(party.begin(browser)), "alice")
        assert isinstance(made, Redirect)
        party.finish(browser, dict(parse_qsl(urlsplit(made.url).query)))
        print("owner: has the first refresh token; a thief copies it")
        thief = refresh(tokens["refresh_token"])
        print("thief: refreshes first, and is given the second")
        try:
            refresh(tokens["refresh_token"])
        except OAuthError as error:
            print(f"owner: {error.code}, {error.detail}")
        for name, call in (
            ("thief refreshes", lambda: refresh(thief["refresh_token"])),
            ("thief's access token", lambda: server.verifier.verify(thief["access_token"])),
        ):
            try:
                print(f"{name}: works {call()}")
            except (OAuthError, TokenError) as error:
                print(f"{name}: {error.code}")


@example("device_flow")
def device_flow() -> None:
    """Shows a television that polls while its user answers on a telephone."""
    clock = Clock()
    begun_at = clock()
    with authorization_server(clock) as server:
        begun = server.device_authorization([("client_id", "tv")])
        print(f"television: enter a code of 8 letters at {begun['verification_uri']}")
        form = {"grant_type": DEVICE_GRANT, "client_id": "tv", "device_code": begun["device_code"]}

        for ahead, event in ((1, ""), (2, ""), (12, ""), (12, "the user allows it")):
            clock.ahead(ahead)
            if event:
                server.decide_device(begun["user_code"], "alice", allow=True)
                print(f"{clock() - begun_at:>4.0f} s  {event}")
            try:
                tokens = server.token(form.items())
                print(f"{clock() - begun_at:>4.0f} s  poll: a token for {tokens['scope']}")
            except OAuthError as error:
                print(f"{clock() - begun_at:>4.0f} s  poll: {error.code}")
        late = server.device_authorization([("client_id", "tv")])
        clock.ahead(late["expires_in"] + 1)
        try:
            server.token({**form, "device_code": late["device_code"]}.items())
        except OAuthError as error:
            print(f"another code, after ten minutes: {error.code}")


@example("rbac_explained")
def rbac_explained() -> None:
    """Shows decisions with the rule that made them, and a policy that is refused."""
    told = {
        "roles": ["customer", "clerk", "chief", "auditor"],
        "grants": [
            ["customer", "invoice:read", "own"],
            ["clerk", "invoice:*"],
            ["chief", "*:*"],
            ["auditor", "*:read"],
        ],
        "denies": [["clerk", "invoice:delete"]],
        "hierarchy": {"clerk": ["customer"], "chief": ["clerk"]},
        "sod": [["clerk", "auditor"]],
    }
    policy = Policy.from_dict(told).compile()
    for user, role, action, owner in (
        ("ann", "customer", "read", "ann"),
        ("ann", "customer", "read", "bob"),
        ("bob", "clerk", "write", "ann"),
        ("eve", "chief", "delete", "ann"),
        ("joe", "auditor", "read", "ann"),
    ):
        subject = Subject(user, frozenset({role}))
        print(f"{role:<9}", policy.explain(subject, action, Resource("invoice", owner)))
    for change in ({"hierarchy": {"clerk": ["chief"], "chief": ["clerk"]}}, {"roles": ["clerk"]}):
        try:
            Policy.from_dict({**told, **change}).compile()
        except Exception as error:  # noqa: BLE001 - shown
            print("refused:", error)


if __name__ == "__main__":
    main()
