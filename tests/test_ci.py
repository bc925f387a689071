"""`.ci/run`: what it installs, in which order it goes, and how it ends."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent


def load(name: str) -> ModuleType:
    """Import one of the scripts in `.ci`."""
    spec = importlib.util.spec_from_file_location(f"ci_{name}", ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The steps of CI, on a repository of paper."""
    module = load("steps")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PYTHON", Path(sys.executable))
    return module


@pytest.fixture
def run(steps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return steps.Run(everything=False)


def git(folder: Path, *words: str, date: str = "2026-01-01T00:00:00Z") -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
    quiet = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=.none")
    env = {**os.environ, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    subprocess.run(["git", *identity, *quiet, *words], cwd=folder, check=True, env=env)


def commit(root: Path, name: str, text: str, day: int) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", name, date=f"2026-01-{day:02d}T00:00:00Z")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Three modules; the second is the one that changed last, the third was measured first."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for day, slug in enumerate(("01-alpha", "03-gamma", "02-beta"), start=1):
        created = json.dumps({"created": f"2026-02-{day if slug != '03-gamma' else 0:02d}"})
        commit(tmp_path, f"{slug}/benchmarks/results/reference.json", created, day)
        commit(tmp_path, f"{slug}/module.toml", "", day)
    return tmp_path


def names(folders: list[Path]) -> list[str]:
    return [folder.name for folder in folders]


def test_the_module_that_changed_last_comes_first(steps: ModuleType, history: Path) -> None:
    assert names(steps.newest_first(steps.modules())) == ["02-beta", "03-gamma", "01-alpha"]


def test_a_module_that_is_not_committed_is_the_newest(steps: ModuleType, history: Path) -> None:
    (history / "24-new").mkdir()
    (history / "24-new" / "module.toml").touch()

    assert names(steps.newest_first(steps.modules()))[0] == "24-new"


def test_after_a_change_of_the_harness_the_oldest_results_come_first(
    steps: ModuleType, history: Path
) -> None:
    commit(history, "velvet/bench/engine.py", "", 9)

    assert names(steps.newest_first(steps.modules())) == ["03-gamma", "01-alpha", "02-beta"]


def test_a_shallow_clone_goes_in_order_of_numbers_and_says_so(
    steps: ModuleType,
    history: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shallow = tmp_path_factory.mktemp("shallow")
    git(shallow, "clone", "--quiet", "--depth=1", history.as_uri(), ".")
    monkeypatch.setattr(steps, "ROOT", shallow)

    assert names(steps.newest_first(steps.modules())) == ["01-alpha", "02-beta", "03-gamma"]
    assert "a shallow clone knows no dates" in capsys.readouterr().out


def test_everything_is_installed_from_one_file(steps: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "requirements-dev.txt").write_text(
        "# tools\n-e .[test,verify]\nruff>=1  # lint\n", encoding="utf-8"
    )
    folder = tmp_path / "01-alpha"
    folder.mkdir()
    (folder / "module.toml").touch()
    (folder / "requirements.txt").write_text("-e ..[test,dashboard]\nruff>=1\n", encoding="utf-8")
    (folder / "requirements-peers.txt").write_text('numba>=1; python_version < "3.13"\n', "utf-8")

    first, *rest = steps.requirements().splitlines()

    assert first == f"-e {tmp_path}[dashboard,test,verify]"
    assert rest == ["ruff>=1", 'numba>=1; python_version < "3.13"']


@pytest.fixture
def called(
    steps: ModuleType, run: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[..., bool]], list[str]]:
    """Let the given function stand for the programs; returns what was called."""

    def stand(answer: Callable[..., bool]) -> list[str]:
        calls: list[str] = []

        def call(*argv: object, folder: Path = steps.ROOT, **variables: str) -> bool:
            calls.append(" ".join([folder.name, *map(str, argv[1:])]))
            return answer(calls[-1])

        monkeypatch.setattr(run, "call", call)
        return calls

    return stand


def test_what_the_budget_does_not_reach_is_named(
    steps: ModuleType,
    run: Any,
    called: Any,
    history: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = [0.0]
    monkeypatch.setattr(steps.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(steps, "others", lambda: iter([("3.10", Path("python3.10"))]))
    monkeypatch.setattr(steps, "install", lambda run, python: True)

    def five_minutes(line: str) -> bool:
        clock[0] += 300.0
        return True

    calls = called(five_minutes)

    steps.budgeted(run, steps.modules())

    # An environment is made, once, before the first tests under another Python.
    assert [line.split(" ", 1)[1][:12] for line in calls] == [
        "run 02-beta",
        "-m pytest -q",
        "benchmarks/m",
        "venv -q --se",
        "-m pytest te",
    ]
    assert run.left_out[0] == "velvet: tests under 3.10"
    assert run.left_out[-1] == "01-alpha: tests under 3.10"
    assert steps.summary(run) == 0
    assert "left out, for want of time (9):" in capsys.readouterr().out


def test_no_step_begins_too_late_to_end_before_the_deadline(steps: ModuleType, run: Any) -> None:
    run.budget_began = time.monotonic()
    assert run.within_budget()

    run.began -= steps.LAST_START_S

    assert not run.within_budget()


def report(run: Any, folder: Path, failed: list[str], passed: int = 0) -> None:
    counts = {"passed": passed, "failed": len(failed), "skipped": 0}
    text = json.dumps({"folder": str(folder), "failed": failed, "counts": counts})
    (run.reports / f"{time.monotonic_ns()}.json").write_text(text, encoding="utf-8")


def test_a_test_that_passes_at_its_second_look_is_named_as_flaky(
    steps: ModuleType, run: Any, called: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def second(line: str) -> bool:
        report(run, tmp_path, ["tests/a.py::test_bad"], passed=1)
        return False

    called(second)
    report(run, tmp_path, ["tests/a.py::test_bad", "tests/a.py::test_shy"], passed=7)

    run.tested(Path(sys.executable), "tests", fine=False)

    assert run.flaky == ["tests: tests/a.py::test_shy"]
    assert run.failed == ["tests: tests/a.py::test_bad"]
    assert steps.summary(run) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "8 passed, 1 failed, 0 skipped"


def test_a_run_that_fails_without_a_failed_test_fails(run: Any, tmp_path: Path) -> None:
    report(run, tmp_path, [], passed=3)

    run.tested(Path(sys.executable), "tests", fine=False)

    assert run.failed == ["tests (no test failed: collection, coverage or a crash)"]


@pytest.mark.parametrize(("answers", "failed"), [([False, True], 0), ([False, False], 1)])
def test_a_claim_that_fails_is_measured_once_more(
    steps: ModuleType, run: Any, called: Any, tmp_path: Path, answers: list[bool], failed: int
) -> None:
    left = iter(answers)
    calls = called(lambda line: next(left))

    steps.claims(run, "01-alpha: quick benchmarks", tmp_path)

    assert len(calls) == 2
    assert (len(run.failed), len(run.flaky)) == (failed, 1 - failed)


@pytest.mark.skipif(os.name == "nt", reason="process groups are of POSIX")
def test_at_the_deadline_a_program_ends_with_what_it_started(
    steps: ModuleType, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "DEADLINE_S", run.seconds + 2)  # time enough to start two programs
    told = tmp_path / "pid"

    with pytest.raises(steps.OutOfTime):
        run.call("sh", "-c", 'sleep 60 & echo $! > "$0"; sleep 60', told)

    child = int(told.read_text(encoding="utf-8"))
    alive = [one for one in psutil.process_iter() if one.pid == child]
    left = psutil.wait_procs(alive, timeout=10)[1]
    assert all(one.status() == psutil.STATUS_ZOMBIE for one in left)  # with nothing to reap it


def test_a_slow_machine_costs_what_may_be_left_out_alone(steps: ModuleType, run: Any) -> None:
    run.began -= 59 * 60
    assert run.call(sys.executable, "-c", "import time; time.sleep(2)")

    run.budget_began = run.began + 30 * 60
    with pytest.raises(steps.OutOfTime):
        run.call(sys.executable, "-c", "import time; time.sleep(2)")


def test_what_stops_one_step_stops_those_beside_it(steps: ModuleType, run: Any) -> None:
    def interrupted() -> None:
        with run.side_by_side() as pool:
            beside = pool.submit(run.call, sys.executable, "-c", "import time; time.sleep(600)")
            while not run.running and not beside.done():
                pass
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert not run.running
    with pytest.raises(steps.OutOfTime):
        run.call(sys.executable, "-c", "")


def test_untimed_benchmarks_that_fail_are_run_once_more_and_named(
    steps: ModuleType, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, ...]] = []

    def call(*argv: object, output: Any, **_: object) -> bool:
        calls.append(tuple(map(str, argv)))
        output.write(b"what it said")
        return str(tmp_path / "good") in calls[-1][-1] or "--last-failed" in calls[-1]

    monkeypatch.setattr(run, "call", call)
    for name in ("good", "flaky"):
        steps.smoke(run, tmp_path / name)

    assert [len([c for c in calls if name in " ".join(c)]) for name in ("good", "flaky")] == [1, 2]
    assert (run.flaky, run.failed) == (["flaky: untimed benchmarks"], [])


def test_the_scripts_of_a_module_are_checked_in_a_call_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    types = load("typecheck")
    for slug, package in (("01-old", "velvet_old"), ("02-new", "velvet_new")):
        (tmp_path / slug / "src" / package).mkdir(parents=True)
        (tmp_path / slug / "app.py").touch()
    (tmp_path / "02-new" / "src" / "velvet_new" / "comparisons").mkdir()
    monkeypatch.setattr(types, "ROOT", tmp_path)

    assert types.scripts() == [["02-new/app.py"]]
