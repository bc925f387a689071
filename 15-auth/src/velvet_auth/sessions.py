"""Sessions that the server can end: a random id in the cookie, everything else in a table.

The table holds SHA-256 of the id, so a stolen backup opens no session. `rotate` gives a new id at
each change of privilege, which ends fixation (OWASP ASVS 5, 7.2.4). A signed cookie needs no table
and cannot be ended before it expires: `SignedCookieSessions` is here to show that difference.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from velvet_auth.database import Database
from velvet_auth.errors import SessionError

IDLE_S, ABSOLUTE_S = 30 * 60, 12 * 3600
COOKIE = "__Host-sid"
ID_BYTES = 32
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    digest BLOB PRIMARY KEY, user TEXT NOT NULL, data TEXT NOT NULL, csrf TEXT NOT NULL,
    created REAL NOT NULL, seen REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user);
"""
Clock = Callable[[], float]


@dataclass(frozen=True)
class Session:
    """A loaded session; the user is empty before login."""

    user: str
    csrf: str = field(repr=False)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


def _digest(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode("utf-8", "replace")).digest()


class SessionStore:
    """Sessions in SQLite; safe from threads and from several processes.

    `load` is one look-up by primary key, O(log n) in the number of sessions.
    """

    def __init__(
        self,
        database: Database,
        *,
        idle_s: float = IDLE_S,
        absolute_s: float = ABSOLUTE_S,
        clock: Clock = time.time,
    ) -> None:
        if not (idle_s > 0 and absolute_s > 0):
            raise ValueError(f"idle_s and absolute_s are above 0, not {idle_s} and {absolute_s}")
        self._db, self._idle, self._absolute, self._clock = database, idle_s, absolute_s, clock
        database.define(SCHEMA)

    def create(self, user: str = "", data: Mapping[str, Any] | None = None) -> str:
        """Return the id of a new session; it is shown this once."""
        made, now = secrets.token_urlsafe(ID_BYTES), self._clock()
        csrf = secrets.token_urlsafe(ID_BYTES)
        self._db.change(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)",
            (_digest(made), user, json.dumps(dict(data or {})), csrf, now, now),
        )
        return made

    def load(self, session_id: str) -> Session | None:
        """Return a session that is neither idle, old, revoked nor unknown; else None."""
        now, digest = self._clock(), _digest(session_id)
        found = self._db.row(
            "SELECT user, csrf, data, created, seen FROM sessions WHERE digest = ?", (digest,)
        )
        if found is None:
            return None
        user, csrf, data, created, seen = found
        if now - seen > self._idle or now - created > self._absolute:
            self.revoke(session_id)
            return None
        if now - seen > 60:  # one write a minute is exact enough for half an hour
            self._db.change("UPDATE sessions SET seen = ? WHERE digest = ?", (now, digest))
        return Session(user, csrf, json.loads(data))

    def rotate(self, session_id: str, user: str | None = None) -> str:
        """Return a new id for the same data, with a new user if given; the old id is dead.

        Raises:
            SessionError: code `anonymous`, when the session is gone or another request rotated it.
        """
        session = self.load(session_id)
        made, csrf = secrets.token_urlsafe(ID_BYTES), secrets.token_urlsafe(ID_BYTES)
        changed = session and self._db.change(
            "UPDATE sessions SET digest = ?, csrf = ?, user = coalesce(?, user) WHERE digest = ?",
            (_digest(made), csrf, user, _digest(session_id)),
        )
        if not changed:
            raise SessionError("anonymous", "there is no such session to rotate")
        return made

    def revoke(self, session_id: str) -> bool:
        """End one session; return whether it existed."""
        gone = self._db.change("DELETE FROM sessions WHERE digest = ?", (_digest(session_id),))
        return gone == 1

    def revoke_all(self, user: str) -> int:
        """End every session of a user, such as after a change of password."""
        return self._db.change("DELETE FROM sessions WHERE user = ?", (user,))


def cookie_header(session_id: str, *, dev_insecure: bool = False, host: str = "") -> str:
    """Return the value of Set-Cookie: `__Host-`, Secure, HttpOnly, SameSite=Lax, no Domain.

    Raises:
        ValueError: `dev_insecure` on anything but a loopback address.
    """
    if not dev_insecure:
        return f"{COOKIE}={session_id}; Secure; HttpOnly; SameSite=Lax; Path=/"
    if host not in LOOPBACK:
        raise ValueError(f"insecure cookies are for loopback, not for {host!r}")
    return f"sid={session_id}; HttpOnly; SameSite=Lax; Path=/"


class SignedCookieSessions:
    """The contender: data in the cookie, signed by itsdangerous.

    Limits: the user can read it, it is sent with each request, and it is valid until `max_age`
    whatever happened since. Starlette's SessionMiddleware is this.
    """

    def __init__(self, key: str, *, max_age_s: int = ABSOLUTE_S) -> None:
        self._serializer = URLSafeTimedSerializer(key, salt="session")
        self._max_age = int(max_age_s)

    def create(self, user: str, data: Mapping[str, Any] | None = None) -> str:
        """Return the cookie's value."""
        return str(self._serializer.dumps({"user": user, "data": dict(data or {})}))

    def load(self, value: str) -> Session | None:
        """Return the session of a value with a valid signature; else None."""
        try:
            told = self._serializer.loads(value, max_age=self._max_age)
        except BadSignature:
            return None
        return Session(told["user"], "", told["data"])


class Csrf:
    """Requests that change state come from our own pages: a token of the session, and Origin.

    Args:
        origin: this site's origin, such as ``https://shop.example``.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def check(
        self, method: str, headers: Mapping[str, str], session: Session | None, token: str
    ) -> None:
        """Pass safe methods and our own forms.

        Raises:
            SessionError: `origin` for another site's page, `csrf` for a wrong token.
        """
        if method in SAFE_METHODS:
            return
        self.check_origin({name.lower(): value for name, value in headers.items()})
        self.check_token(session, token)

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Raise `origin` for what a browser marks as coming from elsewhere (Fetch metadata)."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise SessionError("origin", "the browser says that another site sent it")
        if headers.get("origin", self._origin) != self._origin:
            raise SessionError("origin", "the page that sent it is of another origin")

    def check_token(self, session: Session | None, token: str) -> None:
        """Raise `csrf` for a token that is not the session's, compared in constant time."""
        wanted = session.csrf if session else ""
        if not wanted or not hmac.compare_digest(wanted.encode(), token.encode("utf-8", "replace")):
            raise SessionError("csrf", "the form's token is not that of the session")
