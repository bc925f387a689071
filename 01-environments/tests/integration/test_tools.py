"""The real tools against the index on loopback: what is installed is what the lock says."""

from __future__ import annotations

import json
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from velvet_environments import rattler_child, script, toolbox
from velvet_environments.channel import CondaChannel
from velvet_environments.comparisons.evolution import attempt
from velvet_environments.contenders import NAMES, conda_cli, load, uv_pip, uv_project, venv_pip
from velvet_environments.depgraph import DependencyGraph
from velvet_environments.digest import compare, tree_digest
from velvet_environments.errors import ToolFailed, ToolMissing, ToolTimeout
from velvet_environments.inspector import Environment
from velvet_environments.lockfiles import load as load_lock
from velvet_environments.locks import select
from velvet_environments.samples import graphs
from velvet_environments.sandbox import Sandbox
from velvet_environments.target import Target
from velvet_environments.toolbox import Toolbox, base_python
from velvet_environments.workspace import Workspace, available, perform, workspace

# virtualenv's lock and sync are pip's; what it makes itself is asked below.
APART = ("conda_cli", "rattler", "virtualenv_pip")
UV = Toolbox().locate("uv")
PYTHON_TOOLS = [name for name in NAMES if name not in APART]


def needed(name: str) -> None:
    """Skip where a contender's tool is absent, with the command that installs it."""
    told = available(load(name))
    if not told.present:
        pytest.skip(f"{told.tool} is not installed: {told.reason}")


@pytest.fixture
def work() -> Iterator[Workspace]:
    with workspace(graphs.platform_split()) as made:
        yield made


@pytest.mark.parametrize("name", PYTHON_TOOLS)
def test_what_is_installed_is_what_the_lock_says(name: str, work: Workspace) -> None:
    needed(name)
    tool = load(name)
    tool.prepare(work)
    work.blank()

    tool.lock(work).demand()
    work.blank()
    done = tool.sync(work).demand()

    lock = load_lock(work.project / tool.lock_name)
    made = Environment.read(work.env)
    assert {one.name: one.version for one in made.installed} == select(lock, Target.here())
    assert made.check() == []
    assert made.verify_records() == []
    assert done.stats.wheel == 0 or done.stats.wheel == len(made.installed)
    assert not list(work.env.rglob("*.pyc"))


def test_rattler_installs_the_same_graph_from_a_conda_channel() -> None:
    needed("rattler")
    tool = load("rattler")
    graph = graphs.layered(9)
    with workspace(graph, files=CondaChannel(graph.packages).served()) as work:
        tool.prepare(work)
        tool.lock(work).demand()
        tool.sync(work).demand()
        locked = json.loads((work.project / tool.lock_name).read_text(encoding="utf-8"))
        installed = [one.name for one in (work.env / "conda-meta").glob("*.json")]

    assert len(installed) == len(locked["packages"]) == 6
    assert {one["version"] for one in locked["packages"]} == {"4.0"}


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for conda is a shell script")
def test_a_conda_program_is_told_the_channel_and_nothing_else(
    work: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if conda_cli.tool == "conda" and not Toolbox().locate("conda").present:
        program = tmp_path / "conda"
        program.write_text('#!/bin/sh\necho "$@" >> "$HOME/told"\nexit 0\n', encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("VELVET_TOOL_CONDA", str(program))
    else:
        pytest.skip("a real conda is here, and this test is about a stand-in")
    conda_cli.prepare(work)

    assert conda_cli.lock(work).ok
    told = (work.box.home / "told").read_text(encoding="utf-8")
    assert "--override-channels" in told
    assert work.index_url.replace("/simple/", "/conda") in told
    monkeypatch.setenv("VELVET_TOOL_CONDA", "/bin/false")
    assert not conda_cli.lock(work).ok
    with pytest.raises(AttributeError):
        _ = conda_cli.nothing


def test_environments_are_made_by_three_creators(work: Workspace) -> None:
    for name in ("venv_pip", "virtualenv_pip", "uv_pip"):
        needed(name)
        perform(load(name), "create", work).demand()
        assert Environment.read(work.env).python.startswith(f"{sys.version_info.major}.")
        has_pip = any(one.name == "pip" for one in Environment.read(work.env).installed)
        assert has_pip == (name != "uv_pip")
        # virtualenv notes there when it last sent a child to the public index for newer wheels.
        assert not list(work.box.cache.rglob("embed/*/*.json"))
        work.blank()


def test_uv_draws_the_graph_that_we_read(work: Workspace) -> None:
    uv_project.prepare(work)
    uv_project.lock(work).demand()
    uv_project.sync(work).demand()
    graph = DependencyGraph.from_environment(Environment.read(work.env))
    drawn = uv_pip.uv(work, "pip", "tree", "--python", work.env_python).demand().stdout

    named = {line.split()[-2].strip("├└─│ ") for line in drawn.splitlines() if " v" in line}
    wanted = set(select(load_lock(work.project / "uv.lock"), Target.here()))
    assert named == set(graph.edges) == wanted >= {"app", "common", "leaf"}
    assert next(graph.why("leaf")) == ("app", "common", "leaf")


@pytest.mark.parametrize(("by", "reader"), [("pip_lock", "uv"), ("uv_project", "pip")])
def test_a_pylock_of_one_tool_is_installed_by_the_other(
    by: str, reader: str, work: Workspace
) -> None:
    tool = load(by)
    tool.prepare(work)
    work.blank()
    tool.lock(work).demand()
    if by == "uv_project":
        words = ("--frozen", "--format", "pylock.toml", "-o", "pylock.toml")
        uv_pip.uv(work, "export", *words).demand()

    if reader == "pip":
        venv_pip.install(work, "-r", "pylock.toml").demand()
    else:
        where = ("--default-index", work.index_url, "--python", work.env_python)
        uv_pip.uv(work, "pip", "sync", "--preview", *where, "pylock.toml").demand()

    names = {one.name for one in Environment.read(work.env).installed}
    assert names == set(select(load_lock(work.project / "pylock.toml"), Target.here()))


def test_three_checkers_agree_on_good_and_broken_environments(work: Workspace) -> None:
    uv_pip.prepare(work)
    work.blank()
    uv_pip.lock(work).demand()
    uv_pip.sync(work).demand()
    graph = Environment.read(work.env)
    leaf = next(one for one in graph.installed if one.name == "leaf")
    metadata = leaf.info / "METADATA"
    good = metadata.read_text(encoding="utf-8")

    broken = ("absent", "common>=9", "common==0", "common<0.1", "absent; python_version > '3'")
    whole = ("", "common", "common!=9", "common>=0,<9", "absent; sys_platform == 'none'")
    for text, fine in [*((one, False) for one in broken), *((one, True) for one in whole)]:
        more = f"Requires-Dist: {text}\n" if text else ""
        metadata.write_text(good + more, encoding="utf-8")
        ours = not Environment.read(work.env).check()
        uvs = uv_pip.uv(work, "pip", "check", "--python", work.env_python).ok
        assert (ours, uvs, venv_pip.pip(work, "check").ok) == (fine, fine, fine), text


def test_the_evolution_ends_where_nothing_changes_and_tampering_is_refused() -> None:
    last = attempt("universal")

    assert (last.same, last.refused) == (True, True)
    assert last.packages == (4, 3, 4, 3)
    assert "hash" in last.message.lower()


def test_bytecode_is_all_that_differs_between_two_installs(work: Workspace) -> None:
    uv_pip.prepare(work)
    work.blank()
    uv_pip.lock(work).demand()
    uv_pip.sync(work).demand()
    plain = tree_digest(work.env)
    kept = work.env.rename(work.project / "first")
    work.blank()
    work.bytecode, work.link_mode = True, "copy"
    uv_pip.sync(work).demand()

    assert set(compare(kept, work.env).causes) == {"bytecode"}
    work.bytecode = False
    work.blank()
    uv_pip.sync(work).demand()
    assert tree_digest(work.env) == plain


def test_a_script_runs_with_the_packages_that_it_names(work: Workspace) -> None:
    uv_project.prepare(work)
    code = "import leaf\nprint('leaf', leaf.__version__)\n"
    work.write("one.py", script.write(code, script.ScriptMeta(("leaf",), ">=3.10")))

    done = uv_project.run_script(work, "one.py").demand()

    assert done.stdout == "leaf 1.0\n"
    assert done.stats.wheel == 1


def test_a_tool_sees_no_settings_of_its_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "/opt/elsewhere")
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:1/")
    box = Sandbox(tmp_path)
    code = "import os, json; print(json.dumps(dict(os.environ)))"

    told = json.loads(box.run([base_python(), "-c", code], env={"EXTRA": "1"}).demand().stdout)

    assert not {"PIP_FIND_LINKS", "UV_INDEX_URL", "VIRTUAL_ENV"} & told.keys()
    assert told["HOME"].startswith(str(box.root))
    assert told["EXTRA"] == "1"
    assert str(Path(sys.prefix)) not in told["PATH"] or sys.platform == "win32"
    (box.cache / "x").mkdir(parents=True)
    (box.cache / "x" / "y").write_bytes(b"123")
    box.clear_cache()
    box.clear_cache()
    assert not box.cache.exists()


def test_a_tool_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    import psutil

    code = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path('pid').write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    with pytest.raises(ToolTimeout, match="did not end in 2"):
        Sandbox(tmp_path).run([base_python(), "-c", code], timeout_s=2)

    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    _gone, alive = psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], 20)
    assert alive == []


def test_a_toolbox_finds_and_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Toolbox(tmp_path)
    assert box.ensure("pip") == box.locate("pip").path
    monkeypatch.setenv("VELVET_TOOL_POETRY", str(base_python()))
    assert box.locate("poetry").version.startswith("3.")
    monkeypatch.setenv("VELVET_TOOL_POETRY", str(tmp_path))
    assert box.locate("poetry").version == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no micromamba" in box.locate("micromamba").reason
    with pytest.raises(ToolMissing, match="pip does not offer it"):
        box.ensure("micromamba")
    assert set(box.all()) >= {"uv", "conda"}


def test_the_program_lists_tools_and_refuses_what_pip_does_not_offer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from velvet_environments.__main__ import main

    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([]) == 0
    assert "micromamba" in capsys.readouterr().out
    assert main(["install", "micromamba"]) == 1
    assert "pip does not offer it" in capsys.readouterr().err


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolbox:
    """A toolbox that finds nothing, with a file of one tool that needs no index."""
    pinned = tmp_path / "files"
    pinned.mkdir()
    (pinned / "pdm.txt").write_text("not a requirement\n", encoding="utf-8")
    (pinned / "rattler.txt").write_text("# nothing\n", encoding="utf-8")
    monkeypatch.setattr(toolbox, "_FILES", pinned)
    nowhere = SimpleNamespace(get_path=lambda _: str(tmp_path / "none"))
    monkeypatch.setattr(toolbox, "sysconfig", nowhere)
    monkeypatch.setenv("PATH", str(tmp_path))
    return Toolbox(tmp_path / "box")


def with_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a toolbox that finds nothing find uv."""
    if UV.path is None:
        pytest.skip(f"uv is not installed: {UV.reason}")
    monkeypatch.setenv("VELVET_TOOL_UV", str(UV.path))


@pytest.mark.parametrize("uv", [True, False])
def test_an_installation_that_fails_leaves_nothing(
    bare: Toolbox, monkeypatch: pytest.MonkeyPatch, uv: bool
) -> None:
    if uv:
        with_uv(monkeypatch)
    else:  # a pip that is there without the seconds that `ensurepip` takes
        monkeypatch.setattr(toolbox, "python_of", lambda _: Path(sys.executable))
        monkeypatch.setattr(venv, "create", lambda env, **_: env.mkdir(parents=True))
    assert bare.locate("pdm").reason == "python -m velvet_environments install pdm"

    with pytest.raises(ToolFailed, match="pdm: "):
        bare.ensure("pdm")
    assert not (bare.home / "pdm").exists()


def test_an_installation_that_brings_no_program_is_named(
    bare: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_uv(monkeypatch)

    with pytest.raises(ToolMissing, match="rattler is not installed"):
        bare.ensure("rattler")  # its file names no package
    info = next((bare.home / "rattler").glob("[Ll]ib/**/site-packages")) / "py_rattler-9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: py-rattler\nVersion: 9\n", encoding="utf-8")
    assert bare.locate("rattler").version == "9"


WORDS = {
    "pip_tools": ("--generate-hashes --index-url {url} ", "--require-hashes"),
    "poetry": ("lock", "sync --no-root --compile"),
    "pdm": ("lock", "sync --no-self --clean"),
    "pipenv": ("lock", "sync"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for a tool is a shell script")
@pytest.mark.parametrize("name", WORDS)
def test_a_tool_is_told_the_index_and_what_to_do(
    name: str, work: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = load(name)
    program = tmp_path / "stand-in"
    program.write_text('#!/bin/sh\necho "$@" >> "$HOME/told"\n', encoding="utf-8")
    program.chmod(0o755)
    for one in (tool.tool, "pip"):
        monkeypatch.setenv(f"VELVET_TOOL_{one.upper().replace('-', '_')}", str(program))
    work.bytecode = name == "poetry"
    work.requires = ("app[more]>=1; python_version >= '3.8'",)
    tool.prepare(work)
    files = [one.read_text(encoding="utf-8") for one in work.project.iterdir() if one.is_file()]

    tool.lock(work).demand()
    tool.sync(work).demand()

    told = (work.box.home / "told").read_text(encoding="utf-8")
    assert all(words.format(url=work.index_url) in told for words in WORDS[name]), told
    assert any("app" in text and "python_version" in text for text in files)
    assert work.index_url.rstrip("/") in told + "".join(files)


def test_the_child_solves_and_refuses_a_changed_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in for the library, which is installed in an interpreter of its own."""
    record = SimpleNamespace(
        name=SimpleNamespace(normalized="demo"),
        version="1",
        url="u",
        sha256=b"\x01" * 32,
        file_name="demo-1",
    )
    asked: list[Any] = []

    async def solve(channels: list[str], specs: list[str], gateway: str) -> list[Any]:
        asked.append((channels, specs, gateway))
        return [record]

    async def install(records: list[Any], prefix: str, cache: str, **_: bool) -> None:
        asked.append((records, prefix, cache))

    library = SimpleNamespace(solve=solve, install=install, Gateway=lambda cache_dir: cache_dir)
    monkeypatch.setitem(sys.modules, "rattler", library)
    wanted, lock = tmp_path / "wanted.json", tmp_path / "lock.json"
    wanted.write_text('{"channel": "c", "specs": ["demo >=1"], "cache": "k"}', encoding="utf-8")

    rattler_child.main(["solve", str(wanted), str(lock)])
    rattler_child.main(["install", str(wanted), str(lock), "prefix"])

    assert json.loads(lock.read_text(encoding="utf-8"))["packages"][0]["sha256"] == "01" * 32
    assert asked == [
        (["c"], ["demo >=1"], "k"),
        (["c"], ["demo ==1"], "k"),
        ([record], "prefix", "k"),
    ]
    record.sha256 = b"\x02" * 32
    with pytest.raises(SystemExit, match="not the locked one"):
        rattler_child.main(["install", str(wanted), str(lock), "prefix"])
