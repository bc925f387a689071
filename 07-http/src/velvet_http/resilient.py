"""A client that applies a policy: attempts, budget, breaker, rate, deadline, key and hedge.

The order matters. The deadline covers the whole call and shortens each attempt. The
Idempotency-Key is made once, so that all attempts of a payment are one payment. The breaker and the
limiter are asked before each attempt, the budget after each failure.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import anyio

from velvet_http.client import DEFAULT_MAX_BODY, DEFAULT_TIMEOUTS, AsyncClient, Client
from velvet_http.errors import BudgetExhausted, CircuitOpen, DeadlineExceeded, HttpError
from velvet_http.guard import CircuitBreaker, HedgePolicy, TokenBucket
from velvet_http.model import Attempt, Clock, Deadline, Headers, Request, Response, Timeouts
from velvet_http.policy import GiveUp, Outcome, Retry, RetryPolicy, RetryState


@dataclass
class _Call:
    """What both clients do between two attempts; it neither sends nor sleeps."""

    guards: _Guards
    request: Request
    state: RetryState
    timeouts: Timeouts
    began: float
    attempts: list[Attempt] = field(default_factory=list)

    def admit(self, now: float) -> float:
        """Return the seconds to wait before the attempt may begin.

        Raises:
            CircuitOpen, DeadlineExceeded.
        """
        breaker, deadline = self.guards.breaker, self.state.deadline
        wait = self.guards.limiter.reserve(now) if self.guards.limiter is not None else 0.0
        if deadline is not None and wait >= deadline.remaining(now):
            raise DeadlineExceeded("the deadline passes before the next attempt may begin")
        if breaker is not None and not breaker.allow(now):
            raise CircuitOpen("the circuit is open", retry_at=breaker.retry_at)
        return wait

    def limit(self, now: float) -> Deadline | None:
        """Return the deadline of one attempt."""
        own = self.state.policy.per_attempt
        ends = [now + own] if own is not None else []
        if self.state.deadline is not None:
            ends.append(self.state.deadline.at)
        return Deadline(min(ends)) if ends else None

    def ended(
        self, result: Response | HttpError, began: float, now: float, now_wall: float
    ) -> Retry | GiveUp:
        """Record an attempt and return what follows."""
        answer = result if isinstance(result, Response) else None
        outcome = str(answer.status) if answer else type(result).__name__
        self.attempts.append(Attempt(began - self.began, now - self.began, outcome))
        if self.guards.breaker is not None:
            self.guards.breaker.record(ok=answer is not None and answer.status < 500, now=now)
        over = self.state.deadline is not None and self.state.deadline.remaining(now) <= 0
        if isinstance(result, DeadlineExceeded) and not over:
            result = _AttemptTimeout(str(result))  # the attempt's own limit, not the call's
        ended = Outcome(
            result.status if isinstance(result, Response) else result,
            answer.headers if answer else Headers(),
            self.request.idempotent,
        )
        return self.state.decide(ended, now=now, now_wall=now_wall)

    def finish(self, result: Response | HttpError, decision: GiveUp) -> Response:
        """Return the last response with the list of attempts, or raise the last error."""
        if isinstance(result, Response):
            return replace(result, attempts=tuple(self.attempts))
        if decision.reason == "budget":
            raise BudgetExhausted("no retry: the budget of this service is spent") from result
        raise result


class _AttemptTimeout(DeadlineExceeded):
    retryable = True


@dataclass
class _Guards:
    policy: RetryPolicy
    breaker: CircuitBreaker | None
    limiter: TokenBucket | None
    rng: random.Random

    def call(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None, now: float
    ) -> _Call:
        if request.headers.get("idempotency-key") == "":  # an empty one asks for a fresh key
            request = request.with_headers(Idempotency_Key=str(uuid.uuid4()))
        if deadline is not None:
            request = request.with_headers(X_Request_Deadline_Ms=deadline.to_header(now))
        return _Call(
            self, request, self.policy.start(deadline=deadline, rng=self.rng), timeouts, now
        )


class ResilientClient:
    """A blocking client that retries within a budget.

    Args:
        client: sends single attempts; owned by the caller.
        policy, breaker, limiter: of one service; share them among all clients of it.
        clock, wall, sleep: injected by tests and simulations.

    A POST is repeated only with an Idempotency-Key (pass an empty one to have it made), or when no
    byte of it was sent. Thread-safe when the client is.
    """

    def __init__(
        self,
        client: Client,
        policy: RetryPolicy | None = None,
        *,
        breaker: CircuitBreaker | None = None,
        limiter: TokenBucket | None = None,
        rng: random.Random | None = None,
        clock: Clock = time.monotonic,
        wall: Clock = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._guards = _Guards(policy or RetryPolicy(), breaker, limiter, rng or random.Random())
        self._clock, self._wall, self._sleep = clock, wall, sleep

    def request(
        self,
        request: Request,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        deadline: Deadline | None = None,
        max_body: int | None = DEFAULT_MAX_BODY,
    ) -> Response:
        """Return the response of the last attempt; `attempts` lists all.

        Raises:
            BudgetExhausted: a retry would have helped this call and hurt the service.
            CircuitOpen: nothing was sent.
            HttpError: the last attempt's error.
        """
        call = self._guards.call(request, timeouts, deadline, self._clock())
        while True:
            self._sleep(call.admit(self._clock()))
            began = self._clock()
            result: Response | HttpError
            try:
                result = self._client.request(
                    call.request, timeouts=timeouts, deadline=call.limit(began), max_body=max_body
                )
            except HttpError as error:
                result = error
            decision = call.ended(result, began, self._clock(), self._wall())
            if isinstance(decision, GiveUp):
                return call.finish(result, decision)
            self._sleep(decision.delay)


class AsyncResilientClient:
    """`ResilientClient` for an event loop, with hedging.

    Args:
        hedge: send a second, equal request when the first is slow, and cancel the loser. Refused
            for a client whose pool does not survive cancelling.

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
        self._client, self._hedge = client, hedge
        self._guards = _Guards(policy or RetryPolicy(), breaker, limiter, rng or random.Random())
        self._clock, self._wall, self._sleep = clock, wall, sleep

    async def request(
        self,
        request: Request,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        deadline: Deadline | None = None,
        max_body: int | None = DEFAULT_MAX_BODY,
    ) -> Response:
        """Return the response of the last attempt; see `ResilientClient.request`."""
        call = self._guards.call(request, timeouts, deadline, self._clock())
        while True:
            await self._sleep(call.admit(self._clock()))
            began = self._clock()
            limit = call.limit(began)
            result: Response | HttpError
            try:
                if self._hedge is not None and call.request.idempotent:
                    result = await self._hedged(call, limit, max_body)
                else:
                    result = await self._client.request(
                        call.request, timeouts=timeouts, deadline=limit, max_body=max_body
                    )
            except HttpError as error:
                result = error
            decision = call.ended(result, began, self._clock(), self._wall())
            if isinstance(decision, GiveUp):
                return call.finish(result, decision)
            await self._sleep(decision.delay)

    async def _hedged(
        self, call: _Call, limit: Deadline | None, max_body: int | None
    ) -> Response | HttpError:
        """Return the first answer of up to two requests; an error counts only when it is the last."""
        hedge = self._hedge
        assert hedge is not None
        pause = hedge.hedge_after()
        done: list[Response | HttpError] = []
        running = 1

        async def send(*, extra: bool) -> None:
            nonlocal running
            began = self._clock()
            result: Response | HttpError
            try:
                result = await self._client.request(
                    call.request, timeouts=call.timeouts, deadline=limit, max_body=max_body
                )
            except HttpError as error:
                result = error
            now = self._clock()
            running -= 1
            if extra:
                name = str(result.status) if isinstance(result, Response) else type(result).__name__
                call.attempts.append(
                    Attempt(began - call.began, now - call.began, name, hedge=True)
                )
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
