"""Broken copies of what modules acquire and release go red, and the whole ones stay green."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

import pytest

from velvet import atomic, bootstrap, processes
from velvet.hostile_interrupts import signal_points
from velvet.hostile_resources import (
    PLACES,
    Resource,
    ResourceTests,
    at_once,
    interrupted,
    left_in,
    managers,
)

HERE = "/foundation/test_hostile_resources"
FORKED = pytest.mark.skipif("child" not in PLACES, reason="this system has no fork")
LISTED = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files")


class Pool:
    """Two slots; a slot that is lent comes back."""

    def __init__(self) -> None:
        self.idle, self.lock = ["a", "b"], threading.Lock()

    @contextmanager
    def lent(self) -> Iterator[str]:
        before = [*self.idle]
        try:
            del self.idle[-1:]
            yield before[-1]
        finally:
            self.idle[:] = before

    def whole(self) -> bool:
        return sorted(self.idle) == ["a", "b"] and not self.lock.locked()


class TakesBeforeTry(Pool):
    @contextmanager
    def lent(self) -> Iterator[str]:
        taken = self.idle.pop()
        try:
            yield taken
        finally:
            self.idle.append(taken)


class GivesBackInSteps(Pool):
    @contextmanager
    def lent(self) -> Iterator[str]:
        before = [*self.idle]
        try:
            del self.idle[-1:]
            yield before[-1]
        finally:
            self.give_back(before)

    def give_back(self, before: list[str]) -> None:
        self.idle[:] = sorted(before)


class LocksByHand(Pool):
    @contextmanager
    def lent(self) -> Iterator[str]:
        self.lock.acquire()
        yield self.idle[0]
        self.lock.release()


class Swallows(Pool):
    @contextmanager
    def lent(self) -> Iterator[str]:
        with suppress(BaseException):
            len(self.idle)
        yield "a"


class Translates(Pool):
    @contextmanager
    def lent(self) -> Iterator[str]:
        try:
            len(self.idle)
        except KeyboardInterrupt:
            raise ValueError("it was interrupted") from None
        yield "a"


class KeepsDescriptor(Pool):
    @contextmanager
    def lent(self) -> Iterator[str]:
        number = os.open(os.devnull, os.O_RDONLY)
        yield str(number)
        os.close(number)


class AsyncPool:
    """One slot, handed to who waits; `careful` gives back what a cancelled waiter was handed."""

    def __init__(self, careful: bool) -> None:
        self.careful, self.idle, self.waiting = careful, 1, list[asyncio.Future[None]]()

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[None]:
        self.idle -= 1  # another has it, and gives it back at once
        waiter = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: waiter.done() or waiter.set_result(None))
        try:
            await waiter
        except asyncio.CancelledError:
            if self.careful or not waiter.done() or waiter.cancelled():
                self.idle += 1
            raise
        try:
            yield
        finally:
            self.idle += 1


@asynccontextmanager
async def slow_move(pool: list[str]) -> AsyncIterator[None]:
    yield
    taken = pool.pop()
    await asyncio.sleep(0)
    pool.append(taken)


@asynccontextmanager
async def shielded_move(pool: list[str]) -> AsyncIterator[None]:
    yield
    taken = pool.pop()
    try:
        await asyncio.sleep(0)
    finally:
        pool.append(taken)


def half_written(path: Path) -> None:
    path.write_text("ne", encoding="utf-8")
    with path.open("a", encoding="utf-8") as file:
        file.write("w")


def beside(path: Path) -> None:
    fresh = path.with_suffix(".tmp")
    fresh.write_text("new", encoding="utf-8")
    fresh.replace(path)


def whole_file(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_text(encoding="utf-8") in ("old", "new")


def old_file(folder: Path) -> Path:
    (folder / "a").write_text("old", encoding="utf-8")
    return folder / "a"


def replaced(write: Callable[[Path], None], inside: str = HERE) -> Resource:
    return Resource(
        write.__name__,
        old_file,
        use=lambda path: at_once(lambda: write(path)),
        free=whole_file,
        inside=inside,
    )


def pool(kind: Callable[[], Any], **rules: Any) -> Resource:
    return Resource(
        "Pool", lambda _: kind(), use=lambda one: one.lent(), free=Pool.whole, inside=HERE, **rules
    )


def moved(move: Callable[[list[str]], Any]) -> Resource:
    return Resource(
        "moved",
        lambda _: ["a"],
        use=move,
        free=lambda one: one == ["a"],
        inside=HERE,
    )


def lent_async(careful: bool) -> Resource:
    return Resource(
        "AsyncPool",
        lambda _: AsyncPool(careful),
        use=AsyncPool.lent,
        free=lambda one: one.idle == 1,
        inside=HERE,
    )


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (pool(TakesBeforeTry), "in lent: it is not free"),
        (pool(GivesBackInSteps), "in give_back: it is not free"),
        (pool(LocksByHand), "in block: it is not free"),
        (pool(Swallows), "the interrupt was swallowed"),
        (pool(Translates), "ValueError('it was interrupted') came out"),
        pytest.param(pool(KeepsDescriptor), "left open: /dev/null", marks=LISTED),
        (replaced(half_written), "it is not free"),
        (replaced(beside), "it is not free"),
        (lent_async(careful=False), "after its answer: it is not free"),
        (moved(slow_move), "before its answer: it is not free"),
        (Resource("Pool", lambda _: Pool(), Pool.whole, Pool.lent), "no step of it"),
    ],
)
def test_a_broken_release_goes_red(broken: Resource, sentence: str, tmp_path: Path) -> None:
    found = interrupted(broken, tmp_path)

    assert [fault for fault in found if sentence in fault], found


@pytest.mark.parametrize(
    "whole",
    [
        pool(Pool),
        lent_async(careful=True),
        moved(shielded_move),
        replaced(lambda path: atomic.atomic_write(path, "new"), "/velvet/atomic"),
    ],
    ids=str,
)
def test_a_whole_release_stays_green(whole: Resource, tmp_path: Path) -> None:
    assert interrupted(whole, tmp_path) == []


class Flock:
    """A lock of the system, which a child inherits with the file; `careful` lets only its maker free it."""

    def __init__(self, path: Path, careful: bool) -> None:
        self.path, self.careful, self.maker, self.file = path, careful, os.getpid(), None

    def __enter__(self) -> None:
        import fcntl

        self.file: IO[bytes] | None = self.path.open("ab")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        import fcntl

        if self.file:
            if not self.careful or self.maker == os.getpid():
                fcntl.flock(self.file, fcntl.LOCK_UN)
            self.file.close()

    def free(self) -> bool:
        import fcntl

        with self.path.open("ab") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
        return True


current: ContextVar[str] = ContextVar("current", default="")


@contextmanager
def in_context() -> Iterator[None]:
    token = current.set("inside")
    try:
        yield
    finally:
        current.reset(token)


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    (folder / "a").mkdir()
    yield
    shutil.rmtree(folder / "a")


@asynccontextmanager
async def in_own_task() -> AsyncIterator[None]:
    begun = asyncio.current_task()
    yield
    if asyncio.current_task() is not begun:
        raise RuntimeError("left in another task")


def flock(careful: bool) -> Resource:
    return Resource("Flock", lambda folder: Flock(folder / "a", careful), free=Flock.free)


CONTEXT = Resource("in_context", lambda _: None, use=lambda _: in_context(), free=lambda _: True)
RLOCK = Resource("RLock", lambda _: threading.RLock(), free=lambda one: not one._is_owned())
FOLDER = Resource(
    "in_folder",
    lambda folder: folder,
    use=in_folder,
    free=lambda folder: not (folder / "a").exists(),
)
TASK = Resource("in_own_task", lambda _: None, use=lambda _: in_own_task(), free=lambda _: True)


@pytest.mark.parametrize(
    ("broken", "place", "sentence"),
    [
        (CONTEXT, "task", "it raises ValueError: <Token"),
        (CONTEXT, "loop", "it raises ValueError: <Token"),
        (CONTEXT, "thread", "it raises ValueError: <Token"),
        (RLOCK, "thread", "it raises RuntimeError: cannot release un-acquired lock"),
        (TASK, "task", "it raises RuntimeError: left in another task"),
        pytest.param(flock(careful=False), "child", "changes what its parent holds", marks=FORKED),
        pytest.param(FOLDER, "child", "changes what its parent holds", marks=FORKED),
    ],
)
def test_a_place_that_is_not_expected_goes_red(
    broken: Resource, place: str, sentence: str, tmp_path: Path
) -> None:
    with suppress(FileNotFoundError):  # of the folder that the child removed
        found = left_in(broken, place, tmp_path)

        assert [fault for fault in found if sentence in fault], found


@FORKED
@pytest.mark.parametrize("place", PLACES)
def test_what_may_be_left_anywhere_stays_green(place: str, tmp_path: Path) -> None:
    assert left_in(flock(careful=True), place, tmp_path) == []


def test_a_documented_refusal_is_no_fault(tmp_path: Path) -> None:
    elsewhere = {"thread": RuntimeError}
    documented = Resource(RLOCK.name, RLOCK.make, RLOCK.free, elsewhere=elsewhere)

    assert left_in(documented, "thread", tmp_path) == []
    assert left_in(documented, "task", tmp_path) == []


def calls_and_turns(work: Callable[[], list[int]]) -> None:
    numbers = work()
    for number in numbers:
        last = number
    del last


async def awaits(work: Callable[[], Any]) -> None:
    await work()


def lines_of(function: Callable[..., Any]) -> set[int]:
    """Return the lines, from the function's first, where a signal may come."""
    code, lines = function.__code__, dict[int, int]()
    for start, end, line in code.co_lines():
        lines |= dict.fromkeys(range(start, end), (line or 0) - code.co_firstlineno)
    found: frozenset[int] = signal_points.__wrapped__(code)  # anew: the answer is kept
    return {lines[offset] for offset in found}


def test_a_signal_comes_after_a_call_and_when_a_loop_turns_and_nowhere_else() -> None:
    assert {1} < lines_of(calls_and_turns) <= {1, 2, 3}
    assert 0 not in lines_of(awaits)


def test_public_context_managers_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "@contextmanager\ndef opened(): ...\n"
        "@contextlib.asynccontextmanager\nasync def later(): ...\n"
        "@contextmanager\ndef _own(): ...\n"
        "class Lock:\n    def __exit__(self): ...\n    @contextmanager\n    def part(self): ...\n"
        "class _Hidden:\n    def __exit__(self): ...\n"
        "value: int = 1\n",
        encoding="utf-8",
    )

    assert list(managers(tmp_path)) == ["a.opened", "a.later", "a.Lock", "a.Lock.part"]


def can_be_locked(root: Path) -> bool:
    if not (root / ".velvet" / "setup.lock").is_file():
        return True
    with (root / ".velvet" / "setup.lock").open("ab") as file:
        return bootstrap._locked(file.fileno())


class TestToolkit(ResourceTests):
    """What the toolkit itself acquires."""

    resources = (
        Resource(
            "atomic.atomic_write",
            old_file,
            use=lambda path: at_once(lambda: atomic.atomic_write(path, "new")),
            free=whole_file,
            inside="/velvet/atomic",
        ),
        Resource(
            "bootstrap.one_at_a_time",
            lambda folder: folder,
            use=bootstrap.one_at_a_time,
            free=can_be_locked,
            inside="/velvet/bootstrap",
        ),
    )

    def test_every_context_manager_is_declared_or_excepted(self) -> None:
        """Leave out what runs servers, benchmarks and children, whose own tests stop them."""
        assert processes.stoppable
