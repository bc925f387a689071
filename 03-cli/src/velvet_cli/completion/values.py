"""The values that only the program's data knows: task numbers, tags, settings, files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from velvet_cli.contract import CONTRACT


def dynamic_values(
    kind: str, current: str = "", *, store: Path | None = None, cwd: Path | None = None
) -> Iterator[tuple[str, str]]:
    """Yield values of a kind with a text about each; nothing at all when they cannot be had.

    A value with a control character is left out: no shell could show or type it.

    Args:
        kind: ``tasks``, ``tags``, ``keys`` or ``files``; any other has no values.
        current: what is typed so far; only ``files`` looks at it.
        store: the file of tasks.
        cwd: where relative paths begin.
    """
    found: Iterator[tuple[str, str]] = iter(())
    if kind == "keys":
        found = ((name, param.help) for name, param in CONTRACT.settings().items())
    elif kind == "files":
        found = _files(current, cwd or Path())
    elif kind in ("tasks", "tags") and store is not None:
        found = _stored(kind, store)
    yield from ((value, text) for value, text in found if value.isprintable() and value)


def _stored(kind: str, store: Path) -> Iterator[tuple[str, str]]:
    from velvet_cli.core import StoreCorrupt, TaskStore

    tags: dict[str, int] = {}
    # A store that is broken further down still helps with what stands before.
    with suppress(OSError, StoreCorrupt):
        for task in TaskStore(store):
            if kind == "tasks":
                yield str(task.id), f"(done) {task.title}" if task.done else task.title
            for tag in task.tags:
                tags[tag] = tags.get(tag, 0) + 1
    if kind == "tags":
        yield from ((tag, f"{count} tasks") for tag, count in sorted(tags.items()))


def _files(current: str, cwd: Path) -> Iterator[tuple[str, str]]:
    folder, slash, start = current.rpartition("/")
    base = cwd / (folder + slash) if slash else cwd
    with suppress(OSError):
        for path in sorted(base.iterdir()):
            if path.name.startswith(start) and (start or not path.name.startswith(".")):
                yield f"{folder}{slash}{path.name}{'/' if path.is_dir() else ''}", ""


def store_of(words: Sequence[str], env: Mapping[str, str], *, cwd: Path) -> Path:
    """Return the file of tasks that a half-typed command line is about.

    The option counts first, then what the configuration says; a configuration that is wrong is
    not the moment's problem, and its default is taken.
    """
    given: dict[str, str] = {}
    for at, word in enumerate(words):
        name, attached, value = word.partition("=")
        if name in ("--store", "--config", "--profile"):
            given[name] = value if attached else "".join(words[at + 1 : at + 2])
    if given.get("--store"):
        return cwd / given["--store"]
    from velvet_cli.config import ConfigError, find_files, load, settings_of

    explicit = given.get("--config") or env.get("TASKS_CONFIG")
    files = find_files(env, cwd=cwd, explicit=cwd / explicit if explicit else None)
    profile = given.get("--profile") or env.get("TASKS_PROFILE") or None
    spec = settings_of()
    try:
        settings = load(spec, env=env, files=files, profile=profile)
    except (ConfigError, OSError):
        settings = load(spec)
    return cwd / str(settings["store"])
