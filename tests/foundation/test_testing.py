"""The pytest plugin: its fixtures, what it collects, and what it refuses."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from velvet import services
from velvet import testing as loaded
from velvet.services import Server, ServiceUnavailable, own

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def plugin() -> ModuleType:
    """A copy of the plugin of our own: pytest imported its own before anything could watch."""
    spec = importlib.util.spec_from_file_location("velvet_plugin_copy", loaded.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Servers:
    """Stands for `velvet.services`: what was asked for, and whether it was stopped."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, bool]]] = []
        self.stopped: list[str] = []

    def open(self, name: str, **options: bool) -> Server:
        self.asked.append((name, options))
        server = Server(name, f"{name}://here", "Fake 1", "binary")
        server.on_stop.append(lambda: self.stopped.append(name))
        return server


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    fake = Servers()
    for kind in services.KINDS:
        monkeypatch.setattr(services, kind, lambda kind=kind, **options: fake.open(kind, **options))
    return fake


def config(*args: str, workers: int | None) -> Any:
    return SimpleNamespace(option=SimpleNamespace(numprocesses=workers), args=list(args))


@pytest.mark.parametrize(
    "argument",
    ["benchmarks", "benchmarks/", "09-concurrency/benchmarks", "benchmarks/measure.py::x"],
)
def test_timed_benchmarks_are_not_spread_over_processes(plugin: ModuleType, argument: str) -> None:
    with pytest.raises(pytest.UsageError, match=r"one at a time: leave out -n \(xdist\)"):
        plugin.refuse_spreading(config(argument, workers=2))


@pytest.mark.parametrize(
    ("argument", "workers"), [("tests", 2), ("benchmarks", None), ("benchmarks", 0)]
)
def test_other_runs_are_not_refused(plugin: ModuleType, argument: str, workers: int | None) -> None:
    assert plugin.refuse_spreading(config(argument, workers=workers)) is None


def test_without_xdist_there_is_nothing_to_refuse(plugin: ModuleType) -> None:
    without = SimpleNamespace(option=SimpleNamespace(), args=["benchmarks"])

    assert plugin.refuse_spreading(without) is None


def early(root: Path, given: str = ".coveragerc", **options: Any) -> Any:
    """A configuration before the conftest files are read, of a run of the folder `tests`."""
    nothing = {"usepdb": False, "collectonly": False, "keyword": "", "markexpr": ""}
    known = {"numprocesses": None, "file_or_dir": ["tests/"], **nothing, **options}
    return SimpleNamespace(
        known_args_namespace=SimpleNamespace(cov_config=given, **known),
        invocation_params=SimpleNamespace(dir=root),
        option=SimpleNamespace(),
        rootpath=root,
    )


def load(plugin: ModuleType, configuration: Any) -> Any:
    """Let the plugin see the configuration, as pytest does around its other plugins."""
    running = plugin.pytest_load_initial_conftests(configuration)
    next(running)
    with pytest.raises(StopIteration):
        next(running)
    return configuration


def test_coverage_finds_the_settings_of_the_project_from_within_a_module(
    plugin: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").touch()

    settings = load(plugin, early(tmp_path)).known_args_namespace.cov_config

    assert settings == str(tmp_path / "pyproject.toml")


def test_coverage_settings_that_were_asked_for_are_kept(plugin: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()

    configuration = load(plugin, early(tmp_path, "mine.ini"))

    assert configuration.known_args_namespace.cov_config == "mine.ini"


def test_without_a_project_coverage_is_left_alone(plugin: ModuleType, tmp_path: Path) -> None:
    configuration = load(plugin, early(tmp_path))

    assert configuration.known_args_namespace.cov_config == ".coveragerc"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module whose tests want three processes, on a machine of two cores."""
    monkeypatch.setattr("velvet.needs.usable_cores", lambda: 2)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    folder = tmp_path / "42-answers"
    folder.mkdir()
    about = {"title": "A", "difficulty": "Expert", "question": "?", "summary": "S"}
    lines = [f'{name} = "{value}"' for name, value in about.items()]
    (folder / "module.toml").write_text(
        "\n".join([*lines, "phase = 1", "hours = 1", "test_processes = 3"]), encoding="utf-8"
    )
    return folder


def test_the_whole_suite_of_a_module_is_spread_over_the_cores_there_are(
    plugin: ModuleType, module: Path
) -> None:
    configuration = load(plugin, early(module))

    for each in (configuration.known_args_namespace, configuration.option):
        assert (each.numprocesses, each.dist) == (2, "loadfile")


@pytest.mark.parametrize(
    "options",
    [
        {"numprocesses": 0},
        {"numprocesses": 4},
        {"usepdb": True},
        {"collectonly": True},
        {"keyword": "burst"},
        {"markexpr": "integration"},
        {"lf": True},
        {"failedfirst": True},
        {"file_or_dir": ["tests/unit"]},
        {"file_or_dir": ["tests/test_it.py::test_it"]},
        {"file_or_dir": ["tests", "benchmarks"]},
        {"file_or_dir": []},
    ],
)
def test_what_is_less_than_the_whole_or_asked_for_otherwise_is_not_spread(
    plugin: ModuleType, module: Path, options: dict[str, Any]
) -> None:
    assert vars(load(plugin, early(module, **options)).option) == {}


def test_without_xdist_nothing_is_spread(plugin: ModuleType, module: Path) -> None:
    configuration = early(module)
    del configuration.known_args_namespace.numprocesses

    assert vars(load(plugin, configuration).option) == {}


def test_a_process_of_xdist_spreads_nothing_further(
    plugin: ModuleType, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")

    assert vars(load(plugin, early(module)).option) == {}


def test_a_module_that_says_nothing_is_not_spread(plugin: ModuleType, module: Path) -> None:
    about = module / "module.toml"
    text = about.read_text(encoding="utf-8")
    about.write_text(text.replace("test_processes = 3", ""), encoding="utf-8")

    assert vars(load(plugin, early(module)).option) == {}


def test_a_damaged_module_is_told_as_wrong_use(plugin: ModuleType, module: Path) -> None:
    (module / "module.toml").write_text("title = 3", encoding="utf-8")

    with pytest.raises(pytest.UsageError, match=r"module\.toml: line 1: 'title' must be str"):
        load(plugin, early(module))


@pytest.mark.parametrize("path", ["tests/measure.py", "benchmarks/test_it.py", "measure.py"])
def test_other_files_are_left_to_pytest(plugin: ModuleType, path: str) -> None:
    assert plugin.pytest_collect_file(Path(path), None) is None


def test_the_measurements_of_a_module_are_collected(
    plugin: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from velvet.bench.collect import MeasureModule

    def record(parent: object, path: Path) -> tuple[object, Path]:
        return parent, path

    monkeypatch.setattr(MeasureModule, "from_parent", record)
    path = Path("09-concurrency/benchmarks/measure.py")

    assert plugin.pytest_collect_file(path, "parent") == ("parent", path)


FIXTURES = """
def test_servers(redis_server, postgres_server, rabbitmq_server, mongodb_server):
    assert [redis_server.name, postgres_server.name] == ["redis", "postgres"]
    assert [rabbitmq_server.name, mongodb_server.name] == ["rabbitmq", "mongodb"]

def test_again(redis_server, private_redis, private_postgres):
    assert private_redis is not redis_server

def test_and_again(private_redis):
    assert private_redis.name == "redis"
"""


def inner(pytester: pytest.Pytester, text: str) -> pytest.RunResult:
    """Run the given tests in this process, with our plugin and no other."""
    pytester.makepyfile(text)
    return pytester.runpytest_inprocess("--disable-plugin-autoload", "-p", "velvet.testing")


def test_a_server_is_shared_by_a_run_and_a_private_one_belongs_to_its_test(
    pytester: pytest.Pytester, servers: Servers
) -> None:
    result = inner(pytester, FIXTURES)

    result.assert_outcomes(passed=3)
    shared = [name for name, options in servers.asked if not options]
    private = [name for name, options in servers.asked if options == {"private": True}]
    assert sorted(shared) == sorted(services.KINDS)
    assert private == ["redis", "postgres", "redis"]


def test_every_server_is_stopped_at_the_end(pytester: pytest.Pytester, servers: Servers) -> None:
    inner(pytester, FIXTURES)

    assert sorted(servers.stopped) == sorted(name for name, _ in servers.asked)


def test_a_test_whose_server_cannot_be_had_is_skipped_with_the_reason_and_the_remedy(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**options: bool) -> Server:
        raise ServiceUnavailable("redis", [("binary", "none")], "Install it.")

    monkeypatch.setattr(services, "redis", refuse)

    result = inner(pytester, "def test_it(redis_server): ...")

    result.assert_outcomes(skipped=1)
    assert result.reprec is not None  # type: ignore[attr-defined]
    [report] = [r for r in result.reprec.getreports("pytest_runtest_logreport") if r.skipped]  # type: ignore[attr-defined]
    assert "no redis here (binary: none). Install it." in str(report.longrepr)


LEAVES = """
import socket, subprocess, sys, threading
from multiprocessing.shared_memory import SharedMemory
import pytest

kept, told = [], threading.Event()

@pytest.fixture(scope="session")
def shared():
    kept.append(socket.create_server(("127.0.0.1", 0)))

def test_asks_late_for_what_is_shared(request):
    request.getfixturevalue("shared")

def test_leaves_nothing():
    subprocess.run([sys.executable, "-c", ""], check=True)
    threading.Timer(0.05, told.wait, [0.05]).start()

def test_leaves():
    threading.Thread(target=told.wait, name="forgotten").start()
    kept.append(socket.create_server(("127.0.0.1", 0)))
    kept.append(SharedMemory(create=True, size=1))
    kept.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))

def test_ends_it():
    told.set()
    for one in kept[:2]:
        one.close()
    kept[2].close(), kept[2].unlink()
    kept[3].kill(), kept[3].stdin.close(), kept[3].wait()
"""


def test_what_a_test_leaves_is_named_and_what_is_shared_is_not(pytester: pytest.Pytester) -> None:
    result = inner(pytester, LEAVES)

    result.assert_outcomes(passed=4, errors=1)
    segment = "segment psm_*, " if sys.platform == "linux" else ""
    said = (
        f"left behind by test_leaves: process * python*, {segment}socket *LISTEN, thread forgotten"
    )
    result.stdout.fnmatch_lines([f"*{said}*"])


EXCUSED = """
import threading
import pytest

told = threading.Event()

@pytest.mark.leaves("the next test ends it")
def test_leaves():
    threading.Thread(target=told.wait, name="forgotten").start()

def test_ends_it():
    told.set()

@pytest.mark.leaves
def test_gives_no_reason(): ...
"""


def test_what_leaves_something_with_a_reason_is_excused_and_without_one_is_not(
    pytester: pytest.Pytester,
) -> None:
    result = inner(pytester, EXCUSED)

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*`leaves` needs its reason: *"])


WATCHED = """
import sys, threading
import pytest

def trace(frame, event, arg):
    return None

def watching():
    found = []
    thread = threading.Thread(target=lambda: found.append(sys.gettrace()))
    thread.start()
    thread.join()
    return [sys.gettrace() is trace, found[0] is trace]

@pytest.fixture(scope="module")
def traced():
    before = sys.gettrace(), threading.gettrace()
    sys.settrace(trace)
    threading.settrace(trace)
    yield
    ended = watching()
    sys.settrace(before[0])
    threading.settrace(before[1])
    assert ended == [True, True]

def test_here_and_in_threads(traced, untraced):
    assert watching() == [False, False]
"""


def test_what_is_left_out_of_coverage_is_watched_again_afterwards(
    pytester: pytest.Pytester,
) -> None:
    inner(pytester, WATCHED).assert_outcomes(passed=1)


TABS = """
import pytest

drawn = []

@pytest.mark.parametrize("tab", [1, 2])
def test_a_tab(tab):
    drawn.append(tab)

def test_the_lesson():
    assert drawn == []
"""


def test_tabs_are_drawn_last_in_any_order(pytester: pytest.Pytester) -> None:
    inner(pytester, TABS).assert_outcomes(passed=3)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, dict[str, Any]]]:
    """The state files that the plugin will see."""
    files: list[tuple[Path, dict[str, Any]]] = []
    monkeypatch.setattr(own, "records", lambda: files)
    return files


def test_a_run_that_leaves_a_server_behind_fails(
    pytester: pytest.Pytester, state: list[tuple[Path, dict[str, Any]]]
) -> None:
    state.append((Path("redis.json"), {"name": "redis", "owner": os.getpid()}))

    result = inner(pytester, "def test_it(): ...")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*servers left behind by this run: redis*"])


def test_the_servers_of_others_are_none_of_our_business(
    pytester: pytest.Pytester, state: list[tuple[Path, dict[str, Any]]]
) -> None:
    state.append((Path("redis.json"), {"name": "redis", "owner": None}))
    state.append((Path("redis.json"), {"name": "redis", "owner": os.getppid()}))

    result = inner(pytester, "def test_it(): ...")

    result.assert_outcomes(passed=1)


TWO = """
import pytest

def test_good(): ...

def test_bad():
    assert False

def test_skipped():
    pytest.skip("why")
"""


@pytest.mark.parametrize("ours", [True, False])
def test_ci_is_told_what_failed_in_the_clone_and_not_elsewhere(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: bool
) -> None:
    monkeypatch.setenv(loaded.REPORTS_VARIABLE, str(tmp_path))
    if ours:
        monkeypatch.setattr(loaded, "__file__", str(pytester.path / "velvet" / "testing.py"))

    inner(pytester, TWO)

    found = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("*.json")]
    assert len(found) == ours
    for report in found:
        assert report["counts"] == {"passed": 1, "failed": 1, "skipped": 1}
        assert [name.partition("::")[2] for name in report["failed"]] == ["test_bad"]
        assert Path(report["folder"]) == pytester.path


def test_a_run_without_services_does_not_import_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\ndef test_it(): assert 'velvet.services' not in sys.modules")

    result = pytester.runpytest_subprocess("--disable-plugin-autoload", "-p", "velvet.testing")

    result.assert_outcomes(passed=1)
