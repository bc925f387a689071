"""Profilers, runners, hooks and the command, each as a user starts it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from velvet_devtools import __main__ as command
from velvet_devtools import process, profiling, sessions
from velvet_devtools.debug.hooks import CHOICES, breakpoints, logpoints, source_line


def slow(n: int) -> int:
    until = time.thread_time() + n / 1000  # of this thread, however busy the machine is
    total = 0
    while time.thread_time() < until:
        total += sum(range(50))
    return total


@pytest.mark.parametrize("name", ["cprofile", "sampler", "pyinstrument"])
def test_a_profiler_sees_the_function_that_takes_the_time(name: str) -> None:
    before, after = (
        [profiling.run(name, lambda ms=ms: slow(ms)) for _ in "ab"] for ms in (30, 240)
    )

    place = next(key for key in after[0].own if key.endswith(":slow"))
    assert place in dict(after[0].top(3))
    found = {one.function: one for one in profiling.compare(before, after)}
    assert found[place].after > found[place].before
    shape = json.loads(after[0].to_speedscope())
    (profile,) = shape["profiles"]
    assert len(profile["samples"]) == len(profile["weights"])
    assert (name == "cprofile") == (not profile["samples"])
    assert all(
        place < len(shape["shared"]["frames"]) for one in profile["samples"] for place in one
    )


def test_tracemalloc_names_the_line_and_one_run_has_no_range() -> None:
    profile = profiling.run("tracemalloc", lambda: [bytes(1000) for _ in range(100)])

    assert profile.unit == "bytes"
    assert profile.top(1)[0][1] > 90_000
    with pytest.raises(ValueError, match="at least two runs"):
        profiling.compare([profile], [profile])
    assert "sampler" in profiling.profilers()


@pytest.mark.parametrize("runner", sessions.FILES)
def test_a_runner_starts_the_check_and_reports_its_failure(runner: str, tmp_path: Path) -> None:
    if runner != "script" and process.find(runner) is None:
        pytest.skip(f"{runner} is optional: pip install -r requirements-peers.txt")
    marker = tmp_path / "ran"
    script = tmp_path / "check.py"
    script.write_text(f"import sys; open(r'{marker}', 'w'); sys.exit(len(sys.argv) - 1)", "utf-8")
    python = sys.executable

    assert sessions.start(runner, tmp_path, [python, str(script)]) > 0
    assert marker.exists()
    with pytest.raises(RuntimeError, match="ended with"):
        sessions.start(runner, tmp_path, [python, str(script), "x"])


def test_an_unknown_runner_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="runners are script, nox"):
        sessions.prepare("make", tmp_path, ["x"])


def test_breakpoint_goes_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setenv("PYTHONBREAKPOINT", "pdb.set_trace")
    with breakpoints("off"):
        breakpoint()
    with logpoints("n is {n}; {gone}", lines.append):
        n = 3
        breakpoint()
    assert n == 3
    assert "KeyError" in lines[0]
    with pytest.raises(ValueError, match="off, pdb, debugpy"), breakpoints("x"):
        pass
    assert set(CHOICES) == {"off", "pdb", "debugpy"}
    with pytest.raises(ValueError, match="0 lines"):
        source_line(Path(__file__), "no such " + "line here")


@pytest.mark.parametrize(
    ("words", "code", "output"),
    [
        (["health", "{root}", "--least", "101"], 1, "of 100"), (["health", "{root}"], 0, "FAIL"),
        (["lint", "ruff", "{root}"], 0, ""), (["lint", "ruff", "{bad}"], 1, "syntax"),
        (["ide", "{root}", "--write"], 1, "defaultInterpreterPath"), (["docs", "{root}"], 0, ""),
        (["mod", "defaults", "{code}", "--check"], 1, ": 1"), (["mod", "rename:f:g", "{code}"], 0, ": 1"),
        (["mod", "defaults", "{bad}"], 1, "line 1"), (["nav", "__version__", "{root}"], 0, "variable"),
        (["nav", "nothing", "{root}"], 1, ""), (["audit", "{req}", "{root}"], 2, "not audited"),
        (["trace", "{crash}", "--dump", "{dump}"], 1, "ZeroDivisionError"), (["trace", "{code}"], 0, ""),
    ],
)  # fmt: skip
def test_the_command(
    words: list[str], code: int, output: str, repository: Path, tmp_path: Path
) -> None:
    places = {"root": repository, "dump": tmp_path / "dump.json"}
    for name, text in (
        ("bad", "def (:\n"), ("code", "def f(a=[]):\n    return a\n"), ("crash", "1 / 0\n"), ("req", "a\n"),
    ):  # fmt: skip
        places[name] = tmp_path / f"{name}.py"
        places[name].write_text(text, encoding="utf-8")

    done = CliRunner().invoke(command.app, [word.format(**places) for word in words])

    assert (done.exit_code, output in done.output) == (code, True), done.output
    if places["dump"].exists():
        walked = CliRunner().invoke(command.app, ["postmortem", str(places["dump"])], input="up\n")
        assert walked.output.count("crash.py:1") == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("magic", "codemods are utcnow"), ("rename:f", "a rename is rename:OLD:NEW"),
        ("rename:f:1x", "a rename is rename:OLD:NEW"), ("rename:a:b:c", "a rename is rename:OLD:NEW"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(
    name: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["velvet-dev", "mod", name])

    with pytest.raises(SystemExit) as caught:
        command.main()

    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(words)
    assert psutil.Process().children() == []
