"""Orders in Redis: a hash for each, a sorted set by time, and scripts where two things must agree.

Nothing in Redis relates keys to each other, so the two indexes are kept by the writer, in the same
MULTI block. Balances are counters; a script decides and moves at once, because Redis runs nothing
else meanwhile. Scripts count in doubles: amounts are exact up to 2^53 cents.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from velvet_databases.domain import EPOCH, Dataset, Order
from velvet_databases.sqlcapture import QueryLog
from velvet_databases.stores import base
from velvet_databases.stores.address import CONNECT_SECONDS, Address
from velvet_databases.stores.base import Loading, TransferHow, Unsupported
from velvet_databases.stores.documents import from_document, only_atomic, to_document
from velvet_databases.stores.shared import Connected

# Members that sort as text like their numbers do; the offset keeps negative keys in front.
OFFSET, DIGITS = 2**63, 20
# Returns 0 when done, else the number of the account that is missing or too poor, and the balance.
MOVE = """
local from, to = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if not from then return {1, -1} end
if not to then return {2, -1} end
if tonumber(from) < tonumber(ARGV[1]) then return {1, tonumber(from)} end
redis.call('DECRBY', KEYS[1], ARGV[1])
redis.call('INCRBY', KEYS[2], ARGV[1])
return {0, 0}
"""
# Returns the version that was found: the expected one when the status was set, 0 for no order.
SET_STATUS = """
local version = redis.call('HGET', KEYS[1], 'version')
if not version then return 0 end
if version == ARGV[2] then
  redis.call('HSET', KEYS[1], 'status', ARGV[1], 'version', version + 1)
end
return tonumber(version)
"""


def member(order_id: int) -> str:
    """Return the text of a key that sorts as its number does."""
    return f"{order_id + OFFSET:0{DIGITS}}"


def from_hash(order_id: int, found: dict[str, str]) -> Order:
    """Return the order of a hash; raises `NotFound` for an empty one."""
    if not found:
        raise base.no_order(order_id)
    numbers = {name: int(found[name]) for name in ("customer_id", "version")}
    lines = json.loads(found["lines"])
    return from_document({**found, **numbers, "_id": order_id, "lines": lines})


class RedisStore(Connected):
    """Redis; thread-safe, since its client takes a pooled connection for each command.

    Args:
        prefix: of every key, so that several shops live in one server.
    """

    name: ClassVar[str] = "redis"
    backends: ClassVar[frozenset[str]] = frozenset({"redis"})
    backend = "redis"

    def __init__(self, prefix: str = "shop:") -> None:
        self.prefix = prefix

    @property
    def client(self) -> Any:
        """The client; raises `StoreUnavailable` where there is none."""
        return self.opened

    def _connect(self, address: Address) -> Any:
        # Without a bound of its own a read waits for ever, and each retry waits once more.
        return redis.Redis.from_url(
            address.url,
            decode_responses=True,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def _check(self) -> None:
        self.client.ping()

    def _key(self, kind: str, key: int) -> str:
        return f"{self.prefix}{kind}:{key}"

    def _run(self, script: str, keys: list[str], *values: object) -> Any:
        return self.client.eval(script, len(keys), *keys, *values)

    def create_schema(self) -> None:
        """Nothing has to be declared; asks whether the server is there."""
        self.client.ping()

    def drop_schema(self) -> None:
        """Remove every key under the prefix; O(keys of the server)."""
        pattern = "".join(f"[{mark}]" if mark in "*?[]" else mark for mark in self.prefix) + "*"
        for key in self.client.scan_iter(match=pattern, count=1000):
            self.client.unlink(key)

    def insert_reference(self, data: Dataset) -> None:
        """Insert the accounts; customers and products have no place of their own here."""
        with self.client.pipeline() as block:
            for account in data.accounts:
                block.set(self._key("account", account.id), account.balance_cents)
            block.execute()

    def bulk_methods(self) -> tuple[str, ...]:
        """`one_by_one` waits for every answer and keeps what came before a failure."""
        return ("one_by_one", "pipeline")

    def insert_orders(self, data: Dataset, method: str) -> int:
        """Insert the orders and their lines; return the number of rows they would be."""
        base.check_method(method, self.bulk_methods())
        with self.client.pipeline() as block:
            for order in data.orders:
                self._put(block if method == "pipeline" else self.client, order)
            block.execute()
        return data.order_rows

    def _put(self, target: Any, order: Order) -> None:
        fields = to_document(order)
        key = fields.pop("_id")
        fields["placed_at"] = order.placed_at.isoformat()
        fields["lines"] = json.dumps(fields["lines"], separators=(",", ":"))
        target.hset(self._key("order", key), mapping=fields)
        target.zadd(f"{self.prefix}by_key", {member(key): 0})
        target.zadd(f"{self.prefix}by_time", {str(key): (order.placed_at - EPOCH).total_seconds()})

    def get_order(self, order_id: int) -> Order:
        return from_hash(order_id, self.client.hgetall(self._key("order", order_id)))

    def _keys(self, after_id: int | None, limit: int) -> list[int]:
        low = "-" if after_id is None else f"({member(after_id)}"
        found = self.client.zrangebylex(f"{self.prefix}by_key", low, "+", 0, limit)
        return [int(member) - OFFSET for member in found]

    def many(self, keys: list[int]) -> list[Order]:
        """Return orders with their lines in one round trip; raises `NotFound`."""
        with self.client.pipeline(transaction=False) as asked:
            for key in keys:
                asked.hgetall(self._key("order", key))
            return [from_hash(key, found) for key, found in zip(keys, asked.execute(), strict=True)]

    def page(self, after_id: int, limit: int) -> list[Order]:
        """Return the heads of the next orders by key: two round trips."""
        return [Order(*order.head) for order in self.many(self._keys(after_id, limit))]

    def latest(self, limit: int) -> list[Order]:
        """Return the newest orders with their lines, from the sorted set by time."""
        keys = self.client.zrevrange(f"{self.prefix}by_time", 0, limit - 1)
        return self.many([int(key) for key in keys])

    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        """Return the first orders with their lines; lazily they are fetched one by one."""
        if strategy not in (Loading.LAZY, Loading.SELECT_IN):
            raise Unsupported(f"{strategy.name}: Redis knows keys, neither joins nor attributes")
        keys = self._keys(None, limit)
        if strategy is Loading.LAZY:
            return [self.get_order(key) for key in keys]
        return self.many(keys)

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        """Yield the heads of all orders by key, a page at a time."""
        keys = self._keys(None, batch)
        while keys:
            yield from (Order(*order.head) for order in self.many(keys))
            keys = self._keys(keys[-1], batch)

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version, in one script."""
        key = self._key("order", order_id)
        version = self._run(SET_STATUS, [key], status, expected_version)
        if version == 0:
            raise base.no_order(order_id)
        if version != expected_version:
            raise base.stale_order(order_id, version, expected_version)

    def balance(self, account_id: int) -> int:
        found = self.client.get(self._key("account", account_id))
        if found is None:
            raise base.no_account(account_id)
        return int(found)

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        """Move money by a script, which is a transaction: Redis runs nothing else meanwhile."""
        base.moves(source, target, cents)
        only_atomic("Redis", how)
        keys = [self._key("account", source), self._key("account", target)]
        which, balance = self._run(MOVE, keys, cents)
        if which:
            account = (source, target)[which - 1]
            raise (
                base.no_account(account) if balance < 0 else base.overdraft(account, balance, cents)
            )

    def capture(self) -> AbstractContextManager[QueryLog]:
        """Raise `Unsupported`: there is no SQL to record."""
        raise Unsupported("Redis is not asked in SQL: count its round trips with LatencyProxy")
