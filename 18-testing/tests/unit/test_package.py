"""Scoring a package: the sample, who is asked about a mutant, the interval."""

from __future__ import annotations

import ast
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from velvet_testing.mutation import engine, operators, package, session, worker
from velvet_testing.mutation.engine import Outcome, Status

FORK = engine.default_isolation() == "fork"
RULES = '''"""Rules."""

from functools import wraps

LIMIT = 10


def logged(call):
    @wraps(call)
    def inner(n):
        return call(n) + 0

    return inner


@logged
def clamp(n):
    return LIMIT if n > LIMIT else n
'''
USES = '''"""Uses the rules."""

from concurrent.futures import ThreadPoolExecutor

from rules import clamp


def both(a, b, *, step=1):
    return clamp(a) + clamp(b) * step


def doubled(n):
    return n * 2


def apart(n):
    with ThreadPoolExecutor() as pool:
        return pool.submit(doubled, n).result()


def hangs(n):
    while n > 0:
        n -= 1
    return "done"


def never(n):
    return n - 1
'''
TESTS = """
import pytest
from rules import clamp
from uses import apart, both, hangs

@pytest.fixture(scope="module")
def shared():
    return 3

def test_clamp(shared):
    assert [clamp(shared), clamp(11), clamp(10)] == [3, 10, 10]

def test_both():
    assert (both(1, 20), both(1, 20, step=2)) == (11, 21)

def test_apart():
    assert apart(3) == 6

def test_hangs():
    assert hangs(2) == "done"

def test_red():
    assert 0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "src" / "uses.py").write_text(USES, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_uses.py").write_text(TESTS, encoding="utf-8")
    return tmp_path


def files(folder: Path) -> dict[Path, None]:
    return dict.fromkeys(sorted((folder / "src").glob("*.py")))


def words(folder: Path) -> list[str]:
    return ["-o", f"pythonpath={folder / 'src'}"]


@pytest.mark.skipif(not FORK, reason="the engine forks on Linux alone")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_package_is_judged_in_one_run(folder: Path, workers: int) -> None:
    at = {"cwd": folder, "limit": 100, "words": words(folder), "workers": workers}

    report = package.score(files(folder), ["tests"], **at)  # type: ignore[arg-type]

    lived = {f"{path.stem} {one.before} -> {one.after}" for path, one in report.alive}
    assert lived == {
        "rules call(n) + 0 -> (call(n) - 0)",  # equivalent, and a wrapper made at import
        "rules @wraps(call) -> ",
        "rules @logged -> ",
        "rules n > LIMIT -> (n >= LIMIT)",
        "uses n > 0 -> (n >= 0)",
        "uses n > 0 -> (n <= 0)",
        "uses 0 -> 1",
        "uses 1 -> 2",
    }
    assert report.count(Status.NO_COVERAGE) == 3
    assert report.count(Status.TIMEOUT) >= 1  # `n += 1`, which ends by its own limit
    assert report.red == ["tests/test_uses.py::test_red"]
    assert report.tests == 4
    assert report.places == sorted(report.places)


@pytest.mark.skipif(not FORK, reason="the engine forks on Linux alone")
def test_tests_may_run_below_the_folder_that_they_are_named_from(folder: Path) -> None:
    chosen: dict[Path, list[int] | None] = {folder / "src" / "rules.py": [5, 11]}
    at = {"cwd": folder / "tests", "root": folder, "limit": 9, "words": words(folder)}

    report = package.score(chosen, ["."], **at)  # type: ignore[arg-type]

    assert {str(one.mutant): one.by for one in report.outcomes if one.by} == {
        "line 5: 10  ->  11": "tests/test_uses.py::test_clamp",
        "line 11: return call(n) + 0  ->  return None": "tests/test_uses.py::test_clamp",
        "line 11: 0  ->  1": "tests/test_uses.py::test_clamp",
    }


@pytest.mark.skipif(not FORK, reason="the engine forks on Linux alone")
def test_a_suite_that_cannot_judge_is_refused(folder: Path) -> None:
    test = folder / "tests" / "test_uses.py"
    at = {"cwd": folder, "limit": 1, "words": words(folder)}

    test.write_text("import nowhere", encoding="utf-8")
    with pytest.raises(engine.BaselineRed, match="test_uses"):
        package.score(files(folder), ["tests"], **at)  # type: ignore[arg-type]
    test.write_text("def test_a(): assert 0", encoding="utf-8")
    with pytest.raises(engine.BaselineRed, match="most tests fail"):
        package.score(files(folder), ["tests"], **at)  # type: ignore[arg-type]
    test.write_text("def test_a(): assert 0\ndef test_b(): pass", encoding="utf-8")
    assert package.score(files(folder), ["tests"], **at).tests == 1  # type: ignore[arg-type]


USERS = """
LIMIT: int = 1

@cached
def f(n=2):
    return n

class A:
    size = 3

    def g(self):
        return LIMIT + self.size
"""


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (2, {("a", 2), ("a", 12), ("b", 3)}),  # the constant, where it is named
        (4, {("a", 5), ("a", 6)}),
        (5, {("a", 5), ("a", 6)}),
        (9, {("a", 9), ("a", 12)}),
        (8, {("a", line) for line in range(8, 13)}),
        (1, set()),
    ],
)
def test_what_runs_at_import_has_users(line: int, lines: set[tuple[str, int]]) -> None:
    trees = {"a": ast.parse(USERS), "b": ast.parse("import a\n\nprint(a.LIMIT)")}

    assert set(package.users(trees, "a", line)) == lines


def test_the_cheapest_tests_are_asked_as_long_as_the_budget_lasts() -> None:
    rules, seconds = "rules.py", {"b::1": 9.0, "a::1": 4.0, "a::2": 20.0, "b::2": 1.0, "c::1": 2.0}
    told = {
        "failed": ["c::1"],
        "seconds": {name: (s, 0.5) for name, s in seconds.items()},
        "order": list(seconds),
        "imported": {},
        "startup": 1.0,
        "modules": ["json"],
        "reached": {},
    }
    base = package._Baseline([told])
    base.imported, base.reached = {rules: [1]}, {rules: {"2": {*seconds} - {"c::1"}}}
    (one,) = operators.mutants("\nf(1)", [operators.Operator.CRP])

    assert base.tests(Path(rules), one) == ["a::1", "b::1", "b::2"]  # a::2 takes too long
    assert base.limits["a::1"] == package.SLOWER * 4.5
    assert not base.early(Path(rules), one)


def test_what_runs_at_import_meets_the_tests_of_all_imports() -> None:
    rules, names = "rules.py", ["a::1", "a::2", "b::frozen"]
    told = {
        "failed": [],
        "seconds": dict.fromkeys(names, (1.0, 0.0)),
        "order": names,
        "imported": {},
        "startup": 1.0,
        "modules": [],
        "reached": {},
    }
    base = package._Baseline([told], ["frozen"])
    source = "@made(1)\nclass Rule:\n    def x(self):\n        return 2"
    base.imported, base.trees = {rules: [1, 2, 3]}, {rules: ast.parse(source)}
    base.reached = {rules: {"4": {"a::1"}}}
    first, second = operators.mutants(source, [operators.Operator.CRP])

    assert base.tests(Path(rules), first) == ["a::1", "b::frozen"]
    assert base.tests(Path(rules), second) == ["a::1"]


def test_a_sample_is_spread_over_all_files(folder: Path) -> None:
    every = list(package.sample(files(folder), 1000))

    some = list(package.sample(files(folder), 5))

    assert some == [every[(2 * i + 1) * len(every) // 10] for i in range(5)]
    assert {path.stem for path, _ in some} == {"rules", "uses"}
    assert '"done"' not in {one.before for _, one in every}
    assert list(package.sample({path: {5} for path in files(folder)}, 9)) == [
        one for one in every if one[1].lineno == 5
    ]


@pytest.mark.parametrize(
    ("dead", "alive", "low", "high"),
    [(0, 0, 0.0, 1.0), (4, 0, 0.51, 1.0), (0, 4, 0.0, 0.49), (34, 6, 0.71, 0.93)],
)
def test_a_score_carries_the_interval_of_its_sample(
    dead: int, alive: int, low: float, high: float
) -> None:
    (one,) = operators.mutants("x = 1")
    of = [(Status.KILLED, dead), (Status.SURVIVED, alive), (Status.EQUIVALENT, 3)]

    report = package.PackageReport([Outcome(one, status) for status, n in of for _ in range(n)])

    assert report.judged == dead + alive
    assert report.interval == (pytest.approx(low, abs=0.005), pytest.approx(high, abs=0.005))


def _is_of(folder: Path, module: Any) -> bool:
    return str(getattr(module, "__file__", "")).startswith(str(folder))


# What runs in children, once in this process, so that it is looked at by coverage, too.


def test_hypothesis_repeats_itself_and_shrinks_nothing() -> None:
    settings.register_profile("before", parent=settings.default)
    try:
        session.steady()
        now = settings.default
        assert now is not None
        assert (now.derandomize, now.database, Phase.shrink in now.phases) == (True, None, False)
    finally:
        settings.load_profile("before")


class Turns:
    """Stands for the tracer, which would end that of a run with coverage."""

    def __init__(self, paths: list[str]) -> None:
        self.paths, self.turns = paths, [""]

    def start(self) -> None:
        self.turns = [""]

    def turn(self, test: str) -> None:
        self.turns.append(test)

    def stop(self) -> dict[str, dict[int, list[str]]]:
        return {path: {3: self.turns} for path in self.paths}


def test_a_session_traces_judges_and_leaves_the_rest_to_a_fresh_import(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def directly(one: dict[str, Any], run: Any) -> Any:
        return run(one)

    (folder / "tests" / "test_uses.py").write_text(TESTS.split("def test_red")[0], encoding="utf-8")
    path = str(folder / "src" / "uses.py")
    tests = ["tests/test_uses.py::test_hangs", "tests/test_uses.py::test_apart"]
    one = {"path": path, "traced": False, "limits": dict.fromkeys(tests, 60.0), "args": ["tests"]}
    jobs = [
        {"traced": True, "part": [0, 1]},
        {**one, "source": USES.replace("n * 2", "n"), "line": 13},
        {**one, "source": USES.replace("step=1", "step=2"), "line": 1},
    ]
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(worker, "forked", directly)
    monkeypatch.setattr(worker, "limit", lambda *_: None)
    monkeypatch.setattr(session, "steady", lambda: None)
    monkeypatch.setattr(session, "Tracer", Turns)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(json.dumps(one) + "\n" for one in jobs)))
    answers = io.StringIO()

    session.serve({"paths": [path], "args": [*words(folder), "tests"]}, answers)
    for name in [name for name, one in sys.modules.items() if _is_of(folder, one)]:
        monkeypatch.delitem(sys.modules, name)
    cold = worker.run_job({**one, "args": [*words(folder), "tests"], "source": "apart = None"})

    traced, killed, early = (json.loads(line) for line in answers.getvalue().splitlines()[:3])
    assert traced["failed"] == []
    assert traced["reached"] == {path: {"3": ["", *traced["seconds"], ""]}}
    assert traced["imported"] == {path: [3]}
    assert list(traced["seconds"]) == [
        f"tests/test_uses.py::test_{name}" for name in ("clamp", "both", "apart", "hangs")
    ]
    assert killed["failed"] == ["tests/test_uses.py::test_apart"]
    assert early == {"cold": True}
    assert cold["failed"] == ["tests/test_uses.py"]
    assert os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] == "1"
