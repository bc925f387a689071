"""A client that applies a policy: attempts, budget, breaker, rate, deadline, key and hedge.

The order matters. The deadline covers the whole call and shortens each attempt. The
Idempotency-Key is made once, so that all attempts of a payment are one payment. Breaker and limiter
are asked before each attempt, the budget after each failure.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio

from velvet_http.client import AsyncClient, Client, run_now
from velvet_http.errors import (
    AttemptTimeout,
    BudgetExhausted,
    CircuitOpen,
    DeadlineExceeded,
    HttpError,
)
from velvet_http.guard import CircuitBreaker, HedgePolicy, TokenBucket
from velvet_http.model import Attempt, Clock, Deadline, Headers, Request, Response
from velvet_http.policy import GiveUp, Outcome, RetryPolicy, RetryState

Result = Response | HttpError


class AsyncResilientClient:
    """A client of one event loop that retries within a budget and may hedge.

    Policy, breaker and limiter belong to one service: share them among all clients of it. A hedge
    sends a second, equal request when the first is slow, and cancels the loser. A POST is repeated
    with an Idempotency-Key (pass an empty one to have it made), when no byte of it was sent, or
    when the server says that it did not take it (429, or 503 with Retry-After).

    Raises:
        ValueError: `hedge` with a transport that is not `cancel_safe`.
    """

    def __init__(
        self,
        client: AsyncClient,
        policy: RetryPolicy | None = None,
        *,
        breaker: CircuitBreaker | None = None,
        limiter: TokenBucket | None = None,
        hedge: HedgePolicy | None = None,
        rng: random.Random | None = None,
        clock: Clock = time.monotonic,
        wall: Clock = time.time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        if hedge is not None and not client.transport.cancel_safe:
            raise ValueError(
                f"hedging cancels requests, and {client.name} loses a place in its pool each time; "
                "use aiohttp or httpx2"
            )
        self._client: AsyncClient | Client = client
        self._policy = policy or RetryPolicy()
        self._breaker, self._limiter, self._hedge = breaker, limiter, hedge
        self._rng = rng or random.Random()
        self._clock, self._wall, self._sleep = clock, wall, sleep

    async def request(
        self, request: Request, *, deadline: Deadline | None = None, **limits: Any
    ) -> Response:
        """Return the response of the last attempt; `attempts` lists all.

        Raises:
            BudgetExhausted: a retry would have helped this call and hurt the service.
            CircuitOpen: nothing was sent.
            HttpError: the last attempt's error.
        """
        if request.headers.get("idempotency-key") == "":  # an empty one asks for a fresh key
            request = request.with_headers(Idempotency_Key=str(uuid.uuid4()))
        state = RetryState(self._policy, self._rng, deadline)
        started, attempts = self._clock(), list[Attempt]()
        while True:
            wait = self._admitted(deadline)
            try:
                await self._sleep(wait)
                began = self._clock()
                limits["deadline"] = self._limit(began, deadline)
                if self._hedge is not None and request.idempotent:
                    result = await self._hedged(self._hedge, request, limits, attempts, started)
                else:
                    result = await self._try(request, limits)
            except BaseException:  # cancelled: a probe without a result frees its place
                if self._breaker is not None:
                    self._breaker.release()
                raise
            now = self._clock()
            attempts.append(Attempt(began - started, now - started, _word(result)))
            over = deadline is not None and deadline.remaining(now) <= 0
            if isinstance(result, DeadlineExceeded) and not over:
                result = AttemptTimeout(str(result))
            if self._breaker is not None:
                ok = isinstance(result, Response) and result.status < 500
                self._breaker.record(ok=ok, now=now)
            outcome = Outcome(
                result.status if isinstance(result, Response) else result,
                result.headers if isinstance(result, Response) else Headers(),
                request.idempotent,
            )
            decision = state.decide(outcome, now=now, now_wall=self._wall())
            if isinstance(decision, GiveUp):
                return _finished(result, decision, attempts)
            await self._sleep(decision.delay)

    def _admitted(self, deadline: Deadline | None) -> float:
        """Return the seconds to wait before an attempt may begin."""
        now = self._clock()
        wait = self._limiter.reserve(now) if self._limiter is not None else 0.0
        if deadline is not None and wait >= deadline.remaining(now):
            raise DeadlineExceeded("the deadline passes before the next attempt may begin")
        if self._breaker is not None and not self._breaker.allow(now):
            raise CircuitOpen("the circuit is open", retry_at=self._breaker.retry_at)
        return wait

    def _limit(self, now: float, deadline: Deadline | None) -> Deadline | None:
        """Return the deadline of one attempt."""
        own = self._policy.per_attempt
        ends = [now + own] if own is not None else []
        ends += [deadline.at] if deadline is not None else []
        return Deadline(min(ends)) if ends else None

    async def _try(self, request: Request, limits: dict[str, Any]) -> Result:
        try:
            answer = self._client.request(request, **limits)
            return answer if isinstance(answer, Response) else await answer
        except HttpError as error:
            return error

    async def _hedged(
        self, hedge: HedgePolicy, request: Request, limits: dict[str, Any],
        attempts: list[Attempt], started: float,
    ) -> Result:  # fmt: skip
        """Return the first answer of up to two requests; an error counts only when it is the last."""
        pause, done, running = hedge.hedge_after(), list[Result](), 1

        async def send(*, extra: bool) -> None:
            nonlocal running
            began = self._clock()
            result = await self._try(request, limits)
            now = self._clock()
            running -= 1
            if extra:
                attempts.append(Attempt(began - started, now - started, _word(result), hedge=True))
            if isinstance(result, Response):
                hedge.observe(now - began)
            done.append(result)
            if isinstance(result, Response) or not running:
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(lambda: send(extra=False))
            if pause is not None:
                await self._sleep(pause)
                if running and hedge.try_hedge():
                    running += 1
                    group.start_soon(lambda: send(extra=True))
        return done[-1]


def _word(result: Result) -> str:
    return str(result.status) if isinstance(result, Response) else type(result).__name__


def _finished(result: Result, decision: GiveUp, attempts: list[Attempt]) -> Response:
    if isinstance(result, Response):
        return replace(result, attempts=tuple(attempts))
    if decision.reason == "budget":
        raise BudgetExhausted("no retry: the budget of this service is spent") from result
    raise result


class ResilientClient:
    """`AsyncResilientClient` without a hedge, for blocking code; thread-safe when its client is."""

    def __init__(
        self,
        client: Client,
        policy: RetryPolicy | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        **settings: Any,
    ) -> None:
        async def pause(seconds: float) -> None:
            sleep(seconds)

        self._inner = AsyncResilientClient(
            client, policy, sleep=pause, **settings  # type: ignore[arg-type]
        )

    def request(
        self, request: Request, *, deadline: Deadline | None = None, **limits: Any
    ) -> Response:
        """Return the response of the last attempt; see `AsyncResilientClient.request`."""
        return run_now(self._inner.request(request, deadline=deadline, **limits))
