# ruff: noqa: ARG001 - every task takes the ledger, whether or not it writes
"""The tasks: one function body for every contender, which writes to the ledger what it does."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from velvet_queues.envelope import Envelope, decode
from velvet_queues.ledger import Ledger


class Flaky(RuntimeError):
    """The failure that passes by itself."""


def _nothing(envelope: Envelope, ledger: Ledger) -> None:
    """Do nothing: what remains is the queue's own cost."""


def _sleep(envelope: Envelope, ledger: Ledger) -> None:
    time.sleep(float(envelope.payload) / 1e3)


def _flaky(envelope: Envelope, ledger: Ledger) -> None:
    """Fail so many times; the ledger knows how often, wherever it ran."""
    failed = sum(one == ("failed", envelope.id) for one in (e[:2] for e in ledger.entries()))
    if failed < int(envelope.payload):
        raise Flaky(f"attempt {failed + 1} fails, as it should")


def _effect(envelope: Envelope, ledger: Ledger) -> None:
    """Charge once, guarded by nothing: what the ledger counts is what a customer pays."""
    time.sleep(float(envelope.payload or 0) / 1e3)
    ledger.record("effect", envelope.id)


def _poison(envelope: Envelope, ledger: Ledger) -> None:
    """End in one of the ways that an `except Exception` does not see."""
    kind = envelope.payload
    if kind == "exit":
        os._exit(3)
    if kind == "kill":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if kind == "hang":
        threading.Event().wait(3600)
    raise ValueError(f"poison: {kind}")


TASKS: Mapping[str, Callable[[Envelope, Ledger], None]] = {
    "noop": _nothing,
    "echo": _nothing,
    "sleep": _sleep,
    "flaky": _flaky,
    "effect": _effect,
    "poison": _poison,
}


def perform(envelope: Envelope, ledger: Ledger) -> None:
    """Run a task between two lines of the ledger.

    Raises:
        KeyError: an unknown task, which each library treats in its own way.
    """
    body = TASKS[envelope.task]
    lane = threading.current_thread().name
    ledger.record("started", envelope.id, lane)
    try:
        body(envelope, ledger)
    except Exception:
        ledger.record("failed", envelope.id, lane)
        raise
    ledger.record("finished", envelope.id, lane)


def perform_text(text: str, ledger: Ledger) -> dict[str, Any]:
    """Run an encoded task, as the clients of other libraries receive it; returns its id."""
    envelope = decode(text)
    perform(envelope, ledger)
    return {"id": envelope.id}
