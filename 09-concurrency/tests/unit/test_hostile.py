"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from velvet.hostile import Fixed, HostileTests, Key, call
from velvet_concurrency import clock, iobound, matmul, resilience, runtime
from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen
from velvet_concurrency.breaker.core import CountWindow
from velvet_concurrency.limiters import async_limiter, base, gcra, keyed, token_bucket, windows
from velvet_concurrency.pressure import bulkhead, codel, queue
from velvet_concurrency.redis_limiter import encoded_key
from velvet_concurrency.simulate import admissions
from velvet_concurrency.structured import mapping
from velvet_concurrency.trace.tracer import Tracer

WINDOWS = (windows.NaiveRateLimiter, windows.FixedWindowLimiter, windows.SlidingLogLimiter)


async def soon(value: object = 1) -> object:
    return value


class TestHostile(HostileTests):
    errors = (base.CapacityExceeded, CircuitOpen)
    mutable = {"breaker.core.Core", "breaker.core.Epoch"}
    calls = (
        call(CircuitBreaker, 0.5, 10, min_calls=5, open_for=1.0, half_open_calls=1),
        call(CountWindow, 5),
        call(clock.FakeClock, 1.0).then("advance", 1.0).then("sleep", 0.5),
        call(iobound.predict, 10, 2, 0.1, 0.01),
        call(async_limiter.AsyncLimiter, 5.0, 5),
        call(base.checked_tokens, 1),
        call(base.checked_count, "n", 3),
        call(base.checked_seconds, "s", 1.0),
        call(base.checked_wait, "s", 1.0),
        call(base.checked_rate, 1.0),
        call(gcra.GCRALimiter, 5.0, 5).then("allow", 1).then("check", 1),
        call(token_bucket.TokenBucketLimiter, 5.0, 5)
        .then("allow", 1)
        .then("set_rate", 2.0)
        .then("reserve", 1, max_wait=0.0),
        *(call(kind, 5, 1.0).then("allow", 1).then("check", 1) for kind in WINDOWS),
        call(windows.SlidingWindowCounter, 5, 1.0).then("allow", 1),
        call(keyed.KeyedLimiter, Fixed(lambda: gcra.GCRALimiter(5.0, 5)), 10).then(
            "allow", Key("a"), 1
        ),
        call(matmul.random_rows, 2, seed=Fixed(1)).but(many=50),
        call(bulkhead.Bulkhead, 2, 1, timeout=0.1),
        call(codel.CoDel, 0.005, 0.1),
        call(queue.AdmissionQueue, 3, Fixed("reject")),
        call(encoded_key, "prefix:", "key"),
        call(resilience.HedgeBudget, 0.1, 5.0),
        call(resilience.hedge, soon, 0.1, 1),
        call(resilience.race, soon),
        call(resilience.retry, soon, 2, base=0.0, cap=0.0),
        call(runtime.quantile, [1.0, 2.0], 0.5),
        call(admissions.poisson, 5.0, 2.0, seed=Fixed(1)).but(many=50),
        call(admissions.edge_attack, 3, 1.0).but(many=50),
        call(admissions.on_off, 5.0, 2.0, seed=Fixed(1)).but(many=50),
        call(admissions.worst_window, [1.0, 2.0], 1.0).but(nan="times are those of a clock"),
        call(mapping.amap, soon, [1, 2], 2),
        call(Tracer, 10).but(shares="spans of the moment, which are read and not copied"),
    )
    excepted = {
        "breaker.core": "made by the breaker only, from what it has checked",
        "connections": "starts a server and its clients",
        "iobound": "`open_loop` sends to a server",
        "matmul.multiply": "takes arrays, which NumPy checks",
        "pipeline": "stages are coroutines; tests/unit/test_pipeline.py gives them what is hostile",
        "pools": "starts processes; tests/failure/test_pools_failures.py",
        "pressure.bulkhead.WaitQueue": "the waiting of a bulkhead, made by it only",
        "redis_limiter": "needs a server; tests/unit/test_redis_limiter_errors.py",
        "resilience.deadline": "a context manager; tests/unit/test_resilience.py",
        "runtime": "what the machine is asked, with no argument of a caller",
        "shared_array": "segments of the machine; tests/unit/test_shared_array.py",
        "simulate": "simulations of fixed scenes, whose lengths are the reader's",
        "structured": "takes tasks and signals; tests/unit/test_shutdown.py",
        "trace": "spans that the tracer itself has recorded",
    }
