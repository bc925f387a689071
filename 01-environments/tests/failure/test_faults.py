"""A flaky index, a killed installer, a cache that cannot be written: what the tools do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from velvet_environments.contenders import load, uv_pip, venv_pip
from velvet_environments.errors import ToolFailed, ToolTimeout
from velvet_environments.indexserver import FaultPlan
from velvet_environments.inspector import Environment
from velvet_environments.samples import graphs
from velvet_environments.sandbox import end_group
from velvet_environments.workspace import Workspace, workspace

ONE = graphs.flat(1, files=2)
WHEEL = "*flat000-1.0-py3-none-any.whl"


def plain(work: Workspace, tool: str) -> bool:
    """Install by name with one retry at most; whether the package is whole."""
    venv_pip.prepare(work)
    if not work.env.exists():
        work.blank()
    if tool == "pip":
        done = venv_pip.install(work, "--retries", "1", "--timeout", "3", "-r", "requirements.in")
    else:
        where = ("--default-index", work.index_url, "--python", work.env_python)
        program = work.program("uv")
        argv = [program, "pip", "install", *where, "-r", "requirements.in"]
        done = work.run(argv, {"UV_HTTP_RETRIES": "1", "UV_HTTP_TIMEOUT": "3"})
    found = Environment.read(work.env)
    assert done.ok == bool(found.installed), "a failure leaves nothing installed"
    assert found.verify_records() == []
    return done.ok


@pytest.mark.parametrize("tool", ["pip", "uv"])
@pytest.mark.parametrize(
    ("plan", "fine"),
    [
        (FaultPlan().status(WHEEL, 503, times=1), True),
        (FaultPlan().status(WHEEL, 503), False),
        (FaultPlan().corrupt(WHEEL), False),
    ],
    ids=["503 once", "503 always", "wrong bytes"],
)
def test_a_fault_is_survived_or_reported(tool: str, plan: FaultPlan, fine: bool) -> None:
    again = FaultPlan([*(type(one)(**vars(one)) for one in plan.rules)])
    with workspace(ONE, faults=again) as work:
        assert plain(work, tool) is fine


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_a_body_that_is_cut_never_becomes_half_an_installation(tool: str) -> None:
    with workspace(ONE, faults=FaultPlan().close_after(WHEEL, 0)) as work:
        assert plain(work, tool) is False
    once = FaultPlan().close_after(WHEEL, 200, times=1)
    with workspace(ONE, faults=once) as work:
        plain(work, tool)  # retried, resumed or refused: `plain` asserts that nothing is half there


def test_a_stalled_body_ends_at_our_limit_and_frees_the_port() -> None:
    import socket

    with workspace(ONE, faults=FaultPlan().stall(WHEEL, 60), timeout_s=3) as work:
        uv_pip.prepare(work)
        work.blank()
        uv_pip.lock(work).demand()
        with pytest.raises(ToolTimeout):
            uv_pip.sync(work)
        port = int(work.index_url.rsplit(":", 1)[1].partition("/")[0])
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_what_a_killed_install_leaves_is_whole_after_the_next_or_named() -> None:
    with workspace(graphs.flat(30, files=12)) as work:
        venv_pip.prepare(work)
        work.blank()
        site = Environment.read(work.env).site_packages
        argv = [str(work.program("pip")), "--python", str(work.env_python), "install"]
        argv += ["--no-compile", "--index-url", work.index_url, "-r", "requirements.in"]
        child = subprocess.Popen(
            argv,
            cwd=work.project,
            env=work.box.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=sys.platform != "win32",
        )
        until = time.monotonic() + 60
        while not any(site.glob("flat*")) and time.monotonic() < until:
            assert child.poll() is None, "it ended before it could be killed"
            time.sleep(0.002)
        end_group(child)
        child.wait()
        end_group(child)  # a group that is gone is no error
        before = len(Environment.read(work.env).installed)
        venv_pip.install(work, "-r", "requirements.in").demand()
        made = Environment.read(work.env)
        # pip may take the package that it was writing for installed: then the inspector names it.
        assert len(made.installed) == 30 or "unreadable" in {one.kind for one in made.check()}
        work.blank()
        venv_pip.install(work, "-r", "requirements.in").demand()
        again = Environment.read(work.env)
        assert again.verify_records() == []

    assert before < 30
    assert len(again.installed) == 30


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no write bit on Windows")
def test_a_cache_that_cannot_be_written_costs_speed_and_no_more() -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere: run the tests as another user")
    with workspace(ONE) as work:
        work.box.cache.mkdir(parents=True)
        work.box.cache.chmod(0o500)
        try:
            assert plain(work, "pip")
        finally:
            work.box.cache.chmod(0o700)


def test_a_cache_in_the_place_of_a_file_is_reported_or_survived(tmp_path: Path) -> None:
    with workspace(ONE) as work:
        work.box.cache.write_bytes(b"no folder")
        assert plain(work, "pip")
        work.blank()
        plain(work, "uv")  # it may need the folder: `plain` asserts that nothing is left


@pytest.mark.parametrize("name", ["pip_lock", "uv_project"])
def test_a_conflict_is_reported_with_its_culprits(name: str) -> None:
    tool = load(name)
    with workspace(graphs.diamond()) as work:
        tool.prepare(work)
        work.blank()
        done = tool.lock(work)
        with pytest.raises(ToolFailed, match="ended with 1"):
            done.demand()

    assert not done.ok
    assert all(word in done.text for word in ("d-left", "d-right", "d-base"))
