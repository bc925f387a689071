"""What survives: a store that refuses, a process that is killed, a clock that jumps."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from velvet_auth.database import Database
from velvet_auth.errors import OAuthError, SessionError, TokenError
from velvet_auth.keys import Key
from velvet_auth.oauth.records import s256
from velvet_auth.samples.lab import Clock
from velvet_auth.sessions import SessionStore

FORM = {"grant_type": "authorization_code", "client_id": "app", "code_verifier": "v" * 43}
ASK = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": "https://app.example/cb",
    "code_challenge": s256("v" * 43),
    "code_challenge_method": "S256",
}


def code_of(server: Any) -> str:
    made = server.authorize(ASK.items(), "alice")
    return dict(parse_qsl(urlsplit(made.url).query))["code"]


def test_a_code_is_not_consumed_when_its_token_cannot_be_stored(server: Any, db: Database) -> None:
    code = code_of(server)
    db.define(
        "CREATE TRIGGER full BEFORE INSERT ON access BEGIN SELECT RAISE(ABORT, 'disk full'); END;"
    )
    with pytest.raises(Exception, match="disk full"):
        server.token({**FORM, "code": code}.items())
    assert db.rows("SELECT used_at FROM codes") == [(None,)]
    assert db.rows("SELECT 1 FROM refresh") == []

    db.define("DROP TRIGGER full")

    assert server.token({**FORM, "code": code}.items())["access_token"]


def test_a_session_that_cannot_be_written_is_no_session(tmp_path: Path) -> None:
    path = tmp_path / "auth.db"
    with Database(path) as db:
        store = SessionStore(db)
        db.change("PRAGMA query_only = ON")

        with pytest.raises(SessionError) as caught:
            store.create("alice")

        assert caught.value.code == "unavailable"
        db.change("PRAGMA query_only = OFF")
        assert db.rows("SELECT 1 FROM sessions") == []
        with pytest.raises(ZeroDivisionError):
            _half_way(db, store)
        assert db.rows("SELECT 1 FROM sessions") == []


def _half_way(db: Database, store: SessionStore) -> None:
    with db.transaction():
        store.create("alice")
        raise ZeroDivisionError


class Full:
    """A connection whose disk is full at its first commit."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.commits = inner, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def execute(self, statement: str, *values: Any) -> Any:
        self.commits += statement == "COMMIT"
        if statement == "COMMIT" and self.commits == 1:
            raise sqlite3.OperationalError("database or disk is full")
        return self.inner.execute(statement, *values)


def test_after_a_commit_on_a_full_disk_the_next_one_works(db: Database) -> None:
    store = SessionStore(db)
    db._connection = Full(db._connection)  # type: ignore[assignment]

    with pytest.raises(SessionError, match="unavailable"), db.transaction():
        store.create("alice")
    with db.transaction():
        store.create("bob")

    assert db.rows("SELECT user FROM sessions") == [("bob",)]


KILLED = """
import sys
from velvet_auth.database import Database
from velvet_auth.keys import Key, KeySet
from velvet_auth.oauth.clients import Client
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.sessions import SessionStore
from velvet_auth.tokens import Issuer
db = Database(sys.argv[1])
store, issuer = SessionStore(db), Issuer("https://as.example", KeySet([Key.generate("ES256")]))
server = AuthorizationServer(issuer, [Client("app")], db, audience="api", secret=b"s" * 32)
def sign(*_, **__):
    store.create("bob")
    print("half way", flush=True)
    sys.stdin.readline()
issuer.sign = sign
print(store.create("alice"), flush=True)
form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": sys.stdin.readline().strip()}
server.token(form.items())
"""


def test_a_process_that_is_killed_within_a_refresh_leaves_whole_stores(
    tmp_path: Path, es256: Key, make_server: Any
) -> None:
    path = tmp_path / "auth.db"
    with Database(path) as db:
        before = make_server(time.time, db, es256)
        token = before.token({**FORM, "code": code_of(before)}.items())["refresh_token"]
        before.denied.add("revoked", time.time() + 300)
    words = [sys.executable, "-c", KILLED, str(path)]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdin is not None
    kept = child.stdout.readline().strip()
    child.stdin.write(f"{token}\n")
    child.stdin.flush()
    assert child.stdout.readline() == "half way\n"

    child.kill()
    child.wait(60)
    child.stdout.close()
    child.stdin.close()

    assert sys.platform == "win32" or child.returncode == -signal.SIGKILL
    with Database(path) as db:
        assert SessionStore(db).load(kept) is not None
        assert db.rows("SELECT user FROM sessions") == [("alice",)]
        after = make_server(time.time, db, es256)
        assert "revoked" in after.denied
        told = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}
        assert after.token(told.items())["refresh_token"]
        with pytest.raises(OAuthError, match="was used"):
            after.token(told.items())


@pytest.mark.parametrize("jump", [3, -600])
def test_an_answer_that_was_lost_is_given_again_within_the_grace(
    jump: float, clock: Clock, db: Database, es256: Key, make_server: Any
) -> None:
    before = make_server(clock, db, es256, grace_s=2)
    token = before.token({**FORM, "code": code_of(before)}.items())["refresh_token"]
    told = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}
    lost = before.token(told.items())["refresh_token"]

    restarted = make_server(clock, db, es256, grace_s=2)
    assert restarted.token(told.items())["refresh_token"] == lost
    clock.ahead(jump)
    with pytest.raises(OAuthError):
        restarted.token(told.items())


def test_a_code_that_comes_again_after_its_minute_ends_what_it_brought(
    server: Any, clock: Clock
) -> None:
    told = {**FORM, "code": code_of(server)}
    tokens = server.token(told.items())

    clock.ahead(61)

    with pytest.raises(OAuthError, match="invalid_grant"):
        server.token(told.items())
    with pytest.raises(TokenError, match="revoked"):
        server.verifier.verify(tokens["access_token"])


def test_tokens_and_refreshes_go_on_after_the_signing_key_was_replaced(server: Any) -> None:
    first = server.token({**FORM, "code": code_of(server)}.items())

    fresh = server.issuer.keys.rotate(Key.generate("EdDSA"))
    told = {"grant_type": "refresh_token", "client_id": "app"}
    second = server.token({**told, "refresh_token": first["refresh_token"]}.items())

    for answer in (first, second):
        assert server.verifier.verify(answer["access_token"])["sub"] == "alice"
    assert server.metadata()["id_token_signing_alg_values_supported"] == [fresh.alg]


@pytest.mark.parametrize(("jump", "code"), [(600, "expired"), (-600, "not_yet")])
def test_a_clock_that_jumps_ten_minutes(jump: float, code: str, server: Any, clock: Clock) -> None:
    token = server.token({**FORM, "code": code_of(server)}.items())["access_token"]

    clock.ahead(jump)

    with pytest.raises(TokenError) as caught:
        server.verifier.verify(token)
    assert caught.value.code == code
