"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from velvet_environments.contenders import load
from velvet_environments.digest import compare
from velvet_environments.indexserver import IndexServer, Request
from velvet_environments.samples.graphs import flat, layered
from velvet_environments.workspace import EnvTool, Workspace, available, workspace

Event = dict[str, Any]
LOCKERS = ("uv_project", "pip_lock", "poetry", "pdm", "pipenv")  # the fastest first
MAX_PROJECTS, MAX_WHEELS, MAX_LATENCY_MS = 90, 100, 100


def _present(names: tuple[str, ...]) -> Iterator[tuple[str, EnvTool | None, str]]:
    for name in names:
        tool = load(name)
        told = available(tool)
        yield name, tool if told.present else None, told.reason


def asked(requests: tuple[Request, ...]) -> list[list[Any]]:
    """Return requests as start, end, kind and connection, from the first one on."""
    if not requests:
        return []
    first = min(one.t_start for one in requests)
    ports = {port: number for number, port in enumerate({one.client_port for one in requests})}
    rows = sorted(requests, key=lambda one: one.t_start)
    return [
        [
            round(one.t_start - first, 4),
            round(one.t_end - first, 4),
            one.kind,
            ports[one.client_port],
        ]
        for one in rows
    ]


def xray(projects: int = 61, latency_ms: int = 20, metadata: bool = True) -> Iterator[Event]:
    """Lock one graph with every tool that is here; tell each request of each."""
    if not 6 <= projects <= MAX_PROJECTS or not 0 <= latency_ms <= MAX_LATENCY_MS:
        raise ValueError(
            f"choose 6 to {MAX_PROJECTS} projects and 0 to {MAX_LATENCY_MS} ms, "
            f"not {projects} and {latency_ms}"
        )
    yield {"type": "plan", "total": len(LOCKERS)}
    graph = layered(projects)
    for name, tool, reason in _present(LOCKERS):
        if tool is None:
            yield {"type": "absent", "name": name, "reason": reason}
            continue
        index = graph.to_index(core_metadata=metadata)
        with (
            IndexServer(index, latency_s=latency_ms / 1e3) as server,
            workspace(graph, server=server) as work,
        ):
            tool.prepare(work)
            work.blank()
            done = tool.lock(work).demand()
        yield {
            "type": "tool",
            "name": tool.label,
            "seconds": done.wall_s,
            "kb": done.stats.bytes / 1e3,
            "requests": asked(done.requests),
        }


def _timed(work: Workspace, tool: EnvTool, warm: bool) -> tuple[float, float]:
    """Return seconds of a lock and of an install, with caches empty or full."""
    locked = tool.lock(work).demand()
    if warm:
        (work.project / tool.lock_name).unlink()
        locked = tool.lock(work).demand()
    work.blank()
    made = tool.sync(work).demand()
    if warm:
        work.blank()
        made = tool.sync(work).demand()
    return locked.wall_s, made.wall_s


def race(
    wheels: int = 40, latency_ms: int = 0, warm: bool = False, bytecode: bool = False,
    link: str = "hardlink", everyone: bool = False,
) -> Iterator[Event]:  # fmt: skip
    """Lock and install one graph of wheels with pip and uv, or with every tool that is here."""
    if not 1 <= wheels <= MAX_WHEELS or not 0 <= latency_ms <= MAX_LATENCY_MS:
        raise ValueError(f"choose 1 to {MAX_WHEELS} wheels and 0 to {MAX_LATENCY_MS} ms")
    if link not in ("hardlink", "copy"):
        raise ValueError(f"choose hardlink or copy, not {link!r}")
    names = ("uv_pip", "pip_lock", *(("poetry", "pdm", "pip_tools") if everyone else ()))
    yield {"type": "plan", "total": len(names)}
    graph = flat(wheels)
    for name, tool, reason in _present(names):
        if tool is None:
            yield {"type": "absent", "name": name, "reason": reason}
            continue
        options: Event = {"latency_s": latency_ms / 1e3, "bytecode": bytecode, "link_mode": link}
        with workspace(graph, **options) as work:
            tool.prepare(work)
            work.blank()
            locked, made = _timed(work, tool, warm)
        yield {"type": "tool", "name": tool.label, "lock": locked, "install": made}


def same(first: str = "uv", second: str = "uv", bytecode: bool = True) -> Iterator[Event]:
    """Install one graph in two folders, with two tools or with one, and tell what differs."""
    tools = {"uv": "uv_pip", "pip": "pip_lock", "poetry": "poetry"}
    if first not in tools or second not in tools:
        raise ValueError(f"choose two of {', '.join(tools)}")
    yield {"type": "plan", "total": 1}
    graph = layered(18)
    with (
        IndexServer(graph.to_index()) as server,
        workspace(graph, server=server, bytecode=bytecode) as one,
        workspace(graph, server=server, bytecode=bytecode) as two,
    ):
        for name, work in ((first, one), (second, two)):
            tool = load(tools[name])
            tool.prepare(work)
            work.blank()
            tool.lock(work).demand()
            work.blank()
            tool.sync(work).demand()
        told = compare(one.env, two.env, ignore_paths=True)
    yield {
        "type": "difference",
        "causes": told.causes,
        "total": told.total,
        "examples": {cause: str(told.of(cause)[0]) for cause in told.causes},
    }
