"""What the tests of every module repeat: the toolkit's pytest plugin, and `ModuleTests`.

The plugin gives server fixtures, collects benchmarks, and fails a test that leaves a thread, a
child process, a socket or a segment behind. A module's `tests/test_module.py` inherits the rest:

    from velvet.testing import ModuleTests

    class TestModule(ModuleTests):
        expected = {"first_limiter": "refused: 3 of 10"}

Loaded with every run of pytest, so every import of substance waits until it is needed.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from velvet import passwords

if TYPE_CHECKING:
    from velvet.catalog import Module
    from velvet.services import Server

_PATIENCE_S = 240.0  # many times what a reader is promised; it only ends what hangs
REPORTS_VARIABLE = "VELVET_TEST_REPORTS"
# Each session of AppTest would read the metadata of every package, as a server does once.
MANIFESTS = "streamlit.components.v2.manifest_scanner.scan_component_manifests"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Let coverage find the project's settings in a module; a wrapper, to come before pytest-cov."""
    options = early_config.known_args_namespace
    settings = early_config.rootpath / "pyproject.toml"
    if getattr(options, "cov_config", "") == ".coveragerc" and settings.is_file():
        options.cov_config = str(settings)
    workers = _workers(options, early_config.invocation_params.dir)
    if workers > 1:
        # Read now by pytest-cov, and later, as the default of what was not typed, by xdist.
        for each in (options, early_config.option):
            each.numprocesses, each.dist = workers, "loadfile"
    return (yield)


def _workers(options: Any, here: Path) -> int:
    """Return the processes for a module's whole suite, as its `module.toml` says; 1 for the rest."""
    asked_for = getattr(options, "numprocesses", 0) is not None
    chosen = [options.usepdb, options.collectonly, options.keyword, options.markexpr]
    chosen += [getattr(options, "lf", False), getattr(options, "failedfirst", False)]
    whole = [here / str(word) for word in options.file_or_dir]
    if asked_for or any(chosen) or os.environ.get("PYTEST_XDIST_WORKER") or len(whole) != 1:
        return 1
    about = whole[0].parent / "module.toml"
    if whole[0].name != "tests" or not about.is_file():
        return 1
    from velvet import catalog
    from velvet.errors import VelvetError
    from velvet.needs import usable_cores

    try:
        return min(catalog.load(about).test_processes, usable_cores())
    except VelvetError as error:
        raise pytest.UsageError(str(error)) from None


def refuse_spreading(config: pytest.Config) -> None:
    """Refuse to spread timed benchmarks over processes, which would time the neighbours."""
    workers = getattr(config.option, "numprocesses", None)
    timed = any(
        Path(str(arg).split("::")[0]).name in ("benchmarks", "measure.py") for arg in config.args
    )
    if workers and timed:
        raise pytest.UsageError("benchmarks are measured one at a time: leave out -n (xdist)")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot be measured, and name our marker."""
    config.addinivalue_line("markers", "leaves(reason): may leave something behind, and says why")
    refuse_spreading(config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write counts and failures as JSON into the folder that `VELVET_TEST_REPORTS` names."""
    place, config = os.environ.get(REPORTS_VARIABLE), session.config
    here = config.invocation_params.dir
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not place or reporter is None or hasattr(config, "workerinput"):
        return
    if not here.is_relative_to(Path(__file__).parents[1]):  # a run that a test made
        return
    stats = {name: reporter.stats.get(name, []) for name in ("passed", "skipped")}
    bad = [*reporter.stats.get("failed", []), *reporter.stats.get("error", [])]
    counts = {name: len(reports) for name, reports in stats.items()} | {"failed": len(bad)}
    report = {"folder": str(here), "failed": [one.nodeid for one in bad], "counts": counts}
    path = Path(place) / f"{os.getpid()}.json"
    path.write_text(json.dumps(report), encoding="utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
    """Let what a fixture of a wider scope starts outlive the test that asks for it first."""
    leaks = sys.modules.get("velvet.leaks")
    if leaks is None or fixturedef.scope == "function":
        return (yield)
    before = leaks.state()
    result = yield
    leaks.share(before)
    return result


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Draw tabs last: coverage would miss what a page, left out of it, is the first to import."""
    items.sort(key=lambda item: "tab" in getattr(item, "fixturenames", ()))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a module's `benchmarks/measure.py` as one test per contender and claim."""
    if file_path.name != "measure.py" or file_path.parent.name != "benchmarks":
        return None
    from velvet.bench.collect import MeasureModule

    return MeasureModule.from_parent(parent, path=file_path)


def _server(kind: str, scope: Any = "session", **options: Any) -> Any:
    """Return a fixture that gives a server."""

    @pytest.fixture(scope=scope)
    def server() -> Iterator[Server]:
        from velvet import services

        try:
            found: Server = getattr(services, kind)(**options)
        except services.ServiceUnavailable as error:
            pytest.skip(str(error))
        with found:
            yield found

    return server


# Shared by the whole run: isolate tests by a random key prefix, schema, database or queue name.
redis_server, postgres_server = _server("redis"), _server("postgres")
rabbitmq_server, mongodb_server = _server("rabbitmq"), _server("mongodb")
# A test's own, to be killed and restarted.
private_redis = _server("redis", "function", private=True)
private_postgres = _server("postgres", "function", private=True)


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which a thread, a child process, a socket or a segment is left."""
    marker = request.node.get_closest_marker("leaves")
    if marker is not None:
        if not (marker.args and isinstance(marker.args[0], str) and marker.args[0].strip()):
            pytest.fail('`leaves` needs its reason: @pytest.mark.leaves("the server stays warm")')
        yield
        return
    from velvet import leaks

    before = leaks.state()
    yield
    if left := leaks.left_since(before):
        pytest.fail(f"left behind by {request.node.name}: {', '.join(left)}")


@contextmanager
def without_tracing() -> Iterator[None]:
    """Leave out of coverage what takes longer to watch than to run.

    A drawn page is hundreds of thousands of lines of Streamlit and Plotly, which no report counts.
    """
    here, threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(here)
        threading.settrace(threads)


@pytest.fixture(scope="module")
def untraced() -> Iterator[None]:
    """Leave the tests of a file out of coverage."""
    with without_tracing():
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_server_left() -> Iterator[None]:
    """Fail the run when a server of ours outlives it."""
    yield
    own = sys.modules.get("velvet.services.own")
    records = own.records() if own else ()
    left = [state["name"] for _, state in records if state.get("owner") == os.getpid()]
    assert not left, f"servers left behind by this run: {', '.join(left)}"


def printed(folder: Path, level: str) -> dict[str, str]:
    """Run a level's examples once, as a reader does, in one child; name -> what it printed."""
    shown, problem = _printed(folder, level)
    passwords.watch("\n".join([*shown.values(), problem]), "example")
    assert not problem, problem
    return shown


@lru_cache(maxsize=3)
def _printed(folder: Path, level: str) -> tuple[dict[str, str], str]:
    argv = [sys.executable, "-W", "error::ResourceWarning", f"examples/{level}.py"]
    env = {**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            argv, cwd=folder, env=env, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        return {}, str(error)
    complaint = done.stderr.decode("utf-8", "replace")
    if done.returncode or complaint:
        how = f"ended with {done.returncode}" if done.returncode else "complains"
        return {}, f"examples/{level}.py {how}: {complaint}"
    text = done.stdout.decode("utf-8").replace("\r\n", "\n")
    parts = re.split(r"^\u2500+ (\w+) \u2500+$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)), ""


def _dotted(path: Path, module: Module) -> str:
    parts = path.relative_to(module.folder / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _drawn(app: Any) -> bool:
    """Whether a page shows a figure, a table or a picture, beside the text that every tab has."""
    kinds = ("plotly_chart", "table", "dataframe", "metric", "imgs")
    made = "".join(one.proto.body for one in app.get("html"))
    return any(app.get(kind) for kind in kinds) or bool(re.search("<(table|svg|pre)", made))


class ModuleTests:
    """What holds for every module; inherit it in `tests/test_module.py`.

    Attributes:
        expected: name of an example -> a regular expression, or several, that it prints.
    """

    expected: ClassVar[Mapping[str, str | Sequence[str]]] = {}

    @classmethod
    def module(cls) -> Module:
        """Return the module whose tests these are."""
        from velvet import catalog

        return catalog.load(Path(inspect.getfile(cls)).resolve().parents[1] / "module.toml")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make one test of each example and of each file with doctests."""
        from velvet import budget

        module = self.module()
        if "example" in metafunc.fixturenames:
            found = [(level, name) for level, name, _ in budget.examples(module)]
            names = [name for _, name in found]
            metafunc.parametrize(("level", "example"), found, ids=names)
        if "lesson" in metafunc.fixturenames:
            told = [it for it in budget.lesson_files(module) if ">>> " in it.read_text("utf-8")]
            metafunc.parametrize("lesson", [_dotted(path, module) for path in told])
        if "tab" in metafunc.fixturenames:
            page = importlib.import_module(f"{module.package}.dashboard").PAGE
            metafunc.parametrize("tab", page.tabs, ids=[tab.slug for tab in page.tabs])

    def test_an_example_shows_what_is_expected(self, level: str, example: str) -> None:
        """Hold each example to its assertions, to 80 columns and to a quiet standard error."""
        shown = printed(self.module().folder, level)[example]
        if not re.search(rf"^{example}: [\d.]+ s$", shown, re.MULTILINE):  # it did not run
            pytest.skip(" ".join(shown.partition("skipped: ")[2].split()))
        patterns = self.expected.get(example, ())
        for pattern in (patterns,) if isinstance(patterns, str) else patterns:
            assert re.search(pattern, shown, re.MULTILINE), f"{pattern!r} not in:\n{shown}"
        assert [line for line in shown.splitlines() if len(line) > 80] == []

    def test_the_examples_are_told_and_asserted(self) -> None:
        """Count at least three a level, each with a sentence, 15 to 50 lines and an assertion."""
        from velvet import budget

        written = list(budget.examples(self.module()))
        levels = [level for level, _, _ in written]
        assert all(levels.count(level) >= 3 for level in budget.LEVELS), levels
        assert set(self.expected) == {name for _, name, _ in written}
        for _, name, node in written:
            first = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
            assert re.fullmatch(r"(\S+ ){5,}\S+\.", first), f"{name}: {first!r}"
            lines = (node.end_lineno or 0) - node.decorator_list[0].lineno + 1
            assert 15 <= lines <= 50, f"{name}: {lines} lines"

    def test_what_is_measured_is_declared_completely(self) -> None:
        """Ask the suite of `measure.py` for what no run could answer."""
        from velvet.bench.worker import load_suite

        suite = load_suite(self.module().folder / "benchmarks" / "measure.py")
        assert suite.comparisons
        assert suite.problems() == []

    def test_a_tab_draws_what_its_button_starts(
        self, tab: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Open a tab, press its main button, and look at what the first event draws."""
        from streamlit.testing.v1 import AppTest

        from velvet.ui import child, kit, runs

        folder = self.module().folder
        monkeypatch.setattr(MANIFESTS, list)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(runs, "store", lambda: None)
        with without_tracing():
            app = AppTest.from_file(str(folder / "app.py"), default_timeout=_PATIENCE_S)
            app.session_state[kit.TAB_KEY] = tab.name
            app.run()
            assert [one.value for one in (*app.exception, *app.error)] == []
            assert app.subheader[0].value == tab.question
            if tab.job is None:
                assert _drawn(app), "a tab without a job draws at once"
                return
            start = app.button(key=f"{tab.slug}-start")
            if start.disabled:
                pytest.skip(app.warning[0].value)
            start.click().run()
            run = runs.find(child.name_of(tab.job.task), {})
            try:
                until = time.monotonic() + _PATIENCE_S
                while run.running and not any(one["type"] != "plan" for one in run.events):
                    assert time.monotonic() < until, "no event came"
                    time.sleep(0.05)
                app.run()
                assert [one.value for one in (*app.exception, *app.error)] == []
                assert _drawn(app), "the first event draws nothing"
            finally:
                if run.job is not None:
                    run.job.stop()

    def test_the_examples_in_docstrings_are_true(self, lesson: str) -> None:
        """Run a file's doctests."""
        results = doctest.testmod(importlib.import_module(lesson))
        assert results.attempted
        assert results.failed == 0

    def test_every_public_function_of_the_lesson_is_explained(self) -> None:
        """Find public functions and classes without a docstring."""
        from velvet import budget

        bare = [
            f"{path.name}:{node.lineno} {node.name}"
            for path in budget.lesson_files(self.module())
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
        assert bare == []
