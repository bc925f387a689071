"""The plugin in real runs of pytest."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from velvet_testing import plugin

PLUGIN = ("-p", "velvet_testing.plugin")
ORDERED = """
import pathlib
def note(name): pathlib.Path("order.txt").open("a").write(name + " ")
def test_a(): note("a")
def test_b(): note("b")
def test_c(): note("c")
"""
LEAKS = """
import os, sys, threading, warnings
stop = threading.Event()
def test_thread(): threading.Thread(target=stop.wait, args=(5,), name="left", daemon=True).start()
def test_file(): globals()["kept"] = open("kept.txt", "w")
def test_environment(): os.environ["LEFT"] = "1"
def test_module(): del sys.modules["json.decoder"]
def test_folder(): os.chdir("/")
def test_filters(): warnings.filters.insert(0, ("ignore", None, UserWarning, None, 0))
def test_clean(): assert True
import json.decoder
"""


def test_tests_run_in_another_order(run_pytest: Any, tmp_path: Path) -> None:
    for words in (["--vt-order=reverse"], ["--vt-order=seeded", "--vt-seed=3"]):
        done = run_pytest({"test_o.py": ORDERED}, *PLUGIN, *words)
        assert done.returncode == 0, done.stdout

    orders = (tmp_path / "order.txt").read_text("utf-8").split()
    assert orders[:3] == ["c", "b", "a"]
    assert sorted(orders[3:]) == ["a", "b", "c"]


def test_what_a_test_leaves_behind_fails_it_by_name(run_pytest: Any) -> None:
    done = run_pytest({"test_l.py": LEAKS}, *PLUGIN, "--vt-leaks", "-p", "no:unraisableexception")

    assert "6 failed, 1 passed" in done.stdout, done.stdout
    for word in (
        "test_thread leaves thread: left",
        "test_file leaves open file",
        "test_environment leaves environment: LEFT",
        "test_module leaves module: json.decoder",
        "test_folder leaves working directory",
        "test_filters leaves warning filters",
    ):
        assert word in done.stdout


def test_a_timeline_is_written(run_pytest: Any, tmp_path: Path) -> None:
    run_pytest({"test_o.py": ORDERED}, *PLUGIN, "--vt-timeline=out.json")

    timeline = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert [entry["test"] for entry in timeline] == [f"test_o.py::test_{name}" for name in "abc"]
    assert timeline[0]["start"] == 0
    assert all(a["end"] <= b["start"] for a, b in itertools.pairwise(timeline))


def test_async_tests_run_in_virtual_time(run_pytest: Any) -> None:
    source = """
import asyncio
async def test_an_hour(tmp_path):
    await asyncio.sleep(3600)
    assert asyncio.get_running_loop().time() == 3600 and tmp_path.exists()
def test_now(): assert True
"""
    done = run_pytest({"test_v.py": source}, *PLUGIN, "--vt-virtual-time")

    assert "2 passed" in done.stdout, done.stdout


def test_quarantine_lets_a_test_fail_until_its_date(run_pytest: Any) -> None:
    entry = {"test": "test_q.py::test_bad", "owner": "Ann", "reason": "slow peer"}
    soon = (date.today() + timedelta(days=2)).isoformat()  # noqa: DTZ011 - days, not hours
    good = json.dumps([{**entry, "expires": soon}])
    old = json.dumps([{**entry, "expires": "2001-01-01"}])
    files = {"test_q.py": "def test_bad(): assert 0\n", "good.json": good, "old.json": old}

    kept = run_pytest(files, *PLUGIN, "--vt-quarantine=good.json")
    ended = run_pytest(files, *PLUGIN, "--vt-quarantine=old.json")

    assert "1 xfailed" in kept.stdout
    assert ended.returncode == 4
    assert "expired on 2001-01-01" in ended.stderr


def test_files_are_shuffled_as_wholes() -> None:
    files = ["a", "b", "a", "c", "b"]

    order = plugin.reordered(files, "file-shuffle", 3)

    assert sorted(order) == [0, 1, 2, 3, 4]
    assert len([i for i in range(4) if files[order[i]] != files[order[i + 1]]]) == 2
    assert sorted(plugin.reordered(files, "seeded", 1)) == [0, 1, 2, 3, 4]


def test_differences_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = plugin.state()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="left")
    monkeypatch.setenv("LEFT", "1")
    monkeypatch.chdir(tmp_path)
    thread.start()
    try:
        left = plugin.differences(before, plugin.state())
    finally:
        stop.set()
        thread.join()

    assert "thread: left" in left
    assert "environment: LEFT" in left
    assert f"working directory: {Path.cwd()}" in left


class Item:
    """What the hooks look at, without a run around it."""

    nodeid = "t.py::t"
    path = Path("t.py")

    def __init__(self, **options: Any) -> None:
        self.config: Any = self
        self.options = {"--vt-order": None, "--vt-leaks": False, **options}
        self.stash = pytest.Stash()
        self.marks: list[Any] = []

    def getoption(self, name: str) -> Any:
        return self.options.get(name)

    def add_marker(self, mark: Any) -> None:
        self.marks.append(mark)


def test_the_hooks_in_this_process(tmp_path: Path) -> None:
    quarantine = tmp_path / "q.json"
    entry = {"test": "t.py::t", "owner": "Ann", "reason": "slow", "expires": "2999-01-01"}
    quarantine.write_text(json.dumps([entry]), encoding="utf-8")
    out = tmp_path / "out.json"
    item: Any = Item(**{"--vt-quarantine": str(quarantine), "--vt-timeline": str(out)})
    session: Any = item

    plugin.pytest_configure(item)
    plugin.pytest_collection_modifyitems(item, [item])
    step = plugin.pytest_runtest_protocol(item)
    next(step)
    with pytest.raises(StopIteration):
        step.send(True)
    plugin.pytest_sessionfinish(session)

    assert item.marks[0].kwargs["reason"].startswith("slow (Ann")
    assert [entry["test"] for entry in json.loads(out.read_text("utf-8"))] == ["t.py::t"]
    quarantine.write_text(json.dumps([{**entry, "expires": "2001-01-01"}]), encoding="utf-8")
    with pytest.raises(pytest.UsageError, match="expired"):
        plugin.pytest_configure(item)


@pytest.mark.parametrize(("leaks", "dirty"), [(False, True), (True, False), (True, True)])
def test_the_leak_hook_in_this_process(
    monkeypatch: pytest.MonkeyPatch, leaks: bool, dirty: bool
) -> None:
    item: Any = Item(**{"--vt-leaks": leaks})
    states = iter([{"thread": set()}, {"thread": {"left"} if dirty else set()}])
    monkeypatch.setattr(plugin, "state", lambda: next(states))
    step = plugin.pytest_runtest_call(item)
    next(step)

    with pytest.raises(pytest.fail.Exception if leaks and dirty else StopIteration):
        step.send(None)


def test_the_virtual_time_hook_leaves_other_tests_alone() -> None:
    ran: list[float] = []

    async def sleeps() -> None:
        import asyncio

        await asyncio.sleep(100)
        ran.append(asyncio.get_running_loop().time())

    item: Any = Item(**{"--vt-virtual-time": True})
    item.obj, item.funcargs = sleeps, {}
    item._fixtureinfo = type("Info", (), {"argnames": ()})

    assert plugin.pytest_pyfunc_call(item) is True
    assert ran == [100.0]
    item.obj = len
    assert plugin.pytest_pyfunc_call(item) is None
    item.options["--vt-virtual-time"] = False
    assert plugin.pytest_pyfunc_call(item) is None
