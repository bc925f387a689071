"""A task in a child: events out, prints aside, refusals as a sentence, the end with the page."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from velvet.ui import child, runs

DEMO = Path(__file__).resolve().parent / "demo"


@pytest.fixture(autouse=True)
def _tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DEMO))
    monkeypatch.setenv("PYTHONPATH", str(DEMO), prepend=os.pathsep)


def test_each_event_is_a_line():
    sink = io.StringIO()

    code = child.tell("demo_tasks:count", {"steps": 2}, sink)

    kinds = [json.loads(line)["type"] for line in sink.getvalue().splitlines()]
    assert (code, kinds) == (0, ["plan", "square", "square"])


def test_a_refusal_is_an_event_with_its_sentence():
    sink = io.StringIO()

    code = child.tell("demo_tasks:count", {"steps": 91}, sink)

    assert code == 2
    assert json.loads(sink.getvalue())["sentence"] == "Steps must be 1 to 90, not 91"


def test_what_a_task_prints_is_no_event():
    argv = [sys.executable, *child.argv_for("demo_tasks:count", {"steps": 1})]

    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)

    assert "a task may print" in done.stderr
    assert all(json.loads(line) for line in done.stdout.splitlines())


def test_a_task_needs_nothing_of_the_page_that_its_package_draws(tmp_path, monkeypatch):
    folder = tmp_path / "drawn" / "dashboard"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("raise SystemExit('the page was imported')\n")
    (folder / "tasks.py").write_text("def one():\n    yield {'type': 'one'}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    argv = [sys.executable, *child.argv_for("drawn.dashboard.tasks:one", {})]

    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)

    assert json.loads(done.stdout) == {"type": "one"}


@pytest.mark.skipif(os.name != "posix", reason="process groups are a POSIX thing")
def test_a_child_ends_with_a_page_that_was_killed(tmp_path):
    page = (
        "import sys\nfrom velvet.ui.job import Job\nfrom velvet.ui.child import argv_for\n"
        "import time\njob = Job(argv_for('demo_tasks:stays', {}))\n"
        "while not job.events: time.sleep(0.01)\n"
        "print(job.events[0]['pid'], job.folder, flush=True)\nsys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", page], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    pid, folder = process.stdout.readline().split()
    task = psutil.Process(int(pid))

    process.kill()
    process.communicate()

    task.wait(timeout=30)
    assert not Path(folder).exists()


def test_a_run_survives_on_disk(tmp_path):
    run = runs.Run({"a": 1}, [{"type": "x"}], created="2026-11-29T10:12:00Z")

    runs.write(tmp_path / "run.jsonl", "demo_tasks:count", run)
    again = runs.read(tmp_path / "run.jsonl")

    assert (again.options, again.events) == ({"a": 1}, [{"type": "x"}])


@pytest.mark.parametrize("text", ["", "not json\n", "[]\n", '{"type": "run"}\n'])
def test_a_damaged_run_is_none(tmp_path, text):
    path = tmp_path / "run.jsonl"
    path.write_text(text, encoding="utf-8")

    assert runs.read(path) is None
    assert runs.read(tmp_path / "missing") is None


def test_runs_of_other_options_have_other_names():
    keys = {runs.key_of("a:b", {"n": n}) for n in (1, 2)} | {runs.key_of("a:c", {"n": 1})}

    assert len(keys) == 3
    assert runs.key_of("a:b", {"x": 1, "y": (2,)}) == runs.key_of("a:b", {"y": [2], "x": 1})
