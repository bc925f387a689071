"""The laboratory: every attack against three builds of one feature, in process, with a control.

A topic is four modules. `attacks_X` holds the exploits; an exploit gets what an attacker has
(`known`) and one callable, `send`, never the target's internals. `vulnerable_X`, `library_X` and
`fixed_X` hold a builder of the same name each, so their diff is the defence. The referee decides:
an attack has won when its loot meets the scene's goal, and a target that refuses honest users fails
its control.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import random
import secrets
import socket
import textwrap
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any

from velvet_auth.errors import AuthError

TOPICS = ("tokens", "passwords", "web", "oauth", "saml", "factors")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
GUARDED = ("connect", "connect_ex", "sendto")
_ENTRY = threading.Lock()
_depth = 0


class Failed(Exception):
    """The attacker ran out of ideas: nothing refused it, and its goal was not reached."""


class Target(Enum):
    """Which build of a feature is attacked."""

    VULNERABLE = "vulnerable"
    LIBRARY_DEFAULT = "library_default"
    FIXED = "fixed"


class Clock:
    """Seconds that pass when the scene says so."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def ahead(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@contextmanager
def lab_mode() -> Iterator[None]:
    """Allow the vulnerable targets, and allow sockets to loopback addresses alone."""
    global _depth
    with _ENTRY:  # a page draws in several threads
        _depth += 1
        if _depth == 1:
            for name in GUARDED:
                setattr(socket.socket, name, _guarded(name))
    try:
        yield
    finally:
        with _ENTRY:
            _depth -= 1
            if _depth == 0:
                for name in GUARDED:
                    delattr(socket.socket, name)


def _guarded(name: str) -> Callable[..., Any]:
    """Return a method of sockets whose last argument, an address, has to be of loopback."""
    plain = getattr(socket.socket, name)

    def call(self: socket.socket, *words: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and words[-1][0] not in LOOPBACK:
            raise PermissionError("the laboratory stays on loopback")
        return plain(self, *words)

    return call


def demonstration_only() -> None:
    """Refuse to go on outside of `lab_mode()`."""
    if _depth == 0:
        raise RuntimeError(
            "vulnerable on purpose: it runs inside velvet_auth.samples.lab.lab_mode()"
        )


class Scene:
    """One victim, one attacker, one moment; built anew for each run.

    Attributes:
        canary: what an attacker should never see.
        known: what an attacker has: addresses, public keys, captured messages, tools.
        goal: judges the loot.
    """

    def __init__(self) -> None:
        demonstration_only()
        self.clock = Clock()
        self.canary = "canary-" + secrets.token_hex(4)
        self.known = SimpleNamespace()
        self.goal: Callable[[Any], bool] = lambda loot: self.canary in str(loot)
        self.closing: list[Callable[[], None]] = []
        self.work = 0  # what a stopwatch beside the target would show

    def secret_of(self, name: str) -> str:
        """Return what the service shows to a user; the canary to alice and to an admin."""
        return self.canary if name in ("alice", "admin") else f"nothing about {name[:40]}"

    def close(self) -> None:
        """Release what the scene opened."""
        for one in reversed(self.closing):
            one()


Send = Callable[..., Any]
Builder = Callable[[Any], Send]


@dataclass(frozen=True)
class Attack:
    """An exploit with its classification and the code by which the fixed target refuses it."""

    id: str
    title: str
    cwe: str
    standard: str
    blocked: str
    topic: str
    exploit: Callable[[SimpleNamespace, Send], Any] = field(repr=False)
    control: Callable[[SimpleNamespace, Send], Any] = field(repr=False)

    @property
    def name(self) -> str:
        """The name of its builders."""
        return self.exploit.__name__

    def builder(self, target: Target) -> Builder | None:
        """Return the function that builds a target; None where no library call has the feature."""
        kind = "library" if target is Target.LIBRARY_DEFAULT else target.value
        module = importlib.import_module(f"{__name__}.{kind}_{self.topic}")
        found: Builder | None = getattr(module, self.name, getattr(module, "default", None))
        return found

    def difference(self) -> list[str]:
        """Return the lines that differ between the vulnerable and the fixed builder."""
        with lab_mode():
            sides = [source(self.builder(one)) for one in (Target.VULNERABLE, Target.FIXED)]
        before, after = (side.splitlines() for side in sides)
        lines = difflib.unified_diff(before, after, lineterm="", n=0)
        return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def source(builder: Builder | None) -> str:
    """Return a builder's code without its docstring."""
    if builder is None:
        return ""
    return textwrap.dedent(inspect.getsource(builder))


@dataclass(frozen=True)
class Row:
    """What one attack did to one target.

    Attributes:
        code: why it was refused; `goal` when nothing refused and nothing was won; empty when won.
        control_ok: whether the honest flow of the same shape works.
    """

    id: str
    target: Target
    exploited: bool
    evidence: str
    code: str
    control_ok: bool
    ms: float
    transcript: tuple[str, ...] = ()


ATTACKS: dict[str, Attack] = {}


def attack(
    id: str,
    title: str,
    cwe: str,
    standard: str,
    *,
    blocked: str,
    control: Callable[[SimpleNamespace, Send], Any],
) -> Callable[[Callable[[SimpleNamespace, Send], Any]], Callable[[SimpleNamespace, Send], Any]]:
    """Register an exploit under an id; its function's name is that of its builders."""

    def register(exploit: Callable[[SimpleNamespace, Send], Any]) -> Any:
        topic = exploit.__module__.rpartition("attacks_")[2]
        ATTACKS[id] = Attack(id, title, cwe, standard, blocked, topic, exploit, control)
        return exploit

    return register


def load_attacks() -> dict[str, Attack]:
    """Return all attacks by id."""
    with lab_mode():
        for topic in TOPICS:
            importlib.import_module(f"{__name__}.attacks_{topic}")
    return ATTACKS


def _short(value: Any) -> str:
    told = " ".join(str(value).split())
    return told if len(told) <= 72 else f"{told[:50]}...{told[-12:]}"


class _Recorder:
    """Passes calls on to a target and writes down what went over the line."""

    def __init__(self, target: Send) -> None:
        self._target = target
        self.lines: list[str] = []

    def __call__(self, *words: Any, **named: Any) -> Any:
        told = [_short(word) for word in words] + [f"{k}={_short(v)}" for k, v in named.items()]
        self.lines.append("> " + ", ".join(told))
        try:
            answer = self._target(*words, **named)
        except Exception as error:
            self.lines.append(f"< refused: {_short(error)}")
            raise
        self.lines.append(f"< {_short(answer)}")
        return answer


def _scene_of(one: Attack) -> Scene:
    module = importlib.import_module(f"{__name__}.attacks_{one.topic}")
    made: Scene = module.TopicScene()
    return made


def run_one(one: Attack, target: Target) -> Row | None:
    """Run an attack and its control against a target; None where the target does not exist."""
    with lab_mode():
        builder = one.builder(target)
        if builder is None:
            return None
        scene = _scene_of(one)
        begun, code, loot = time.perf_counter(), "", None
        try:
            send = _Recorder(builder(scene))
            loot = one.exploit(scene.known, send)
            won = scene.goal(loot)
            code = "" if won else "goal"
        except Failed:
            won, code = False, "goal"
        except AuthError as error:
            won, code = False, error.code
        except Exception as error:
            if target is not Target.LIBRARY_DEFAULT:
                raise  # a crash is no defence
            won, code = False, type(error).__name__
        finally:
            scene.close()
        spent = (time.perf_counter() - begun) * 1000
        evidence = _short(loot) if won else ""
        honest = control_holds(one, target)
        lines = tuple(send.lines[-40:])
        return Row(one.id, target, won, evidence, code, honest, spent, lines)


def control_holds(one: Attack, target: Target) -> bool:
    """Whether an honest user of the same feature still gets in."""
    builder = one.builder(target)
    assert builder is not None
    scene = _scene_of(one)
    try:
        return bool(one.control(scene.known, builder(scene)))
    except Exception:
        if target is not Target.LIBRARY_DEFAULT:
            raise
        return False
    finally:
        scene.close()


def run_lab(ids: Iterable[str] = (), targets: Iterable[Target] = tuple(Target)) -> Iterator[Row]:
    """Yield a row for each attack and target, in the order of the topics; all by default."""
    random.seed(15)
    every = load_attacks()
    for id in ids or every:
        for target in targets:
            row = run_one(every[id], target)
            if row is not None:
                yield row
