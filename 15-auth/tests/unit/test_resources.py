"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once, unlocked, writable
from velvet_auth.contenders.hashing import salted_sha256
from velvet_auth.database import Database
from velvet_auth.passwords import PasswordService
from velvet_auth.sessions import SessionStore
from velvet_auth.throttle import LoginThrottle

FORK = "a connection of SQLite is not carried into a forked child, says its documentation"
THREAD = "the block is left in the thread that entered it, as its docstring says"


class Opened(Database):
    """A database that knows its file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "auth.db"
        super().__init__(self.path, "CREATE TABLE IF NOT EXISTS kept (a)")

    def is_free(self) -> bool:
        return unlocked(self._lock) and writable(self.path)


def keeps_a_session(db: Opened) -> Callable[[], object]:
    store = SessionStore(db, idle_s=60.0, absolute_s=60.0)
    return lambda: store.revoke(store.create("user", {}))


class TestResources(ResourceTests):
    resources = (
        Resource(
            "database.Database.transaction",
            Opened,
            use=Database.transaction,
            free=Opened.is_free,
            elsewhere={"thread": THREAD, "child": FORK},
        ),
        Resource(
            "database.Database",
            Opened,
            free=lambda db: writable(db.path),
            elsewhere={"child": FORK},
        ),
        Resource(
            "sessions.SessionStore",
            Opened,
            use=lambda db: at_once(keeps_a_session(db)),
            free=Opened.is_free,
            elsewhere={"child": FORK},
        ),
        Resource(
            "passwords.PasswordService",
            lambda _: PasswordService(salted_sha256.Hasher(), max_workers=1, max_waiting=1),
            use=lambda one: at_once(lambda: one.check(None, "marmalade")),
            free=lambda one: one.admitted == 0 and unlocked(one._lock),
            elsewhere={"child": "a forked child has no worker thread that could answer"},
        ),
        Resource(
            "throttle.LoginThrottle",
            lambda _: LoginThrottle(),
            use=lambda one: at_once(lambda: one.failed("user", "127.0.0.1")),
            free=lambda one: unlocked(one._lock),
        ),
    )
