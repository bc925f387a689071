"""One command line, understood by each of the four front ends, each in a process of its own."""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from velvet_cli.completion import split
from velvet_cli.core import TaskStore
from velvet_cli.errors import UsageError
from velvet_cli.frontends import Frontend, NothingParsed, frontends
from velvet_cli.harness import clean_environment
from velvet_cli.terminal import children_cpu_s

CAP_S = 5.0
MOST_LETTERS = 300
KEPT = 6000  # letters of a stream that are shown


def words_of(line: str) -> list[str]:
    """Split what a visitor typed, with or without the program's name, as a shell would.

    The words only ever reach `tasks` in an empty folder; paths are refused, so that nothing
    outside of it can be named.

    Raises:
        ValueError: a quote is open, the line is too long, or a word names a path.
    """
    if len(line) > MOST_LETTERS:
        raise ValueError(f"at most {MOST_LETTERS} letters, not {len(line)}")
    found = split(f"{line} ")
    if found.quote:
        raise ValueError(f"the quote {found.quote} is not closed")
    words = list(found.prefix_words)
    for word in words:
        if "/" in word or "\\" in word or word.startswith("~") or "\0" in word:
            raise ValueError(f"{word!r} names a path; only `tasks` itself is run here")
    return words[1:] if words[:1] == ["tasks"] else words


def faces(line: str, *, hardened: bool) -> Iterator[dict[str, Any]]:
    """Yield one event per installed front end: what it parsed, printed, and how it ended.

    Raises:
        ValueError: see `words_of`.
    """
    words = words_of(line)
    for front in frontends():
        yield {
            "type": "face",
            "name": front.name,
            **_parsed(front, words),
            **_ran(front, words, hardened),
        }


def _parsed(front: Frontend, words: list[str]) -> dict[str, Any]:
    """Return what the hardened front end understands; its help goes nowhere."""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            call = front.parse(words)
    except UsageError as error:
        return {"command": "", "values": {}, "refused": error.message}
    except NothingParsed as end:
        return {"command": "", "values": {}, "refused": str(end)}
    values = {name: list(v) if isinstance(v, tuple) else v for name, v in call.values.items()}
    return {"command": call.command, "values": values, "refused": ""}


def _ran(front: Frontend, words: list[str], hardened: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="velvet-cli-") as made:
        folder = Path(made)
        store = TaskStore(folder / "tasks.jsonl")
        store.add("write the report", priority=5, tags=["work"])
        store.add("buy bread", tags=["home"])
        before = children_cpu_s()
        try:
            ended = subprocess.run(
                [*front.argv_prefix(hardened=hardened), *words],
                cwd=folder,
                env=clean_environment(folder, {"COLUMNS": "54"}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=CAP_S,
            )
        except subprocess.TimeoutExpired:
            return {
                "exit": None,
                "out": "",
                "err": f"ended at its cap of {CAP_S:g} s",
                "cpu_ms": 0.0,
            }
        used = children_cpu_s() - before
    return {
        "exit": ended.returncode,
        "out": _text(ended.stdout, made),
        "err": _text(ended.stderr, made),
        "cpu_ms": round(used * 1e3, 1),
    }


def _text(raw: bytes, folder: str) -> str:
    return raw.decode("utf-8", "replace").replace(folder, "FOLDER")[:KEPT]
