"""How a program ends: every exception has a code, and at most two lines."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from velvet_cli import signals
from velvet_cli.config import ConfigError, ConfigNotFound
from velvet_cli.contract import UsageError, nearest
from velvet_cli.exits import Exit, pipe_code
from velvet_cli.runner import exit_code_for, explain, guarded, run
from velvet_cli.signals import (
    CancelToken,
    NotMainThread,
    Stopped,
    ending_signals,
    graceful,
    handled,
    stop_now,
)
from velvet_cli.store import InvalidTask, StoreCorrupt, StoreLocked, TaskNotFound
from velvet_cli.streams import InputMissing, PipeClosed

HERE = Path("x")


class Wire(io.StringIO):
    """A stream whose reader is gone."""

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), Exit.USAGE),
        (TaskNotFound(9), Exit.FAILURE),
        (InvalidTask("x"), Exit.DATAERR),
        (StoreCorrupt(HERE, 3, "x"), Exit.DATAERR),
        (StoreLocked("held"), Exit.TEMPFAIL),
        (InputMissing("x"), Exit.NOINPUT),
        (ConfigNotFound(HERE), Exit.NOINPUT),
        (ConfigError("x"), Exit.CONFIG),
        (ImportError("x"), Exit.UNAVAILABLE),
        (OSError(28, "No space"), Exit.IOERR),
        (RuntimeError("x"), Exit.SOFTWARE),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (Stopped(signal.SIGINT), Exit.INTERRUPTED),
        (Stopped(signal.SIGTERM), Exit.TERMINATED),
        (PipeClosed(), pipe_code()),
        (BrokenPipeError(), pipe_code()),
        (SystemExit(5), 5),
        (SystemExit(None), 0),
        (SystemExit("text"), 1),
    ],
)
def test_every_exception_has_its_code(error: BaseException, code: int) -> None:
    assert exit_code_for(error) == code


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UsageError("wrong", "do this"), "error: wrong\nhint: do this\n"),
        (UsageError("wrong"), "error: wrong\n"),
        (TaskNotFound(9), "error: no task 9\nhint: `tasks list` shows the numbers\n"),
        (OSError(28, "No space left"), "error: output: No space left\n"),
        (PermissionError(13, "Permission denied", "file"), "error: file: Permission denied\n"),
        (
            ValueError("né"),
            "error: unexpected ValueError: n\\xe9\nhint: this is our mistake; --debug shows where\n",
        ),
        (PipeClosed(), ""),
        (KeyboardInterrupt(), ""),
        (Stopped(signal.SIGTERM), ""),
        (SystemExit(3), ""),
    ],
)
def test_an_error_is_told_in_two_lines_at_most(error: BaseException, told: str) -> None:
    raw = io.BytesIO()
    stderr = io.TextIOWrapper(raw, encoding="ascii", newline="\n")

    explain(error, stderr)

    assert raw.getvalue().decode() == told


def test_the_traceback_is_for_those_who_ask() -> None:
    stderr = io.StringIO()

    def crash() -> int:
        raise RuntimeError("boom")

    assert (guarded(crash, None, stderr), "in crash" in stderr.getvalue()) == (Exit.SOFTWARE, False)
    assert guarded(crash, None, stderr, debug=True) == Exit.SOFTWARE
    assert "in crash" in stderr.getvalue()
    assert "error: unexpected RuntimeError: boom" in stderr.getvalue()


def test_without_standard_error_the_code_is_all() -> None:
    assert explain(RuntimeError("x"), None) == Exit.SOFTWARE
    assert explain(UsageError("x"), Wire()) == Exit.USAGE


def test_a_pipe_that_breaks_in_the_last_buffer_is_noticed() -> None:
    assert guarded(lambda: 0, Wire(), io.StringIO()) == pipe_code()


def test_a_program_that_ends_well_keeps_its_code() -> None:
    assert guarded(lambda: 7, io.StringIO(), io.StringIO()) == 7


def test_a_process_ends_with_the_code_and_gets_its_handlers_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(SystemExit) as end:
        run(len, ["a", "b"])

    assert end.value.code == 2
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("missing", [True, False])
def test_a_process_survives_a_stream_that_is_gone(
    missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None if missing else Wire())

    with pytest.raises(SystemExit) as end:
        run(lambda argv: 0, [])

    assert end.value.code == (0 if missing else pipe_code())


def test_a_broken_descriptor_is_pointed_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", encoding="utf-8")
    stream.write("x")
    monkeypatch.setattr(sys, "stdout", stream)

    with pytest.raises(SystemExit):
        run(lambda argv: 0, [])

    stream.close()  # which would raise, if the descriptor still were the pipe


def test_a_signal_during_the_program_ends_it_at_once() -> None:
    def stopped(argv: Any) -> int:
        signal.raise_signal(signal.SIGTERM)
        return 0

    with pytest.raises(SystemExit) as end:
        run(stopped, [])

    assert end.value.code == Exit.TERMINATED


def test_a_stream_that_cannot_be_flushed_leaves_no_file_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened, real = [], os.open
    monkeypatch.setattr(os, "open", lambda *args: opened.append(real(*args)) or opened[-1])
    monkeypatch.setattr(sys, "stdout", Wire())

    with pytest.raises(SystemExit):
        run(lambda _: 0, [])
    for file in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(file)
    assert len(opened) == 1


def test_a_wait_lasts_its_time_unless_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "_SLICE_S", 0.001)
    token, begun = CancelToken(), time.monotonic()

    assert not token.wait(0.02)
    assert time.monotonic() - begun >= 0.02
    token.set(signal.SIGINT)
    token.set(signal.SIGTERM)
    assert (token.wait(60), token.reason) == (True, signal.SIGINT)


def test_the_first_signal_asks_and_the_second_insists() -> None:
    token = CancelToken()

    with pytest.raises(Stopped) as stopped, graceful(token, grace_s=None):  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        assert token.is_set()
        assert token.reason == signal.SIGINT
        signal.raise_signal(signal.SIGINT)

    assert stopped.value.signum == signal.SIGINT


def test_the_end_of_the_grace_insists_for_the_user() -> None:
    token, never = CancelToken(), threading.Event()

    with pytest.raises(Stopped), graceful(token, grace_s=0.01):  # noqa: PT012
        signal.raise_signal(signal.SIGTERM)
        while not never.wait(0.01):
            pass

    assert token.reason == signal.SIGTERM


def test_work_that_ends_within_the_grace_is_left_alone() -> None:
    before = threading.active_count()

    with graceful(CancelToken(), grace_s=60) as token:
        signal.raise_signal(signal.SIGINT)

    assert token.is_set()
    assert threading.active_count() == before


def test_handlers_are_put_back_and_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with graceful(CancelToken()) as token:
            signal.raise_signal(signal.SIGINT)
            assert not token.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_only_the_main_thread_may_handle_signals() -> None:
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            with handled(stop_now):
                pass
        except NotMainThread as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()

    assert "CancelToken" in str(caught[0])


def test_windows_has_a_signal_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(signal, "SIGBREAK", 21, raising=False)

    assert 21 in ending_signals()
    assert exit_code_for(Stopped(15)) == Exit.TERMINATED


def test_a_token_wakes_every_one_who_waits() -> None:
    token, woken = CancelToken(), []
    threads = [threading.Thread(target=lambda: woken.append(token.wait(30))) for _ in range(3)]
    for thread in threads:
        thread.start()

    token.set(2)
    token.set(15)
    for thread in threads:
        thread.join()

    assert woken == [True, True, True]
    assert token.reason == 2


def test_a_token_that_nobody_sets_is_waited_for_to_the_end() -> None:
    assert not CancelToken().wait(0.15)
    assert not CancelToken().wait(0)


@pytest.mark.parametrize(("word", "hint"), [("lst", "did you mean 'list'?"), ("zzz", "")])
def test_the_nearest_word_is_suggested(word: str, hint: str) -> None:
    assert nearest(word, ["list", "add"]) == hint


def test_a_signal_may_come_while_its_own_thread_waits() -> None:
    token = CancelToken()

    with graceful(token, grace_s=None):
        sender = threading.Timer(0.05, signal.raise_signal, (signal.SIGINT,))
        sender.start()
        stopped = token.wait(30)
        sender.join()

    assert stopped
