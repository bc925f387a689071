"""What survives: a store that refuses, a process that is killed, a clock that jumps."""

from __future__ import annotations

import signal
import subprocess
import sys
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


KILLED = """
import os, signal, sys
from velvet_auth.database import Database
from velvet_auth.sessions import SessionStore
db = Database(sys.argv[1])
store = SessionStore(db)
print(store.create("alice"), flush=True)
db.change("BEGIN IMMEDIATE")
store.create("bob")
print("half way", flush=True)
sys.stdin.readline()
"""


def test_a_killed_process_leaves_whole_sessions(tmp_path: Path) -> None:
    path = tmp_path / "auth.db"
    words = [sys.executable, "-c", KILLED, str(path)]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdin is not None
    kept = child.stdout.readline().strip()
    assert child.stdout.readline() == "half way\n"

    child.kill()
    child.wait(60)
    child.stdout.close()
    child.stdin.close()

    assert sys.platform == "win32" or child.returncode == -signal.SIGKILL
    with Database(path) as db:
        store = SessionStore(db)
        assert store.load(kept) is not None
        assert db.rows("SELECT user FROM sessions") == [("alice",)]


def test_an_answer_that_was_lost_is_given_again_within_the_grace(
    clock: Clock, db: Database, es256: Key, make_server: Any
) -> None:
    before = make_server(clock, db, es256, grace_s=2)
    token = before.token({**FORM, "code": code_of(before)}.items())["refresh_token"]
    told = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}
    lost = before.token(told.items())["refresh_token"]

    restarted = make_server(clock, db, es256, grace_s=2)
    assert restarted.token(told.items())["refresh_token"] == lost
    clock.ahead(3)
    with pytest.raises(OAuthError):
        restarted.token(told.items())


@pytest.mark.parametrize(("jump", "code"), [(600, "expired"), (-600, "not_yet")])
def test_a_clock_that_jumps_ten_minutes(jump: float, code: str, server: Any, clock: Clock) -> None:
    token = server.token({**FORM, "code": code_of(server)}.items())["access_token"]

    clock.ahead(jump)

    with pytest.raises(TokenError) as caught:
        server.verifier.verify(token)
    assert caught.value.code == code
