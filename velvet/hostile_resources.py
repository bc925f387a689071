"""Interrupts and strange places: what is acquired is released, wherever and whenever it is left.

A module declares what it acquires and releases in `tests/unit/test_resources.py`:

    from velvet.hostile_resources import Resource, ResourceTests, at_once

    class TestResources(ResourceTests):
        resources = (
            Resource("files.FileLock", lambda folder: FileLock(folder / "a"), free=can_be_locked),
            Resource("pool.Pool", lambda _: Pool(connect), use=Pool.connection, free=has_all),
            Resource("files.atomic_write", lambda folder: folder / "a",
                     use=lambda path: at_once(lambda: atomic_write(path, "b")), free=is_whole),
        )
        excepted = {"server.Server": "a process of its own; tests/integration/test_server.py"}

Each is used with a KeyboardInterrupt at every step of the lesson where the interpreter lets a
signal in, or, if it is asynchronous, with its task cancelled at every await, both while it waits
and when what it waited for has come. It is left in another thread, task, event loop and forked
process than it was entered in. Afterwards `free` is true, and no file is open that was not before.
"""

from __future__ import annotations

import ast
import asyncio
import gc
import os
import select
import signal
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

import pytest

from velvet.hostile import close
from velvet.hostile_interrupts import Interrupt, block, cancelling
from velvet.hostile_lesson import package_of, trees, undeclared
from velvet.testing import without_tracing

PLACES = ("thread", "task", "loop", *(("child",) if hasattr(os, "fork") else ()))
PATIENCE_S = 30.0  # many times what a place takes; it only ends what hangs
_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True)
class Resource:
    """What is acquired and released.

    Attributes:
        name: the context manager, function or method of the package, dotted.
        make: returns what is used, anew for each step, in an empty folder; it is closed after it.
        free: whether nothing of what was made is held or lost; an exception is a no.
        use: of what was made, a context manager, synchronous or not: by default, it itself.
        elsewhere: place -> the error that leaving it there is documented to raise, or the reason
            why it is never left there.
        inside: part of the paths of the files that are interrupted.
        steps: so many interrupts at most, spread evenly.
    """

    name: str
    make: Callable[[Path], Any]
    free: Callable[[Any], object]
    use: Callable[[Any], Any] = lambda made: made
    elsewhere: Mapping[str, type[BaseException] | str] = field(default_factory=dict)
    inside: str = "/src/velvet_"
    steps: int = 300

    def __str__(self) -> str:
        return self.name

    def held(self, made: Any) -> str:
        """Say what is held or lost, empty when nothing is."""
        try:
            found = self.free(made)
        except Exception as error:  # noqa: BLE001 - what is held may refuse to be asked
            return f"it is not free: {type(error).__name__}: {str(error)[:300]}"
        return "" if found is None or found else "it is not free"

    def outcome(self, came: BaseException | None, kind: type[BaseException], where: str) -> str:
        """Say what is wrong with what came out of an interrupt."""
        if (where and isinstance(came, kind)) or not (where or came):
            return ""
        return f"{came!r} came out" if came else "the interrupt was swallowed"


@contextmanager
def at_once(act: Callable[[], object]) -> Iterator[None]:
    """Make a context manager of a call, which happens when the block is left."""
    yield
    act()


@contextmanager
def _nothing_open(faults: list[str]) -> Iterator[None]:
    """Name the files that are open and were not; what only the garbage holds is collected."""
    before = _descriptors()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of `open`, interrupted when it returns
        warnings.simplefilter("ignore", RuntimeWarning)  # of a coroutine, interrupted at its call
        yield
        if len(_descriptors()) > len(before):
            gc.collect()
    faults += [f"left open: {target}" for _, target in _descriptors().items() - before.items()]


def _descriptors() -> dict[str, str]:
    found: dict[str, str] = {}
    for number in list(_DESCRIPTORS.iterdir()) if _DESCRIPTORS.is_dir() else ():
        with suppress(OSError):  # of the listing's own, which is closed by now
            found[number.name] = os.readlink(number)  # noqa: PTH115 - no path: socket:[1]
    return found


def _interrupted(resource: Resource, folder: Path, step: int) -> tuple[int, list[str]]:
    """Use it with an interrupt at a step; return how many steps there were, and the faults."""
    faults: list[str] = []
    with _nothing_open(faults):
        made, came = resource.make(folder), None
        with Interrupt(step, resource.inside) as interrupt:
            try:
                with resource.use(made):
                    block()
            except BaseException as error:  # noqa: BLE001 - which one is what is asked
                came = error.with_traceback(None)
        faults += [resource.outcome(came, KeyboardInterrupt, interrupt.where), resource.held(made)]
        close(made)
        del made, came
    return interrupt.count * interrupt.lesson, [
        f"interrupted at {interrupt.where}: {one}" for one in faults if one
    ]


async def _through(used: Any) -> None:
    async with used:
        await asyncio.sleep(0)


def _cancelled(
    resource: Resource, folder: Path, step: int, served: bool = False
) -> tuple[int, list[str]]:
    """Use it with a cancellation at an await; return how many awaits there were, and the faults."""
    faults: list[str] = []
    seen, where = [0], f"await {step} {'after' if served else 'before'} its answer" * bool(step)

    async def run() -> None:
        made = resource.make(folder)

        async def use() -> None:
            await cancelling(_through(resource.use(made)), step, served, seen)

        (came,) = await asyncio.gather(asyncio.ensure_future(use()), return_exceptions=True)
        faults.append(resource.outcome(came, asyncio.CancelledError, where))
        for _ in range(3):  # what was told to end may need a turn
            await asyncio.sleep(0)
        faults.append(resource.held(made))
        if asyncio.iscoroutine(answer := getattr(made, "close", int)()):
            await answer
        left = asyncio.all_tasks() - {asyncio.current_task()}
        faults.append(f"tasks are left: {left}" if left else "")

    with _nothing_open(faults):
        asyncio.run(run())
    return seen[0] * (seen[0] > 1), [f"cancelled at {where}: {one}" for one in faults if one]


def interrupted(resource: Resource, folder: Path) -> list[str]:
    """Return a sentence on every step at which an interrupt leaves something held, lost or open."""
    new: Any = lambda: Path(mkdtemp(dir=folder))  # noqa: E731
    made = resource.make(new())
    sync = _is_sync(resource.use(made))
    close(made)
    act: Any = _interrupted if sync else _cancelled
    act(resource, new(), 0)  # Python 3.12 traces the second call on
    steps, found = act(resource, new(), 0)
    if not (steps or found):
        return ["no step of it is in a file of the lesson"]
    for step in range(1, steps + 1, -(-steps // resource.steps)) if not found else ():
        for kind in ((),) if sync else ((False,), (True,)):
            found += act(resource, new(), step, *kind)[1]
    return list(found)


def _is_sync(used: Any) -> bool:
    return callable(getattr(used, "__enter__", None))


async def _step(used: Any, leaving: bool) -> None:
    name, given = ("exit", (None,) * 3) if leaving else ("enter", ())
    answer = getattr(used, f"__{'' if _is_sync(used) else 'a'}{name}__")(*given)
    if not _is_sync(used):
        await answer


def _now(used: Any, leaving: bool) -> None:
    if not _is_sync(used):
        asyncio.run(_step(used, leaving))
    elif leaving:
        used.__exit__(None, None, None)
    else:
        used.__enter__()


def _raised(act: Callable[..., Any], *given: Any) -> str:
    try:
        act(*given)
    except BaseException as error:  # noqa: BLE001 - which one is what is asked
        return f"{type(error).__name__}: {error}"
    return ""


def _in_child(used: Any) -> str:
    """Leave it in a forked process, which then ends at once."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
        child = os.fork()
    if not child:
        os.write(writer, _raised(_now, used, True).encode())
        os._exit(0)
    os.close(writer)
    try:
        if select.select([reader], [], [], PATIENCE_S)[0]:
            return os.read(reader, 65_536).decode()
        os.kill(child, signal.SIGKILL)
        return "Hang: it does not end"
    finally:
        os.close(reader)
        os.waitpid(child, 0)


def left_in(resource: Resource, place: str, folder: Path) -> list[str]:
    """Enter it here and leave it in a place; return what is wrong afterwards."""
    faults: list[str] = []
    kind, said, within = resource.elsewhere.get(place), "", ""
    if isinstance(kind, str):
        return [] if kind.count(" ") else [f"it is not left there without a reason: {kind!r}"]

    async def in_tasks(used: Any) -> None:
        for leaving in (False, True):
            await asyncio.ensure_future(_step(used, leaving))

    with _nothing_open(faults):
        made = resource.make(folder)
        used = resource.use(made)
        if place == "task":
            said = _raised(asyncio.run, in_tasks(used))
        elif place == "loop":
            asyncio.run(_step(used, leaving=False))
            said = _raised(asyncio.run, _step(used, leaving=True))
        else:
            _now(used, leaving=False)
            if place == "child":
                within = resource.held(made)
                said = _in_child(used)
            else:
                with ThreadPoolExecutor(1) as threads:
                    said = threads.submit(_raised, _now, used, True).result(PATIENCE_S)
        if said.partition(":")[0] != getattr(kind, "__name__", ""):
            faults.append(f"it raises {said or 'nothing'} there")
        if place == "child" and bool(resource.held(made)) != bool(within):
            faults.append("a child that leaves it changes what its parent holds")
        if place == "child" or kind:
            with suppress(*(Exception,) * bool(kind)):
                _now(used, leaving=True)
        faults.append(resource.held(made))
        close(made)
        del made, used
    return [one for one in faults if one]


def managers(package: Path) -> Iterator[str]:
    """Yield every public context manager of a package, dotted."""
    for dotted, tree in trees(package):
        yield from (f"{dotted}.{name}".strip(".") for name in _managers(tree))


def _managers(tree: ast.AST, outer: str = "") -> Iterator[str]:
    for node in getattr(tree, "body", ()):
        name = getattr(node, "name", "_")
        if isinstance(node, ast.ClassDef) and name[0] != "_":
            if {"__exit__", "__aexit__"} & {getattr(one, "name", "") for one in node.body}:
                yield outer + name
            yield from _managers(node, f"{outer}{name}.")
        elif name[0] != "_" and "contextmanager" in "".join(map(ast.unparse, node.decorator_list)):
            yield outer + name


def unlocked(lock: Any) -> bool:
    """Whether another thread gets a lock at once."""
    with ThreadPoolExecutor(1) as threads:
        taken = threads.submit(lambda: lock.acquire(blocking=False) and not lock.release())
        return bool(taken.result(PATIENCE_S))


def writable(path: Path | str) -> bool:
    """Whether another connection may write to an SQLite file at once."""
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with closing(other), suppress(sqlite3.OperationalError):
        other.execute("BEGIN IMMEDIATE")
        return True
    return False


class ResourceTests:
    """What holds for everything that a module acquires; inherit it in `tests/unit/test_resources.py`.

    Attributes:
        resources: how each is made, used, and known to be free.
        excepted: a module or a context manager of the package that is not declared -> why not.
    """

    resources: ClassVar[Sequence[Resource]] = ()
    excepted: ClassVar[Mapping[str, str]] = {}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make a test of each declared resource, and of each place to leave it in."""
        for name, values in (("resource", self.resources), ("where", PLACES)):
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, values, ids=str)

    def test_an_interrupt_at_any_step_leaves_nothing_held(
        self, resource: Resource, tmp_path: Path
    ) -> None:
        """Interrupt or cancel its use at each step; two tracers at once end Python 3.12.1."""
        with without_tracing():
            found = interrupted(resource, tmp_path)
        assert not found, "\n".join(found)

    def test_what_is_left_elsewhere_ends_as_documented(
        self, resource: Resource, where: str, tmp_path: Path
    ) -> None:
        """Enter it here and leave it in another thread, task, event loop or process."""
        found = left_in(resource, where, tmp_path)
        assert not found, "\n".join(found)

    def test_every_context_manager_is_declared_or_excepted(self) -> None:
        """Find what is neither, and exceptions that except nothing."""
        named = {one.name for one in self.resources}
        left = undeclared(managers(package_of(self)), named, self.excepted)
        assert left == [], f"neither declared nor excepted: {', '.join(left)}"
