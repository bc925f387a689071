"""A dependency-injection container in one file, to see what a container does.

Three lifetimes: one object for ever (`singleton`), one a scope, a new one each time (`transient`).
`validate` finds the mistakes before the first request: something missing, a circle, and the captive
dependency, a singleton that holds an object whose scope has ended. Each graph is compiled into one
closure on first use, so resolving does not look at signatures again.
"""

from __future__ import annotations

import inspect
import threading
import typing
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Lifetime = Literal["singleton", "scoped", "transient"]
Maker = Callable[[dict[type, Any]], Any]
_MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class WiringError(Exception):
    """The graph cannot work; the message has the path."""


@dataclass(frozen=True)
class _Provider:
    factory: Callable[..., Any]
    lifetime: Lifetime
    needs: dict[str, type]


class Container:
    """Knows how to make objects; register first, then share it between threads."""

    def __init__(self) -> None:
        self._providers: dict[type, _Provider] = {}
        self._singletons: dict[type, Any] = {}
        self._makers: dict[type, Maker] = {}
        self._lock = threading.RLock()

    def add(
        self,
        kind: type,
        factory: Callable[..., Any] | None = None,
        lifetime: Lifetime = "singleton",
    ) -> None:
        """Register how a type is made; its arguments are found by their annotations.

        Raises:
            ValueError: there is no such lifetime.
            WiringError: an argument without a default has no annotation.
        """
        if lifetime not in ("singleton", "scoped", "transient"):
            raise ValueError(f"lifetime must be singleton, scoped or transient, not {lifetime!r}")
        maker = kind if factory is None else factory
        needs = {
            name: parameter.annotation
            for name, parameter in inspect.signature(maker, eval_str=True).parameters.items()
            if parameter.default is parameter.empty and parameter.kind not in _MANY
        }
        if bare := [name for name, need in needs.items() if need is inspect.Parameter.empty]:
            raise WiringError(f"{kind.__name__}: the argument {bare[0]} has no annotation")
        self._providers[kind] = _Provider(maker, lifetime, needs)
        self._makers.clear()
        self._singletons.pop(kind, None)

    def validate(self) -> None:
        """Raise WiringError for a missing type, a circle or a captive dependency."""
        for kind in self._providers:
            self._walk(kind, ())

    def _walk(self, kind: type, path: tuple[type, ...]) -> None:
        here = (*path, kind)
        told = " -> ".join(map(_name, here))
        if kind in path:
            raise WiringError(f"a circle: {told}")
        provider = self._providers.get(kind)
        if provider is None:
            raise WiringError(f"{_name(kind)} is not registered: {told}")
        for holder in path:
            if provider.lifetime == "scoped" and self._providers[holder].lifetime == "singleton":
                raise WiringError(
                    f"the singleton {holder.__name__} holds the scoped {kind.__name__}: {told}"
                )
        for needed in provider.needs.values():
            self._walk(needed, here)

    def resolve(self, kind: type[T]) -> T:
        """Return an object.

        Raises:
            WiringError: the graph cannot work, or the object is scoped and needs `scope()`.
        """
        maker = self._makers.get(kind) or self._maker(kind)
        return typing.cast(T, maker(_NO_SCOPE))

    @contextmanager
    def scope(self) -> Iterator[Callable[[type[T]], T]]:
        """Yield a `resolve` for one request; its objects that have `close` are closed at the end."""
        made: dict[type, Any] = {}
        with ExitStack() as closing:  # one that fails to close keeps none of the others open
            try:
                yield lambda kind: (self._makers.get(kind) or self._maker(kind))(made)
            finally:
                for one in made.values():
                    if hasattr(one, "close"):
                        closing.callback(one.close)

    def _maker(self, kind: type) -> Maker:
        """Compile a type's graph into one closure."""
        self._walk(kind, ())
        provider = self._providers[kind]
        needed = [(name, self._maker(need)) for name, need in provider.needs.items()]
        factory = provider.factory

        def transient(scope: dict[type, Any]) -> Any:
            return factory(**{name: maker(scope) for name, maker in needed})

        def scoped(scope: dict[type, Any]) -> Any:
            if scope is _NO_SCOPE:
                raise WiringError(f"{kind.__name__} is scoped: resolve it inside scope()")
            if kind not in scope:
                scope[kind] = transient(scope)
            return scope[kind]

        def singleton(scope: dict[type, Any]) -> Any:
            if kind not in self._singletons:
                with self._lock:
                    if kind not in self._singletons:
                        self._singletons[kind] = transient(scope)
            return self._singletons[kind]

        made = {"transient": transient, "scoped": scoped, "singleton": singleton}
        self._makers[kind] = made[provider.lifetime]
        return self._makers[kind]


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))  # `Clock | None` has no name


_NO_SCOPE: dict[type, Any] = {}
