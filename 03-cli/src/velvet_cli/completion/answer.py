"""Values of the program's data: what `tasks --complete KIND [WORDS...]` prints.

Lines of ``value<TAB>help``; nothing when anything is wrong: it would land in the user's line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from velvet_cli.contract import CONTRACT


def answer(argv: Sequence[str], env: Mapping[str, str], *, cwd: Path) -> str:
    """Return the answer to a question: ``tasks``, ``tags`` or ``keys``, and words with the store.

    A value with a control character is left out: no shell could show or type it.
    """
    kind = argv[0] if argv else ""
    found: Iterator[tuple[str, str]] = iter(())
    if kind == "keys":
        found = ((name, param.help) for name, param in CONTRACT.settings().items())
    elif kind in ("tasks", "tags"):
        found = _stored(kind, store_of(argv[1:], env, cwd=cwd))
    kept = ((value, text) for value, text in found if value.isprintable() and value)
    return "".join(f"{value}\t{' '.join(text.split())}\n" for value, text in kept)


def _stored(kind: str, store: Path) -> Iterator[tuple[str, str]]:
    from velvet_cli.store import StoreCorrupt, TaskStore

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


def store_of(words: Sequence[str], env: Mapping[str, str], *, cwd: Path) -> Path:
    """Return the file of tasks that a half-typed command line is about.

    The option counts first, then the configuration; one that is wrong is no problem of this moment.
    """
    given: dict[str, str] = {}
    for at, word in enumerate(words):
        name, attached, value = word.partition("=")
        if name in ("--store", "--config", "--profile"):
            given[name] = value if attached else "".join(words[at + 1 : at + 2])
    if given.get("--store"):
        return cwd / given["--store"]
    from velvet_cli.config import ConfigError, find_files, load

    explicit = given.get("--config") or env.get("TASKS_CONFIG")
    files = find_files(env, cwd=cwd, explicit=cwd / explicit if explicit else None)
    profile = given.get("--profile") or env.get("TASKS_PROFILE") or None
    spec = CONTRACT.settings()
    try:
        settings = load(spec.values(), env=env, files=files, profile=profile)
    except (ConfigError, OSError):
        return cwd / str(spec["store"].default)
    return cwd / str(settings["store"])
