"""The race: lock and install, cold and warm; then the experiments that explain who wins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from velvet.bench import Outcome, Suite, growth, ratio
from velvet_environments.comparisons import TOOLS, installed, pins, project, tier
from velvet_environments.samples.graphs import flat, layered

LATENCY_S, MIDDLE_S = 0.05, 0.02
FILES = 20
NOT_DEFAULT = "--no-compile, not its default"


def _race(name: str) -> Iterator[Callable[[], Outcome]]:
    with project(name, layered()) as (tool, work):

        def run() -> Outcome:
            cold = tool.lock(work).demand()
            (work.project / tool.lock_name).unlink()
            warm = tool.lock(work).demand()
            chosen = pins(tool, work)
            # `pip lock` and `uv lock` fetch no wheel; pip-tools does, for the hashes: from here on
            # all caches hold whatever the tool's own lock brought.
            work.blank()
            first = tool.sync(work).demand()
            work.blank()
            again = tool.sync(work).demand()
            if installed(work) != chosen:
                raise ValueError(f"{name} installed something else than it locked")
            told = {
                "warm": warm.wall_s,
                "install": first.wall_s,
                "reinstall": again.wall_s,
                "requests": float(cold.stats.requests),
                "kb": cold.stats.bytes / 1e3,
            }
            return Outcome(told, seconds=cold.wall_s, result=sorted(chosen.items()))

        yield run


ABLATION: dict[str, tuple[str, dict[str, Any]]] = {
    "pip": ("venv_pip", {}),
    "pip_compiled": ("venv_pip", {"bytecode": True}),
    "uv_hardlink": ("uv_pip", {"link_mode": "hardlink"}),
    "uv_copy": ("uv_pip", {"link_mode": "copy"}),
    "uv_hardlink_compiled": ("uv_pip", {"link_mode": "hardlink", "bytecode": True}),
    "uv_copy_compiled": ("uv_pip", {"link_mode": "copy", "bytecode": True}),
}


def _install(way: str, wheels: int) -> Iterator[Callable[[], Outcome]]:
    name, options = ABLATION[way]
    with project(name, flat(wheels, files=FILES), **options) as (tool, work):
        tool.lock(work).demand()
        if not installed(work):  # a freeze has installed already
            tool.sync(work).demand()
        work.blank()

        def run() -> Outcome:
            done = tool.sync(work).demand()
            return Outcome(seconds=done.wall_s, result=sorted(installed(work).items()))

        yield run


def _slope(name: str) -> Iterator[Callable[[], Outcome]]:
    with project(name, layered()) as (tool, work):
        server = work.box.server
        assert server is not None
        tool.lock(work).demand()  # the tool's own start is warm, its cache of the index is not

        def cold(latency_s: float) -> Any:
            server.latency_s = latency_s
            work.box.clear_cache()
            (work.project / tool.lock_name).unlink()
            return tool.lock(work).demand()

        def run() -> Outcome:
            near, middle, far = cold(0), cold(MIDDLE_S), cold(LATENCY_S)
            waits = max(0.01, (far.wall_s - near.wall_s) / LATENCY_S)
            told = {
                "waits": waits,
                "requests": float(far.stats.requests),
                "connections": float(len({one.client_port for one in far.requests})),
                "near": near.wall_s,
                "middle": middle.wall_s,
                "far": far.wall_s,
            }
            return Outcome(told, result=sorted(pins(tool, work).items()))

        yield run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    race = suite.comparison(
        "tools",
        title="41 of 61 projects: lock with an empty and a full cache, install twice",
        kind="run",
        metrics={
            "warm": "s",
            "install": "s",
            "reinstall": "s",
            "requests": "requests",
            "kb": "kB",
        },
        rounds={"quick": 1, "default": 2},
        tree=True,
        limit=300,
    )
    for name in TOOLS:
        # These three install by pip, which compiles unless it is told not to; the others do not.
        note = NOT_DEFAULT if name in ("pip_lock", "pip_tools", "pipenv") else ""
        make, first = partial(_race, name), name == "pip_lock"
        race.add(name, make, baseline=first, tier=tier(name), note=note)
    race.same_result()
    suite.claim(
        "uv locks with empty caches at least 2x faster than pip",
        ratio("tools", "pip_lock", "uv_project") >= 2,
    )
    suite.claim(
        "with a full cache at least 5x faster",
        ratio("tools", "pip_lock", "uv_project", "warm") >= 5,
    )
    suite.claim(
        "and installs from a full cache at least 4x faster",
        ratio("tools", "pip_lock", "uv_project", "reinstall") >= 4,
    )
    for name in ("pip_tools", "poetry", "pdm", "pipenv"):
        suite.claim(
            f"uv locks with empty caches at least 1.5x faster than {name}",
            ratio("tools", name, "uv_project") >= 1.5,
            tier="default",
        )

    fair = suite.comparison(
        "fair_play",
        title=f"Install wheels of {FILES} files from a full cache: each advantage taken away",
        kind="run",
        sizes={"wheels": [10, 50, 100]},
        quick=lambda wheels: wheels == 10,
        rounds={"quick": 1, "default": 2},
        limit=300,
    )
    for way in ABLATION:
        note = {"pip": NOT_DEFAULT, "pip_compiled": "pip's default"}.get(way, "")
        fair.add(way, partial(_install, way), baseline=way == "pip", note=note)
    fair.same_result()
    suite.claim(
        "100 wheels: uv with hard links installs at least 5x faster than pip",
        ratio("fair_play", "pip", "uv_hardlink", wheels=100) >= 5,
        tier="default",
    )
    suite.claim(
        "100 wheels: uv that copies and compiles is still faster than pip that compiles",
        ratio("fair_play", "pip_compiled", "uv_copy_compiled", wheels=100) >= 1.25,
        tier="default",
    )
    suite.claim(
        "pip's time grows with the number of wheels",
        growth("fair_play", "pip", over="wheels") >= 0.4,
        tier="default",
    )

    slope = suite.comparison(
        "latency",
        title="How often a cold lock waits for the network: seconds per second of latency",
        kind="run",
        unit="waits",
        metrics={
            "waits": "waits",
            "requests": "requests",
            "connections": "connections",
            "near": "s",
            "middle": "s",
            "far": "s",
        },
        rounds={"quick": 1, "default": 2},
        tier="default",
        limit=300,
    )
    for name in ("pip_lock", "uv_project", "poetry", "pdm"):
        slope.add(name, partial(_slope, name), baseline=name == "pip_lock", tier=tier(name))
    slope.same_result()
    suite.claim(
        "of the same requests, uv waits for at most 0.4x as many as pip, one after another",
        ratio("latency", "pip_lock", "uv_project", "waits") >= 2.5,
        tier="default",
    )
