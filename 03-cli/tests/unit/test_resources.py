"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import signal
from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once
from velvet_cli import files, signals, store, streams

LOOP = "asyncio puts a handler of its own into the place of that of Ctrl-C while it runs"
OWN_FILE = "the block is left in the process that entered it, as its docstring says"
MAIN = "Python installs handlers in the main thread only, as the docstring of `handled` says"


def a_file(folder: Path) -> Path:
    (folder / "a").write_text("old", encoding="utf-8")
    return folder / "a"


def is_whole(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_text(encoding="utf-8") in ("old", "")  # or what the empty block wrote


def can_be_locked(path: Path) -> bool:
    try:
        with files.FileLock(path, timeout=0):
            return True
    except files.StoreLocked:
        return False


def a_store(folder: Path) -> store.TaskStore:
    made = store.TaskStore(folder / "tasks.jsonl", lock_timeout=0)
    made.add("first")
    return made


def is_usable(tasks: store.TaskStore) -> None:
    assert can_be_locked(Path(f"{tasks.path}.lock"))
    assert [one.title for one in tasks][:2] in (["first"], ["first", "second"])
    assert files.abandoned(tasks.path) == []


def handlers() -> dict[int, object]:
    return {number: signal.getsignal(number) for number in signals.ending_signals()}


def are_back(before: dict[int, object]) -> bool:
    return handlers() == before


class TestResources(ResourceTests):
    resources = (
        Resource(
            "files.FileLock",
            lambda folder: files.FileLock(folder / "lock", timeout=0),
            free=lambda lock: can_be_locked(lock.path),
        ),
        Resource(
            "files.atomic_write",
            a_file,
            use=files.atomic_write,
            free=is_whole,
            elsewhere={"child": OWN_FILE},
        ),
        Resource(
            "store.TaskStore",
            a_store,
            use=lambda tasks: at_once(lambda: tasks.add("second")),
            free=is_usable,
        ),
        Resource(
            "signals.handled",
            lambda _: handlers(),
            use=lambda _: signals.handled(signals.stop_now),
            free=are_back,
            elsewhere={"thread": MAIN, "loop": LOOP},
        ),
        Resource(
            "signals.graceful",
            lambda _: handlers(),
            use=lambda _: signals.graceful(signals.CancelToken()),
            free=are_back,
            elsewhere={"thread": MAIN, "loop": LOOP},
        ),
        Resource(
            "streams.open_input",
            a_file,
            use=lambda path: streams.open_input(str(path), None),
            free=is_whole,
        ),
        Resource(
            "streams.pipe_errors",
            lambda _: None,
            use=lambda _: streams.pipe_errors(),
            free=lambda _: True,
        ),
    )
