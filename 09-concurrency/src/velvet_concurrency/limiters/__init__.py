"""Rate limiters, from the naive list to the token bucket, GCRA, keyed and asynchronous ones.

All single-key limiters share `allow(tokens=1) -> bool` and `check(tokens=1) -> Decision` (the protocol
`RateLimiter`), take any zero-argument callable as `clock`, and differ in what they remember: every call
(naive, log), a count (windows), a level (token bucket) or one moment (GCRA).
"""

from velvet_concurrency.limiters.async_limiter import AsyncLimiter
from velvet_concurrency.limiters.base import CapacityExceeded, Decision, RateLimiter
from velvet_concurrency.limiters.gcra import GCRALimiter
from velvet_concurrency.limiters.keyed import KeyedLimiter
from velvet_concurrency.limiters.token_bucket import Reservation, TokenBucketLimiter
from velvet_concurrency.limiters.windows import (
    FixedWindowLimiter,
    NaiveRateLimiter,
    SlidingLogLimiter,
    SlidingWindowCounter,
)

__all__ = ["AsyncLimiter", "CapacityExceeded", "Decision", "FixedWindowLimiter", "GCRALimiter"]
__all__ += ["KeyedLimiter", "NaiveRateLimiter", "RateLimiter", "Reservation", "SlidingLogLimiter"]
__all__ += ["SlidingWindowCounter", "TokenBucketLimiter"]
