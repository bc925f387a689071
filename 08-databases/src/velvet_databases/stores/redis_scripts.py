"""What Redis holds and runs: two scripts, keys that sort like numbers, the fields of a hash."""

from __future__ import annotations

import json

from velvet_databases.domain import EPOCH, Order
from velvet_databases.stores.base import NotFound
from velvet_databases.stores.documents import from_document

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


def stamp(order: Order) -> float:
    """Return the seconds by which the set by time is sorted."""
    return (order.placed_at - EPOCH).total_seconds()


def without_lines(order: Order) -> Order:
    """Return the head of an order."""
    return Order(order.id, order.customer_id, order.status, order.placed_at, order.version)


def from_hash(order_id: int, found: dict[str, str]) -> Order:
    """Return the order of a hash; raises `NotFound` for an empty one."""
    if not found:
        raise NotFound(f"there is no order {order_id}")
    return from_document(
        {
            "_id": order_id,
            "customer_id": int(found["customer_id"]),
            "status": found["status"],
            "placed_at": found["placed_at"],
            "version": int(found["version"]),
            "lines": json.loads(found["lines"]),
        }
    )
