"""Which policy recovers: in virtual time, and again over real sockets."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from velvet.bench import Metric, Outcome, Suite, mode, ratio, value
from velvet_http.comparisons._server import served

SEEDS = {"quick": range(1, 3), "default": range(1, 6), "full": range(1, 6)}
NEVER = 70.0  # seconds that remain after the outage
POLICIES = (
    "no retry", "immediate", "fixed", "exponential", "full jitter", "full jitter + 10 % budget",
)  # fmt: skip
# The real storm is the simulated one with its time five times as fast.
FASTER = 5.0
REAL_SECONDS = 6.0


def policy(name: str, *, faster: float = 1.0) -> Any:
    """Return the policy of a name, its delays divided by `faster`."""
    from velvet_http.policy import Backoff, NoBudget, RatioBudget, RetryPolicy

    free, base = NoBudget(), 0.05 / faster
    full = Backoff(base=base)
    made = {
        "no retry": lambda: RetryPolicy(attempts=1, budget=free),
        "immediate": lambda: RetryPolicy(backoff=Backoff(base=0, cap=0), budget=free),
        "fixed": lambda: RetryPolicy(
            backoff=Backoff(base=base, factor=1, jitter="none"), budget=free
        ),
        "exponential": lambda: RetryPolicy(backoff=Backoff(base=base, jitter="none"), budget=free),
        "full jitter": lambda: RetryPolicy(backoff=full, budget=free),
        "full jitter + 10 % budget": lambda: RetryPolicy(
            backoff=full, budget=RatioBudget(0.1, window=10 / faster)
        ),
    }
    return made[name]()


def _simulated(name: str, offered: int) -> Callable[[], Outcome]:
    from velvet_http.simulate import Scenario, simulate

    def measure() -> Outcome:
        runs = [
            simulate(Scenario(policy(name), offered=offered, seed=seed)) for seed in SEEDS[mode()]
        ]
        back = [NEVER if run.recovered_after is None else run.recovered_after for run in runs]
        return Outcome(
            {
                "amplification": sum(run.amplification for run in runs) / len(runs),
                "goodput_after": 100 * sum(run.goodput_after for run in runs) / len(runs),
                "recovery": max(back),
            }
        )

    return measure


def _contention(jitter: str, clients: int) -> Callable[[], Outcome]:
    from velvet_http.comparisons.contention import simulate_contention
    from velvet_http.policy import Backoff

    base = 0.005 if jitter == "decorrelated" else 0.01
    backoff = None if jitter == "no backoff" else Backoff(base=base, cap=2, jitter=jitter)  # type: ignore[arg-type]

    def measure() -> Outcome:
        runs = [simulate_contention(clients, backoff, seed=seed) for seed in range(10)]
        return Outcome(
            {
                "calls": sum(calls for calls, _ in runs) / len(runs),
                "seconds": sum(seconds for _, seconds in runs) / len(runs),
            }
        )

    return measure


def _real(name: str) -> Iterator[Any]:
    """Send real requests to a real server whose queue does the simulator's arithmetic."""
    import aiohttp  # noqa: F401 - its import is not measured

    return served(lambda server: lambda: _storm(server.urls["http"], name))


def _storm(url: str, name: str) -> Outcome:
    import anyio

    from velvet_http import contenders
    from velvet_http.client import Settings
    from velvet_http.errors import HttpError
    from velvet_http.model import Request
    from velvet_http.resilient import AsyncResilientClient

    offered, capacity = 80 * FASTER / 2.5, 100 * FASTER / 2.5
    timeout, outage, queue = 1.0 / FASTER, (1.0, 2.6), int(200 / 2.5)
    retries = policy(name, faster=FASTER)
    timed = type(retries)(retries.attempts, retries.backoff, retries.budget, per_attempt=timeout)
    arrivals, good, sent = random.Random(1), Counter[int](), [0, 0]

    async def run() -> None:
        settings = Settings(pool=10_000)
        async with contenders.connect_async("aiohttp", settings) as plain:
            client = AsyncResilientClient(plain, timed, rng=random.Random(2))
            asked = f"capacity={capacity}&queue={queue}&from={outage[0]}&to={outage[1]}"
            await plain.get(f"{url}/work/setup?{asked}")
            began = time.monotonic()

            async def call() -> None:
                try:
                    response = await client.request(Request("GET", f"{url}/work"))
                except HttpError:
                    return
                good[int(time.monotonic() - began)] += response.status == 200

            async with anyio.create_task_group() as group:
                due = began
                while due < began + REAL_SECONDS:
                    await anyio.sleep(max(0.0, due - time.monotonic()))
                    group.start_soon(call)
                    sent[0] += 1
                    due += arrivals.expovariate(offered)
                group.cancel_scope.cancel()
            sent[1] = int((await plain.get(f"{url}/work/count")).json()["count"])

    anyio.run(run)
    first = int(outage[1]) + 1
    after = sum(good[second] for second in range(first, int(REAL_SECONDS)))
    share = 100 * after / (offered * (int(REAL_SECONDS) - first))
    return Outcome({"amplification": sent[1] / sent[0], "goodput_after": share})


def _hedged(quantile: float | None) -> Callable[[], Outcome]:
    """Draw 100,000 latencies, 3 % of them slow; a hedge takes the smaller of two draws."""
    from velvet_http.guard import HedgePolicy

    def measure() -> Outcome:
        rng, calls = random.Random(1), 100_000
        hedge = None if quantile is None else HedgePolicy(quantile)

        def draw() -> float:
            return rng.gauss(0.2, 0.005) if rng.random() < 0.03 else rng.gauss(0.01, 0.001)

        times = []
        for _ in range(calls):
            latency = draw()
            if hedge is not None:
                pause = hedge.hedge_after()
                if pause is not None and latency > pause and hedge.try_hedge():
                    latency = min(latency, pause + draw())
                hedge.observe(latency)
            times.append(latency * 1000)
        times.sort()
        return Outcome(
            {
                "p50": times[calls // 2],
                "p99": times[int(calls * 0.99)],
                "p999": times[int(calls * 0.999)],
                "extra": 100 * hedge.extra / calls if hedge else 0.0,
            }
        )

    return measure


def add_to(suite: Suite) -> None:
    """Declare the comparisons of this file and their claims."""
    rows = suite.comparison(
        "retry_policies",
        title="A service for 100 calls a second, down for 10 s (virtual time)",
        kind="value",
        unit="calls",
        metrics={
            "goodput_after": Metric("%", "higher"),
            "amplification": Metric("requests/call"),
            "recovery": Metric("s"),
        },
        sizes={"offered": [60, 80, 90]},
        quick=lambda offered: offered == 80,
    )
    for name in POLICIES:
        rows.add(
            name, lambda offered, name=name: _simulated(name, offered), baseline=name == "no retry"
        )
    full, budget, at = "full jitter", "full jitter + 10 % budget", {"offered": 80}
    suite.claim(
        "at 80 % load, full jitter without a budget does not recover within 70 s",
        (value("retry_policies", full, "recovery", **at) >= NEVER)
        & (value("retry_policies", full, "goodput_after", **at) <= 30),
    )
    suite.claim(
        "with a 10 % budget it recovers within 2 s and sends at most 1.1 requests a call",
        (value("retry_policies", budget, "recovery", **at) <= 2)
        & (value("retry_policies", budget, "amplification", **at) <= 1.1),
    )

    rows = suite.comparison(
        "real_storm",
        title="A smaller storm of the same shape over real sockets, an outage of 1.6 s",
        kind="run",
        unit="%",
        metrics={
            "amplification": Metric("requests/call"),
            "goodput_after": Metric("%", "higher"),
        },
        rounds={"quick": 1, "default": 2},
    )
    for name in (full, budget):
        rows.add(name, lambda name=name: _real(name), baseline=name == budget)
    suite.claim(
        "over real sockets, too: at most 30 % are answered after the outage without a budget, "
        "at least 80 % with one",
        (value("real_storm", full, "goodput_after") <= 30)
        & (value("real_storm", budget, "goodput_after") >= 80),
        needs="calm",  # its second is a second of the wall
    )

    rows = suite.comparison(
        "contention",
        title="Clients that update one record at once (virtual time, the model of AWS)",
        kind="value",
        unit="calls",
        metrics={"calls": Metric("calls"), "seconds": Metric("s")},
        sizes={"clients": [10, 50, 100]},
        quick=lambda clients: clients == 100,
    )
    for jitter in ("no backoff", "none", "full", "equal", "decorrelated"):
        rows.add(
            "exponential" if jitter == "none" else jitter,
            lambda clients, jitter=jitter: _contention(jitter, clients),
            baseline=jitter == "none",
        )
    hundred = {"clients": 100}
    suite.claim(
        "with 100 clients, full jitter needs at most 0.6 of the calls of plain exponential backoff",
        ratio("contention", "full", "exponential", "calls", **hundred) <= 0.6,
    )
    suite.claim(
        "and at most a fifth of its time",
        ratio("contention", "full", "exponential", "seconds", **hundred) <= 0.2,
    )

    rows = suite.comparison(
        "hedging",
        title="97 % of answers after 10 ms, 3 % after 200 ms (virtual time, 100,000 calls)",
        kind="value",
        unit="ms",
        metrics={
            "p99": Metric("ms"), "p50": Metric("ms"), "p999": Metric("ms"), "extra": Metric("%"),
        },
    )  # fmt: skip
    for label, quantile in {"off": None, "at p95": 0.95, "at p99": 0.99}.items():
        rows.add(label, lambda quantile=quantile: _hedged(quantile), baseline=quantile is None)
    suite.claim(
        "hedging at p95 takes p99 to at most 0.3 of what it was, for at most 5 % more requests",
        (ratio("hedging", "at p95", "off", "p99") <= 0.3)
        & (value("hedging", "at p95", "extra") <= 5),
    )
