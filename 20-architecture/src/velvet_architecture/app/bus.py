"""A message bus: one handler a command, any number an event, and middleware around each.

The queue of one call belongs to that call, so a handler may call the bus again and threads may
share it. An event handler that fails is never swallowed: `on_event_error` says whether it ends the
call, is raised after the rest ran, or is parked.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from velvet_architecture.domain import ArchitectureError
from velvet_architecture.ports import uuid7

Policy = Literal["raise", "collect", "park"]


@dataclass
class Context:
    """What travels with a message: ids that join log lines, and events that handlers add."""

    correlation_id: str = field(default_factory=uuid7)
    causation_id: str = ""
    events: deque[Any] = field(default_factory=deque)


Handler = Callable[[Any, Context], Any]
Middleware = Callable[[Handler], Handler]


class EventHandlersFailed(ArchitectureError):
    """One or more event handlers failed; the others ran. `errors` has them all."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__("; ".join(map(repr, errors)))
        self.errors = errors


class MessageBus:
    """Calls handlers; register first, then share it between threads."""

    def __init__(
        self, middleware: Sequence[Middleware] = (), *, on_event_error: Policy = "raise"
    ) -> None:
        if on_event_error not in get_args(Policy):
            raise ValueError(f"on_event_error must be raise, collect or park: {on_event_error!r}")
        self._middleware, self._policy = tuple(middleware), on_event_error
        self._commands: dict[type, Handler] = {}
        self._events: dict[type, list[Handler]] = {}
        self.parked: list[tuple[Any, Exception]] = []

    def command(self, kind: type, handler: Handler) -> None:
        """Register the handler of a command; a second one is a ValueError."""
        if kind in self._commands:
            raise ValueError(f"{kind.__name__} has a handler already")
        self._commands[kind] = self._wrapped(handler)

    def event(self, kind: type, handler: Handler) -> None:
        """Add a handler of an event."""
        self._events.setdefault(kind, []).append(self._wrapped(handler))

    def _wrapped(self, handler: Handler) -> Handler:
        for layer in reversed(self._middleware):
            handler = layer(handler)
        return handler

    def handle(self, message: Any, context: Context | None = None) -> Any:
        """Run a command's handler, then the handlers of the events that it added.

        Raises:
            LookupError: no handler is registered for this command.
        """
        handler = self._commands.get(type(message))
        if handler is None:
            raise LookupError(f"no handler for the command {type(message).__name__}")
        here = context or Context()
        answer = handler(message, here)
        errors: list[Exception] = []
        while here.events:
            event = here.events.popleft()
            for one in self._events.get(type(event), ()):
                try:
                    one(event, here)
                except Exception as error:  # whatever a handler raises is the policy's to treat
                    if self._policy == "raise":
                        raise
                    errors.append(error)
                    if self._policy == "park":
                        self.parked.append((event, error))
        if errors and self._policy == "collect":
            raise EventHandlersFailed(errors)
        return answer


def logged(logger: logging.Logger) -> Middleware:
    """Log each message with its correlation id, and each failure."""

    def around(handler: Handler) -> Handler:
        def run(message: Any, context: Context) -> Any:
            logger.debug("%s %s", type(message).__name__, context.correlation_id)
            try:
                return handler(message, context)
            except Exception:
                logger.warning("%s %s failed", type(message).__name__, context.correlation_id)
                raise

        return run

    return around


def timed(spent: dict[str, int], clock: Callable[[], int] = time.perf_counter_ns) -> Middleware:
    """Add up nanoseconds by type of message."""
    lock = threading.Lock()

    def around(handler: Handler) -> Handler:
        def run(message: Any, context: Context) -> Any:
            begun = clock()
            try:
                return handler(message, context)
            finally:
                name, took = type(message).__name__, clock() - begun
                with lock:
                    spent[name] = spent.get(name, 0) + took

        return run

    return around


def idempotent(key: Callable[[Any], str | None]) -> Middleware:
    """Answer a message with a known key from memory, which grows; calls with a key take turns."""
    answers: dict[str, Any] = {}
    lock = threading.RLock()

    def around(handler: Handler) -> Handler:
        def run(message: Any, context: Context) -> Any:
            known = key(message)
            if known is None:
                return handler(message, context)
            with lock:
                if known not in answers:
                    answers[known] = handler(message, context)
                return answers[known]

        return run

    return around
