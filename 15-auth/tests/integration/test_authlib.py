"""The server over real HTTP with an independent client, and the store from several processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import uvicorn
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

from velvet_auth.database import Database
from velvet_auth.errors import OAuthError
from velvet_auth.keys import Key
from velvet_auth.oauth.clients import DEVICE_GRANT
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.http import application
from velvet_auth.oauth.records import s256
from velvet_auth.samples.lab import Clock
from velvet_auth.sessions import Session, SessionStore
from velvet_auth.throttle import LoginThrottle

SECRET = "marmalade-client-secret-of-256-bits"
SESSION = Session("alice", "marmalade-csrf")
CALLBACK = "https://app.example/cb"
PATIENCE_S = 60


class Live:
    """A server in a thread on a free port of loopback."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        ends = time.monotonic() + PATIENCE_S
        while not self.server.started and self.thread.is_alive() and time.monotonic() < ends:
            time.sleep(0.01)
        (sock,) = self.server.servers[0].sockets
        self.base = f"http://127.0.0.1:{sock.getsockname()[1]}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE_S)


@pytest.fixture
def base(db: Database, es256: Key, make_server: Any) -> Iterator[str]:
    server: AuthorizationServer = make_server(time.time, db, es256)
    live = Live(application(server, lambda request: SESSION if "sid" in request.cookies else None))
    yield live.base
    live.stop()


def test_failed_client_authentication_is_slowed_and_then_heard_again(
    server: AuthorizationServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("velvet_auth.oauth.http.LoginThrottle", partial(LoginThrottle, clock=clock))
    live = Live(application(server, lambda _: None))

    def ask(secret: str, client: str = "service") -> requests.Response:
        told = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        return requests.post(f"{live.base}/token", data=told, timeout=30)

    try:
        guesses = [ask("a guess") for _ in range(4)]
        other = ask("a guess", "another")
        clock.ahead(1)
        owner = ask(SECRET)
    finally:
        live.stop()

    assert [guess.status_code for guess in guesses] == [401, 401, 401, 429]
    assert guesses[-1].headers["retry-after"] == "1"
    assert other.status_code == 401
    assert owner.status_code == 200


def consent(url: str, **form: str) -> requests.Response:
    told = {"csrf": SESSION.csrf, **form}
    return requests.post(url, data=told, cookies={"sid": "1"}, allow_redirects=False, timeout=30)


def test_authlib_walks_through_code_refresh_introspection_and_revocation(base: str) -> None:
    verifier = generate_token(48)
    with OAuth2Session(
        "app",
        scope="openid read",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
    ) as client:
        url, state = client.create_authorization_url(f"{base}/authorize", code_verifier=verifier)
        page = requests.get(url, cookies={"sid": "1"}, timeout=30)
        sent = consent(url).headers["location"]
        tokens = client.fetch_token(
            f"{base}/token", authorization_response=sent, code_verifier=verifier, state=state
        )
        first = tokens["access_token"]
        renewed = client.refresh_token(f"{base}/token", tokens["refresh_token"])
        client.revoke_token(f"{base}/revoke", renewed["refresh_token"])

    assert page.headers["x-frame-options"] == "DENY"
    assert "marmalade-csrf" in page.text
    assert "Allow app to act as alice: openid read?" in page.text
    assert sent.startswith(CALLBACK)
    assert "iss=" in sent
    assert {"id_token", "expires_in"} <= set(tokens)
    with OAuth2Session("service", SECRET) as service:
        made = service.fetch_token(f"{base}/token", grant_type="client_credentials")
        ask = service.introspect_token
        alive = ask(f"{base}/introspect", made["access_token"]).json()
        dead = ask(f"{base}/introspect", first).json()
    assert alive["active"] is True
    assert alive["sub"] == "service"
    assert dead == {"active": False}


def test_pages_and_errors_over_http(base: str) -> None:
    asked = "response_type=code&client_id=app&redirect_uri=" + CALLBACK

    def get(path: str, **more: Any) -> requests.Response:
        return requests.get(base + path, timeout=30, **more)

    assert get("/authorize?" + asked).status_code == 401
    assert consent(f"{base}/authorize?{asked}", csrf="wrong").status_code == 403
    assert consent(f"{base}/authorize?client_id=<b>").status_code == 400
    assert "error=invalid_request" in consent(f"{base}/authorize?{asked}").headers["location"]
    told = requests.post(f"{base}/token", data={"client_id": "service"}, timeout=30)
    assert told.status_code == 401
    assert told.headers["www-authenticate"].startswith("Basic")
    assert told.headers["cache-control"] == "no-store"
    assert requests.post(f"{base}/token", data=b"\xff", timeout=30).status_code == 400
    assert requests.post(f"{base}/token", data=b"x" * 40_000, timeout=30).status_code == 413
    parts = iter([b"x" * 20_000, b"x" * 20_000])  # sent in chunks, without a Content-Length
    assert requests.post(f"{base}/token", data=parts, timeout=30).status_code == 413
    damaged = requests.post(
        f"{base}/authorize?{asked}", data=b"\xff", cookies={"sid": "1"}, timeout=30
    )
    assert damaged.status_code == 400
    document = get("/.well-known/oauth-authorization-server").json()
    assert document["issuer"] == "https://as.example"
    assert get("/jwks").json()["keys"][0]["kid"] == "k1"
    bad = get("/userinfo", headers={"Authorization": "Bearer x"})
    assert bad.status_code == 401
    assert "malformed" in bad.headers["www-authenticate"]
    service = {"grant_type": "client_credentials", "client_id": "service", "client_secret": SECRET}
    token = requests.post(f"{base}/token", data=service, timeout=30).json()["access_token"]
    bearer = get("/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert bearer.json() == {"sub": "service"}
    tv = requests.post(f"{base}/device_authorization", data={"client_id": "tv"}, timeout=30).json()
    told = {"grant_type": DEVICE_GRANT, "client_id": "tv", "device_code": tv["device_code"]}
    poll = requests.post(f"{base}/token", data=told, timeout=30)
    assert poll.json()["error"] == "authorization_pending"


RACER = """
import sys
from velvet_auth.database import Database
from velvet_auth.keys import Key, KeySet
from velvet_auth.oauth.clients import Client
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.sessions import SessionStore
from velvet_auth.tokens import Issuer
with Database(sys.argv[1]) as db:
    issuer = Issuer("https://as.example", KeySet([Key.symmetric(bytes(32))]))
    server = AuthorizationServer(issuer, [Client("app")], db, audience="api", secret=b"s" * 32)
    form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": sys.argv[3]}
    calls = (lambda: SessionStore(db).rotate(sys.argv[2], "user"), lambda: server.token(form.items()))
    for call in calls:
        print("ready", flush=True)
        sys.stdin.readline()
        try:
            call()
            print("won", flush=True)
        except Exception as error:
            print(getattr(error, "code", error), flush=True)
"""


def test_of_four_processes_one_rotates_a_session_and_one_refreshes_a_token(
    tmp_path: Path, es256: Key, make_server: Any
) -> None:
    path = tmp_path / "auth.db"
    with Database(path) as db:
        session = SessionStore(db).create("alice")
        token = refresh_token_of(make_server(time.time, db, es256))
    words = [sys.executable, "-c", RACER, str(path), session, token]
    racers = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]

    rounds: list[list[str]] = []
    for _ in range(2):
        said = [[racer.stdout.readline() for racer in racers]]  # type: ignore[union-attr]
        for racer in racers:
            racer.stdin.write("go\n")  # type: ignore[union-attr]
            racer.stdin.flush()  # type: ignore[union-attr]
        said += [[racer.stdout.readline() for racer in racers]]  # type: ignore[union-attr]
        rounds.append(sorted(line.strip() for line in said[1]))
    for racer in racers:
        racer.communicate(timeout=PATIENCE_S)

    assert rounds == [["anonymous"] * 3 + ["won"], ["invalid_grant"] * 3 + ["won"]]


def refresh_token_of(server: Any) -> str:
    """Return the first refresh token of a login."""
    asked = {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": CALLBACK,
        "code_challenge": s256("v" * 43),
        "code_challenge_method": "S256",
    }
    code = dict(parse_qsl(urlsplit(server.authorize(asked.items(), "alice").url).query))["code"]
    told = {"grant_type": "authorization_code", "client_id": "app", "code": code}
    return str(server.token({**told, "code_verifier": "v" * 43}.items())["refresh_token"])


def test_of_sixteen_threads_one_refreshes(
    db: Database, es256: Key, clock: Any, make_server: Any
) -> None:
    server = make_server(clock, db, es256)
    token = refresh_token_of(server)
    form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}
    start, won = threading.Barrier(16), []

    def refresh() -> None:
        start.wait(PATIENCE_S)
        try:
            won.append(server.token(form.items()))
        except OAuthError:
            return

    threads = [threading.Thread(target=refresh) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
