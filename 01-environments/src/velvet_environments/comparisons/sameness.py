"""Whether the same lock gives the same environment, for whom a lock holds, and what it costs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, ratio, value
from velvet_environments import lockfiles, locks
from velvet_environments.comparisons import TOOLS, present, project, tier
from velvet_environments.comparisons.evolution import STEPS, attempt, way
from velvet_environments.digest import compare
from velvet_environments.indexserver import IndexServer
from velvet_environments.inspector import disk
from velvet_environments.samples.graphs import flat, layered, platform_split
from velvet_environments.workspace import available

ENVIRONMENTS, WHEELS = 5, 50
LABEL = Metric("label")


def _twice(first: str, second: str) -> Callable[[], Outcome]:
    """Return a measurement of two installs of one graph in two folders, two caches."""
    for name in (first, second):
        present(name)

    def made(bytecode: bool) -> Any:
        graph = layered(18)
        with (
            IndexServer(graph.to_index()) as server,
            project(first, graph, server=server, bytecode=bytecode) as (tool, one),
            project(second, graph, server=server, bytecode=bytecode) as (other, two),
        ):
            tool.lock(one).demand()
            if first == second:
                shutil.copy(one.project / tool.lock_name, two.project)
            else:
                other.lock(two).demand()
            for installer, work in ((tool, one), (other, two)):
                work.blank()
                installer.sync(work).demand()
            return compare(one.env, two.env, ignore_paths=True)

    def run() -> Outcome:
        plain, compiled = made(False), made(True)
        told: dict[str, Any] = {
            "plain": float(len(plain.files)),
            "compiled": float(len(compiled.files)),
            "files": float(compiled.total),
            "causes": ", ".join(compiled.causes) or "none",
        }
        return Outcome(told)

    return run


def _evolved(step: str) -> Callable[[], Outcome]:
    tool, _ = way(step)
    present(tool.__name__.rpartition(".")[2])  # type: ignore[attr-defined]

    def run() -> Outcome:
        row = attempt(step)
        told: dict[str, Any] = {
            "same_bytes": "yes" if row.same else "no",
            "tampered_wheel": "refused" if row.refused else "installed",
            "targets": " ".join(map(str, row.packages)) or "-",
            "refused": float(row.refused),
            "same": float(row.same),
        }
        return Outcome(told)

    return run


def _locked(name: str) -> Callable[[], Outcome]:
    version = available(present(name)).version or "unknown"

    def run() -> Outcome:
        with project(name, platform_split()) as (tool, work):
            tool.lock(work).demand()
            path = work.project / tool.lock_name
            lock, size = lockfiles.load(path), path.stat().st_size
        told: dict[str, Any] = {
            "targets": " ".join(map(str, locks.platforms(lock))),
            "packages": float(len(lock.packages)),
            "hashes": float(sum(len(one.hashes) for one in lock.packages)),
            "bytes": float(size),
            "version": version,
        }
        return Outcome(told)

    return run


def _room(name: str, link_mode: str) -> Callable[[], Outcome]:
    present(name)

    def run() -> Outcome:
        graph = flat(WHEELS, files=20)
        with project(name, graph, link_mode=link_mode) as (tool, work):
            tool.lock(work).demand()
            folders = [work.box.cache]
            for number in range(ENVIRONMENTS):
                work.blank()
                tool.sync(work).demand()
                folders.append(work.env.rename(work.project / f"env{number}"))
            apparent = disk(folders[1:]).apparent
            told = {"unique_kb": disk(folders).unique / 1e3, "apparent_kb": apparent / 1e3}
        return Outcome(told)

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    twice = suite.comparison(
        "reproducible",
        title="Files that differ between two installs of one graph, without and with bytecode",
        kind="value",
        unit="files",
        metrics={"plain": "files", "compiled": "files", "files": "files", "causes": LABEL},
    )
    for name in ("pip_lock", "uv_project", "poetry", "pdm"):
        twice.add(name, partial(_twice, name, name), baseline=name == "pip_lock", tier=tier(name))
    twice.add("pip_beside_uv", partial(_twice, "pip_lock", "uv_project"))
    suite.claim(
        "two installs by pip, or by uv, are equal byte for byte without bytecode",
        value("reproducible", "pip_lock", "plain").equals(0)
        & value("reproducible", "uv_project", "plain").equals(0),
    )
    suite.claim(
        "with bytecode they are not",
        (value("reproducible", "pip_lock", "compiled") >= 1)
        & (value("reproducible", "uv_project", "compiled") >= 1),
    )

    steps = suite.comparison(
        "evolution",
        title="Four ways to write down an environment, before a moving index and an attacker",
        kind="value",
        unit="label",
        metrics={
            "same_bytes": LABEL,
            "tampered_wheel": LABEL,
            "targets": LABEL,
            "same": Metric("times", "higher"),
            "refused": Metric("times", "higher"),
        },
        tier="default",
    )
    for step in STEPS:
        steps.add(step, partial(_evolved, step), baseline=step == "names")
    suite.claim(
        "names drift with the index; a frozen list, a hashed and a universal lock do not",
        value("evolution", "names", "same").equals(0)
        & value("evolution", "frozen", "same").equals(1)
        & value("evolution", "hashed", "same").equals(1)
        & value("evolution", "universal", "same").equals(1),
        tier="default",
    )
    suite.claim(
        "a changed wheel is installed from names and from a frozen list, and refused by hashes",
        value("evolution", "names", "refused").equals(0)
        & value("evolution", "frozen", "refused").equals(0)
        & value("evolution", "hashed", "refused").equals(1)
        & value("evolution", "universal", "refused").equals(1),
        tier="default",
    )

    formats = suite.comparison(
        "lock_formats",
        title="One graph with parts for Windows and for Python 3.10, locked on this machine",
        kind="value",
        unit="packages",
        metrics={
            "packages": Metric("packages", "higher"),
            "targets": LABEL,
            "hashes": Metric("hashes", "higher"),
            "bytes": "B",
            "version": LABEL,
        },
    )
    for name in ("venv_pip", "uv_pip", *TOOLS):
        quick = "quick" if name in ("uv_pip", "uv_project", "pip_lock") else "default"
        formats.add(name, partial(_locked, name), baseline=name == "venv_pip", tier=quick)
    suite.claim(
        "uv's lock holds all five packages of the graph, pip's only those of this machine",
        value("lock_formats", "uv_project", "packages").equals(5)
        & (value("lock_formats", "pip_lock", "packages") <= 4),
    )

    room = suite.comparison(
        "disk",
        title=f"{ENVIRONMENTS} environments of {WHEELS} wheels and the cache: bytes on the disk",
        kind="value",
        unit="kB",
        metrics={"unique_kb": "kB", "apparent_kb": "kB"},
        tier="default",
    )
    room.add(
        "pip", partial(_room, "venv_pip", ""), baseline=True, note="--no-compile, not its default"
    )
    room.add("uv_hardlink", partial(_room, "uv_pip", "hardlink"))
    room.add("uv_copy", partial(_room, "uv_pip", "copy"))
    suite.claim(
        "with hard links five environments take at most 0.6x the room that pip's take",
        ratio("disk", "pip", "uv_hardlink", "unique_kb") >= 1.67,
        needs="linux",
        tier="default",
    )
