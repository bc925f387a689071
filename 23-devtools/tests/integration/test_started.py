"""Profilers, runners, hooks and the command, each as a user starts it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from velvet_devtools import __main__ as command
from velvet_devtools import process, profiling, sessions
from velvet_devtools.debug.postmortem import capture
from velvet_devtools.profiling import PROFILERS


def slow(n: int) -> int:
    until = time.thread_time() + n / 1000  # of this thread, however busy the machine is
    total = 0
    while time.thread_time() < until:
        total += sum(range(50))
    return total


@pytest.mark.parametrize("name", ["cprofile", "sampler", "pyinstrument"])
def test_a_profiler_sees_the_function_that_takes_the_time(name: str) -> None:
    before, after = ([PROFILERS[name](lambda ms=ms: slow(ms)) for _ in "ab"] for ms in (30, 240))

    place = next(key for key in after[0].own if key.endswith(":slow"))
    assert place in sorted(after[0].own, key=lambda key: -after[0].own[key])[:3]
    found = {one.function: one for one in profiling.compare(before, after)}
    assert found[place].after > found[place].before
    assert bool(after[0].calls) == (name == "cprofile")


def test_tracemalloc_names_the_line_and_one_run_has_no_range() -> None:
    profile = PROFILERS["tracemalloc"](lambda: [bytes(1000) for _ in range(100)])

    assert max(profile.own.values()) > 90_000
    with pytest.raises(ValueError, match="at least two runs"):
        profiling.compare([profile], [profile])


@pytest.mark.parametrize("runner", sessions.RUNNERS)
def test_a_runner_starts_the_check_and_reports_its_failure(runner: str, tmp_path: Path) -> None:
    if runner != "script" and process.find(runner) is None:
        pytest.skip(f"{runner} is optional: pip install -r requirements-peers.txt")
    marker = tmp_path / "ran"
    script = tmp_path / "check.py"
    script.write_text(f"import sys; open(r'{marker}', 'w'); sys.exit(len(sys.argv) - 1)", "utf-8")
    for words, good in (([], True), (["x"], False)):
        argv, env = sessions.prepare(runner, tmp_path, [sys.executable, str(script), *words])
        assert (process.run(argv, cwd=tmp_path, env=env).exit_code == 0) is good
    assert marker.exists()


@pytest.mark.parametrize(
    ("words", "code", "output"),
    [
        (["health", "{root}", "--least", "101"], 1, "of 100"), (["health", "{root}"], 0, "FAIL"),
        (["ide", "{root}", "--write"], 1, "defaultInterpreterPath"),
        (["rename", "f", "g", "{code}", "--check"], 1, ": 1"), (["rename", "f", "g", "{code}"], 0, ": 1"),
        (["rename", "f", "g", "{bad}"], 1, "line 1"),
    ],
)  # fmt: skip
def test_the_command(
    words: list[str], code: int, output: str, repository: Path, tmp_path: Path
) -> None:
    places = {"root": repository}
    for name, text in (("bad", "def (:\n"), ("code", "def f(a):\n    return a\n")):
        places[name] = tmp_path / f"{name}.py"
        places[name].write_text(text, encoding="utf-8")

    done = CliRunner().invoke(command.app, [word.format(**places) for word in words])

    assert (done.exit_code, output in done.output) == (code, True), done.output


def test_a_dump_is_walked_through_by_the_command(tmp_path: Path) -> None:
    dump = tmp_path / "dump.json"
    try:
        slow("x")  # type: ignore[arg-type]
    except TypeError as error:
        capture(error).save(dump)

    walked = CliRunner().invoke(command.app, ["postmortem", str(dump)], input="up\n")

    assert walked.output.splitlines()[0].startswith("1: slow, test_started.py:")
    assert walked.output.splitlines()[1].startswith("0: test_a_dump")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["rename", "f", "1x"], "a name is renamed to a name"), (["postmortem", __file__], "test_started.py is no dump"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(
    argv: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["velvet-dev", *argv])

    with pytest.raises(SystemExit) as caught:
        command.main()

    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(words)
    assert psutil.Process().children() == []
