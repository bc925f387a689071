"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from velvet_cli import contenders
from velvet_cli.comparisons.behaviours import BEHAVIOURS, look
from velvet_cli.comparisons.probe import Node, children_cpu_s, import_tree, run, startup
from velvet_cli.comparisons.progress import HERE, lap
from velvet_cli.comparisons.running import clean_environment
from velvet_cli.comparisons.startup import MODES, folder, write_program
from velvet_cli.store import TaskStore

CAP_S = 5.0
MOST_LETTERS = 300
KEPT = 3000  # letters of a stream that are shown
LEAST_MS = 0.4  # an import that costs less is drawn within its importer
COMMANDS, IMPORT_MS = (1, 12), (0, 100)
# What a bar that draws at every item can do within a few seconds.
SLOW = {"click": 200_000, "naive": 300_000}
# Runs a front end, and notes what it really called: the command and the values, as JSON.
_WATCHED = """
import json, sys
from velvet_cli import program
perform = program.perform
def noted(call, session):
    with open(sys.orig_argv[-1], "w", encoding="utf-8") as file:
        json.dump([call.command, dict(call.values)], file)
    return perform(call, session)
program.perform = noted
program.start(sys.argv[1], sys.argv[2:-1])
"""


def words_of(line: str) -> list[str]:
    """Split what a visitor typed, with or without the program's name, as a shell would.

    The words only ever reach `tasks` in an empty folder; paths are refused, so that nothing outside
    of it can be named. Raises ValueError: a quote is open, the line is too long, or a word names a
    path.
    """
    if len(line) > MOST_LETTERS:
        raise ValueError(f"A line has at most {MOST_LETTERS} letters, not {len(line)}.")
    try:
        words = shlex.split(line)
    except ValueError:
        raise ValueError("A quote in the line is not closed.") from None
    for word in words:
        if "/" in word or "\\" in word or word.startswith("~") or "\0" in word:
            raise ValueError(f"{word!r} names a path; only `tasks` itself is run here.")
    return words[1:] if words[:1] == ["tasks"] else words


def faces(line: str = "tasks list", hardened: bool = False) -> Iterator[dict[str, Any]]:
    """Run a command line in each front end: what it called, printed, and how it ended."""
    words, names = words_of(line), contenders.installed()
    yield {"type": "plan", "total": len(names)}
    for name in names:
        yield {"type": "face", "name": name, **_face(name, words, hardened)}


def _face(name: str, words: Sequence[str], hardened: bool) -> dict[str, Any]:
    with folder() as made:
        store, called = TaskStore(Path(made, "tasks.jsonl")), Path(made, "called.json")
        store.add("write the report", priority=5, tags=["work"])
        store.add("buy bread", tags=["home"])
        form = name if hardened else contenders.RAW + name
        before = children_cpu_s()
        try:
            ended = subprocess.run(
                [sys.executable, "-c", _WATCHED, form, *words, str(called)],
                cwd=made,
                env=clean_environment(Path(made), {"COLUMNS": "54"}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=CAP_S,
            )
            code, out, err = ended.returncode, ended.stdout, ended.stderr
        except subprocess.TimeoutExpired:
            code, out, err = None, b"", f"ended at its cap of {CAP_S:g} s".encode()
        cpu_ms = round((children_cpu_s() - before) * 1e3, 1)
        call = json.loads(called.read_text(encoding="utf-8")) if called.exists() else None
        told = [raw.decode("utf-8", "replace").replace(made, "FOLDER")[:KEPT] for raw in (out, err)]
        return {"exit": code, "cpu_ms": cpu_ms, "called": call, "out": told[0], "err": told[1]}


def starts(rounds: int = 3) -> Iterator[dict[str, Any]]:
    """Measure `tasks add x` in each front end, with and without bytecode, and trace its imports."""
    names = contenders.installed()
    yield {"type": "plan", "total": 2 * len(names)}
    for name in names:
        with folder() as made:
            place, argv = Path(made), [f"{contenders.RAW}{name}", "add", "x"]
            env = clean_environment(place)
            stats = startup("velvet_cli", argv, rounds, env=env, cwd=place)
            # A prefix without files stands for an installation that was never compiled.
            never = {"PYTHONPYCACHEPREFIX": str(place / "none"), "PYTHONDONTWRITEBYTECODE": "1"}
            words = [sys.executable, "-m", "velvet_cli", *argv]
            uncompiled = min(run(words, {**env, **never}, place)[0] for _ in range(2))
            yield {
                "type": "start",
                "name": name,
                "cpu_ms": round(stats.cpu_ms, 1),
                "uncompiled_ms": round(uncompiled, 1),
                "rss_mb": round(stats.rss_mb, 1),
                "modules": stats.modules,
            }
            tree = import_tree("velvet_cli", argv, env=env, cwd=place)
            yield {"type": "tree", "name": name, "boxes": boxes(tree)}


def boxes(tree: Node) -> list[list[Any]]:
    """Return ``[path, parent path, label, ms]`` of each import worth a box; O(n).

    A parent's figure includes its children's, as an icicle's boxes do.
    """
    found: list[list[Any]] = []

    def visit(node: Node, above: str) -> None:
        path = f"{above}>{node.name}" if above else node.name
        found.append([path, above, node.name.rpartition(".")[2], round(node.total_ms, 2)])
        for child in node.children:
            if child.total_ms >= LEAST_MS:
                visit(child, path)

    visit(tree, "")
    return found


def lazily(commands: int = 5, import_ms: int = 50) -> Iterator[dict[str, Any]]:
    """Measure one command and the help of a program, for each way of loading its commands."""
    for what, value, (low, high) in (
        ("The number of commands", commands, COMMANDS),
        ("What each imports, in ms,", import_ms, IMPORT_MS),
    ):
        if not low <= value <= high:
            raise ValueError(f"{what} must be {low} to {high}, not {value}.")
    yield {"type": "plan", "total": 2 * len(MODES)}
    for mode in MODES:
        with folder() as made:
            place = Path(made)
            write_program(place, commands=commands, import_ms=import_ms, mode=mode)
            path = os.pathsep.join([made, *(part for part in sys.path if part)])
            env = clean_environment(place, {"PYTHONPATH": path})
            for words in ("c0", "--help"):
                stats = startup("program", [words], 2, env=env, cwd=place)
                cost = {"cpu_ms": round(stats.cpu_ms, 1), "modules": stats.modules}
                yield {"type": "lazy", "mode": mode, "words": words, **cost}


def cells(form: str = "raw") -> Iterator[dict[str, Any]]:
    """Look at every installed front end with every rule."""
    if form not in ("raw", "hardened"):
        raise ValueError(f"The programs are raw or hardened, not {form}.")
    names = contenders.installed()
    yield {"type": "plan", "total": len(BEHAVIOURS) * len(names)}
    for behaviour in BEHAVIOURS:
        for name in names:
            seen = look(name, behaviour, hardened=form == "hardened")
            yield {
                "type": "cell",
                "name": name,
                "version": contenders.version(name),
                "id": behaviour.id,
                "passed": seen.passed,
                "what": seen.what,
                "transcript": portable(seen.transcript)[:KEPT],
            }


def portable(text: str) -> str:
    """Cut what only this machine calls so from the paths of a traceback, also of one cut short."""
    here = Path(__file__).resolve()
    for place in (
        here.parents[2],
        sys.prefix,
        sys.base_prefix,
        here.parents[4],
        tempfile.gettempdir(),
    ):
        text = text.replace(f"{place}{os.sep}", "")
    return text


def laps(
    bars: Sequence[str] = ("bare", "throttled"), places: Sequence[str] = HERE, items: int = 100_000
) -> Iterator[dict[str, Any]]:
    """Measure what an item costs under each bar, and what arrives at the other end.

    Bars that draw at every item run fewer of them; the event says how many.
    """
    if not bars or not places:
        raise ValueError("Choose at least one bar and one place.")
    yield {"type": "plan", "total": len(bars) * len(places)}
    for place in places:
        for bar in bars:
            slow = place == "pty" or bar == "naive"
            count = min(items, SLOW.get(bar, items)) if slow else items
            found = lap(bar, place, count, env=os.environ)
            yield {
                "type": "lap",
                "bar": bar,
                "place": place,
                "items": count,
                "cpu_ns": round(found.cpu_ns, 1),
                "written": found.written,
                "shown": found.shown[:200],
            }
