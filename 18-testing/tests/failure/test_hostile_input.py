"""The table of hostile inputs: the narrowest error, and a sentence that names the value."""

from __future__ import annotations

import asyncio
import math
import re
import socket
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from velvet_testing import corpus, flaky
from velvet_testing.corpus import Bug, BugKind, CorpusError, Edit
from velvet_testing.flaky import NotPolluted, QuarantineError
from velvet_testing.mutation import engine, operators
from velvet_testing.schedule import Deadlock, UnsupportedAwait, explore
from velvet_testing.snapshot import Snapshots
from velvet_testing.virtual_time import run_virtual


def red(module: Any) -> None:
    raise AssertionError("red before")


def edit(old: str) -> None:
    bug = Bug("x-1", "pager", BugKind.TYPO, (Edit(old, ""),), "", "True")
    corpus.apply(corpus.find("pager").source, bug)


def real_future(folder: Path) -> None:
    loop = asyncio.new_event_loop()

    async def wait() -> None:
        await loop.create_future()

    try:
        explore(lambda: (None, [wait()]), lambda state: None)
    finally:
        loop.close()


def pending_socket(folder: Path) -> None:
    async def read() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            await asyncio.get_running_loop().sock_recv(ours, 1)

    run_virtual(read())


def baseline(folder: Path) -> None:
    path = folder / "target.py"
    path.write_text("x = 1\n", encoding="utf-8")
    engine.run(path, red)


def polluters(result: bool) -> None:
    flaky.find_polluters(["a", "v"], "v", runner=lambda before: result)


def excused(text: str) -> None:
    flaky.quarantined(text, date(2026, 6, 1))


TABLE: list[tuple[Callable[[Path], Any], type[Exception], str]] = [
    (lambda folder: edit("not there"), CorpusError, "bug x-1: .* occurs 0 times"),
    (lambda folder: edit("size"), CorpusError, "bug x-1: 'size' occurs .* not once"),
    (lambda folder: list(operators.mutants("def", filename="mine.py")), SyntaxError, "mine.py"),
    (baseline, engine.BaselineRed, "red: AssertionError: red before"),
    (lambda folder: polluters(False), NotPolluted, "v fails by itself"),
    (lambda folder: polluters(True), NotPolluted, "no order failure"),
    (lambda folder: flaky.reruns_needed(0), ValueError, "p_fail is 0"),
    (lambda folder: flaky.reruns_needed(1.5), ValueError, "p_fail is 1.5"),
    (lambda folder: flaky.reruns_needed(math.nan), ValueError, "p_fail is nan"),
    (real_future, UnsupportedAwait, "awaits <Future"),
    (pending_socket, Deadlock, "no timer is set"),
    (
        lambda folder: excused("test_a; web; slow"),
        QuarantineError,
        "'test_a; web; slow' is no: test",
    ),
    (lambda folder: excused("test_a; ; slow; 2030-01-01"), QuarantineError, "is no: test; owner"),
    (lambda folder: excused("a; web; slow; soon"), QuarantineError, "'a; web; slow; soon' is no"),
    (lambda folder: excused("a; web; slow; 2026-05-31"), QuarantineError, "excused until 2026-05"),
    (lambda folder: Snapshots(folder).approve(1, name="../x"), ValueError, "unsafe snapshot name"),
    (lambda folder: Snapshots(folder).approve(1, name="a\0"), ValueError, "unsafe snapshot name"),
]


@pytest.mark.parametrize(("give", "error", "words"), TABLE)
def test_a_hostile_input_is_refused_with_its_reason(
    give: Callable[[Path], Any], error: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error) as found:
        give(tmp_path)

    told = f"{found.value} {getattr(found.value, 'filename', '')}"
    assert re.search(words, told), told
    assert not list(tmp_path.glob("*.tmp"))
