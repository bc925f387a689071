# ruff: noqa: S608 - names of tables are checked identifiers, values are bound
"""Once for each key: at-least-once delivery with an idempotent effect is *effectively* once.

There is no exactly-once delivery: the acknowledgement of a finished task can be lost. What
remains is an effect that knows its key. A key goes absent -> running (with a token and a lease) ->
done (with the value, which later callers receive). A caller that died leaves a lease that runs
out. The gap that remains is between the effect and `done`; it closes only where both are one
transaction (`once_in`), or where the effect's own system takes the key (Helland, "Idempotence Is
Not a Medical Condition", ACM Queue 2012).
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from velvet.services.ladder import hidden
from velvet_queues.envelope import check_json, check_length
from velvet_queues.errors import InProgress, LeaseLost, NotSerializable, QueueUnavailable
from velvet_queues.sqlstore import SqlStore, Transaction, check_name


@dataclass(frozen=True)
class Result:
    """The value of an effect, and whether it was made before this call."""

    value: Any
    replayed: bool


class Keys(Protocol):
    """Where keys live: three steps, each of them atomic."""

    def claim(self, key: str, token: str, lease_s: float) -> tuple[str, Any]:
        """Return ("mine", None), ("running", None) or ("done", value)."""

    def finish(self, key: str, token: str, value: Any, ttl_s: float) -> bool:
        """Store the value if the token still holds the key."""

    def release(self, key: str, token: str) -> None:
        """Forget the claim after a failure."""


def once(
    keys: Keys, key: str, effect: Callable[[], Any], *, ttl_s: float = 86_400, lease_s: float = 60
) -> Result:
    """Make an effect once for a key and return its value, now or as it was made before.

    Args:
        ttl_s: how long the value is remembered: longer than any retry can take.
        lease_s: after which a caller that did not come back is taken for dead.

    Raises:
        InProgress: another caller is at it.
        LeaseLost: the effect took longer than its lease, and another caller has made it again.
        NotSerializable: the effect is made and never again, but its value is no JSON: None is kept.
        ValueError: no key, or a time that is not above 0 and finite.
    """
    if not key:
        raise ValueError(f"key must be a name, not {key!r}")
    check_length("ttl_s", ttl_s)
    check_length("lease_s", lease_s)
    token = uuid.uuid4().hex
    state = ""
    try:
        state, value = keys.claim(key, token, lease_s)
        if state == "mine":
            value = effect()
    except BaseException as error:
        if state or not isinstance(error, QueueUnavailable):  # Ctrl-C after the claim, too
            keys.release(key, token)
        raise
    if state == "running":
        raise InProgress(key)
    if state == "done":
        return Result(value, replayed=True)
    try:
        check_json(value, "value")
    except NotSerializable:
        keys.finish(key, token, None, ttl_s)
        raise
    if not keys.finish(key, token, value, ttl_s):
        raise LeaseLost(key)
    return Result(value, replayed=False)


class SqlKeys:
    """Keys in a table of SQLite or PostgreSQL; O(log n)."""

    def __init__(
        self,
        store: SqlStore,
        table: str = "idempotency",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.table, self.clock = store, check_name(table), clock
        with store.transaction() as tx:
            if store.postgres:
                tx.run("SELECT pg_advisory_xact_lock(hashtext(?))", (table,))
            tx.run(
                f"CREATE TABLE IF NOT EXISTS {table} (key TEXT PRIMARY KEY, token TEXT NOT NULL,"
                " until DOUBLE PRECISION NOT NULL, value TEXT)"
            )

    def claim(self, key: str, token: str, lease_s: float) -> tuple[str, Any]:
        """Take the key, unless it is done or held."""
        with self.store.transaction() as tx:
            return self._claim(tx, key, token, lease_s)

    def _claim(self, tx: Transaction, key: str, token: str, lease_s: float) -> tuple[str, Any]:
        now = self.clock()
        mine = tx.changed(
            f"INSERT INTO {self.table} (key, token, until) VALUES (?, ?, ?) ON CONFLICT (key) DO"
            f" UPDATE SET token = excluded.token, until = excluded.until, value = NULL"
            f" WHERE {self.table}.until <= ?",
            (key, token, now + lease_s, now),
        )
        if mine:
            return "mine", None
        [(value,)] = tx.run(f"SELECT value FROM {self.table} WHERE key = ?", (key,))
        return ("running", None) if value is None else ("done", json.loads(value))

    def finish(self, key: str, token: str, value: Any, ttl_s: float) -> bool:
        """Store the value under the key while it is ours."""
        with self.store.transaction() as tx:
            return self._finish(tx, key, token, value, ttl_s)

    def _finish(self, tx: Transaction, key: str, token: str, value: Any, ttl_s: float) -> bool:
        return bool(
            tx.changed(
                f"UPDATE {self.table} SET value = ?, until = ? WHERE key = ? AND token = ?"
                " AND value IS NULL",
                (json.dumps(value), self.clock() + ttl_s, key, token),
            )
        )

    def release(self, key: str, token: str) -> None:
        """Forget a claim of ours."""
        with self.store.transaction() as tx:
            tx.run(f"DELETE FROM {self.table} WHERE key = ? AND token = ?", (key, token))

    def once_in(self, key: str, effect: Callable[[Transaction], Any], ttl_s: float) -> Result:
        """Make an effect in the *same transaction* as its key: both are kept, or neither.

        Raises:
            InProgress: a caller of `once` is at it.
            NotSerializable: the value is no JSON; neither is kept.
            ValueError: as for `once`.
        """
        check_length("ttl_s", ttl_s)
        token = uuid.uuid4().hex
        with self.store.transaction() as tx:
            state, value = self._claim(tx, key, token, ttl_s)
            if state == "running":
                raise InProgress(key)
            if state == "done":
                return Result(value, replayed=True)
            value = effect(tx)
            check_json(value, "value")
            self._finish(tx, key, token, value, ttl_s)
        return Result(value, replayed=False)


_FINISH = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'value', ARGV[2]) redis.call('PEXPIRE', KEYS[1], ARGV[3]) return 1"""
_CLAIM = """
local found = redis.call('HMGET', KEYS[1], 'token', 'value')
if found[1] then return {found[1], found[2]} end
redis.call('HSET', KEYS[1], 'token', ARGV[1]) redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {ARGV[1], false}"""
_RELEASE = """
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then redis.call('DEL', KEYS[1]) end"""


class RedisKeys:
    """Keys in Redis; each step is one script, which Redis runs alone. O(1).

    A Redis that evicts (`allkeys-lru`) forgets keys: use one with `noeviction`.
    """

    def __init__(self, url: str, prefix: str = "idempotency:") -> None:
        import redis

        self.prefix, self.url = prefix, url
        self._redis = redis
        self.client = redis.Redis.from_url(url, socket_timeout=4, socket_connect_timeout=4)

    def _run(self, script: str, key: str, *values: Any) -> Any:
        try:
            return self.client.eval(script, 1, self.prefix + key, *values)
        except self._redis.RedisError as error:
            cause = f"Redis at {hidden(self.url)} does not answer ({type(error).__name__})"
            raise QueueUnavailable(cause, "start it or correct the address") from None

    def claim(self, key: str, token: str, lease_s: float) -> tuple[str, Any]:
        """Take the key, unless it is done or held."""
        owner, value = self._run(_CLAIM, key, token, int(lease_s * 1000))
        if value is not None:
            return "done", json.loads(value)
        return ("mine", None) if owner == token.encode() else ("running", None)

    def finish(self, key: str, token: str, value: Any, ttl_s: float) -> bool:
        """Store the value under the key while it is ours."""
        return bool(self._run(_FINISH, key, token, json.dumps(value), int(ttl_s * 1000)))

    def release(self, key: str, token: str) -> None:
        """Forget a claim of ours."""
        self._run(_RELEASE, key, token)

    def close(self) -> None:
        """Close the connection."""
        self.client.close()
