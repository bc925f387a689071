"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from pathlib import Path

from velvet.hostile import HostileTests, call
from velvet_environments import (
    channel,
    conflicts,
    depgraph,
    indexserver,
    localindex,
    lockfiles,
    locks,
    resolve,
    script,
    target,
    toolbox,
    wheelsmith,
)
from velvet_environments.errors import EnvToolError
from velvet_environments.wheelsmith import PackageSpec

DEMO = PackageSpec("demo", "1.0", ("part>=1",), {"x": ("part",)})
PARTS = [DEMO, PackageSpec("part", "1.0")]
LINUX = target.Target()
SOURCE = resolve.Source(PARTS, LINUX)
CHAIN = {str(n): [str(n + 1)] for n in range(1100)}
LONG_CHAIN = {str(n): [str(n + 1)] for n in range(10_000)}
PYLOCK = 'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\n'
UV = "version = 1\n[[package]]\nname = 'a'\nversion = '1'\n"
POETRY = "[metadata]\nlock-version = '2.1'\n"
PDM = "[metadata]\nlock_version = '4.5'\n"
BLOCK = "# /// script\n# dependencies = ['demo']\n# ///\n"
NO_LOCK = Path("uv.lock")
PINNED = Path(__file__).parents[2] / "requirements" / "tools" / "uv.txt"
LOCK_FREE = "`copy.copy` is shallow, as of any plain class"


class TestHostile(HostileTests):
    errors = (EnvToolError,)
    mutable = {"indexserver.FaultPlan", "workspace.Workspace"}
    calls = (
        call(channel.CondaChannel, PARTS).but(same=False),
        call(conflicts.satisfiable, ["demo>=1"], PARTS, LINUX),
        call(conflicts.minimal_core, ["demo", "part>1", "part<1"], PARTS, LINUX),
        call(depgraph.DependencyGraph, {"app": ["a"], "a": ["b"]}, {"a": "1"}).then("why", "b"),
        call(depgraph.DependencyGraph, CHAIN)
        .then("render", 1100)
        .but(large=lambda: depgraph.DependencyGraph(LONG_CHAIN)),
        call(indexserver.FaultPlan)
        .then("status", "*", 500, times=2)
        .then("close_after", "*", 10, times=2)
        .then("corrupt", "*", times=2)
        .then("stall", "*", 1.0, times=2)
        .then("take", "/simple/demo/")
        .but(shares=LOCK_FREE),
        call(localindex.LocalIndex, PARTS)
        .then("entries", "demo")
        .then("tamper", DEMO.filename)
        .then("project_html", "demo")
        .then("project_json", "demo")
        .then("answer", "/simple/demo/", as_json=True)
        .but(shares=LOCK_FREE),
        call(lockfiles.toml_of, NO_LOCK, UV),
        call(lockfiles.read_requirements, NO_LOCK, "demo==1.0\n"),
        call(lockfiles.read_pylock, NO_LOCK, PYLOCK),
        call(lockfiles.read_uv, NO_LOCK, UV),
        call(lockfiles.read_poetry, NO_LOCK, POETRY),
        call(lockfiles.read_pdm, NO_LOCK, PDM),
        call(lockfiles.read_pipfile, NO_LOCK, '{"_meta": {"pipfile-spec": 6}}'),
        call(lockfiles.load, str(PINNED)),
        call(locks.checked, NO_LOCK, "demo", locks.LockedPackage("demo", "1.0")),
        call(resolve.Source, PARTS, LINUX),
        call(resolve.GreedyResolver().resolve, ["demo[x]>=1"], SOURCE).but(
            of=(resolve.GreedyResolver,)
        ),
        call(resolve.BacktrackingResolver().resolve, ["demo[x]>=1"], SOURCE, max_rounds=9).but(
            of=(resolve.BacktrackingResolver,)
        ),
        call(script.read, BLOCK),
        call(script.write, BLOCK, script.ScriptMeta(("demo",))),
        call(target.Target, "3.12", "linux")
        .then("wants", "sys_platform == 'linux'", frozenset(["x"]), frozenset(["dev"]))
        .then("accepts_python", ">=3.10")
        .then("accepts_tag", "py3-none-any"),
        call(toolbox.Toolbox).then("locate", "uv"),
        call(wheelsmith.normalize, "Demo"),
        call(wheelsmith.requirement, "demo>=1"),
        call(wheelsmith.match_spec, "demo>=1"),
        call(PackageSpec, "demo", "1.0", ("part>=1",), {"x": ("part",)}, ">=3.10", 3, 200, "no"),
    )
    excepted = {
        "__main__": "lists and installs tools",
        "digest": "a result that is made of two folders; tests/unit/test_environments.py",
        "indexserver": "listens; tests/unit/test_wheels_and_index.py",
        "inspector": "reads a folder; tests/unit/test_environments.py",
        "rattler_child": "a program of its own",
        "sandbox": "runs programs in a folder",
        "workspace": "runs programs in a folder",
    }
