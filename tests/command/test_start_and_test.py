"""`velvet start` and `velvet test`: the two commands a reader types first."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from velvet import services
from velvet.commands import start
from velvet.commands import test as room
from velvet.examples import names_in

ROOT = Path(__file__).resolve().parent.parent.parent
# Notes that it ran, and leaves the results that the test put beside it.
QUICK = """\
import sys
from pathlib import Path

print("tables and tables, measured with", *sys.argv[1:])
Path("benchmarks/results/local.json").write_bytes(Path("benchmarks/given.json").read_bytes())
raise SystemExit(1)
"""
EXAMPLE = """

@example("story")
def story() -> None:
    \"\"\"A long story.\"\"\"
    print("numbers\\n\\nwhy: it waits\\n     for its end. And then it ends.\\nwhy: another")


if __name__"""


@pytest.fixture
def tiny(paper, results):
    """A module whose examples and benchmark are done at once."""
    folder = paper.module()
    basic = folder / "examples" / "basic.py"
    text = basic.read_text(encoding="utf-8")
    basic.write_text(text.replace("\n\nif __name__", EXAMPLE), encoding="utf-8")
    paper.write("30-tiny/benchmarks/measure.py", QUICK)
    paper.write("30-tiny/benchmarks/results/.keep", "")
    paper.write("30-tiny/benchmarks/given.json", json.dumps(results))
    paper.write("30-tiny/requirements-peers.txt", "nowhere\n")
    return folder


def test_the_tour_is_told_in_a_few_lines(velvet, tiny, capfd):
    result = velvet("start", "tiny", "--no-dashboard")

    assert result.exit_code == 0, result.output
    said = result.output.splitlines()
    python = os.path.relpath(sys.executable)
    assert [line.replace(start.COMMAND, "velvet") for line in said] == [
        "1/2 examples of 30-tiny, whole: velvet run 30",
        "    hello: Shows a greeting.",
        "    story: A long story.",
        "        why: it waits for its end.",
        "2/2 measuring every comparison for a minute or two ...",
        "2/2 measured: 1 comparisons in 2 s (machine calm, 1.1x)",
        "    the built-in wins (8x)",
        "    of 1 claims 1 hold",
        "    1 contenders need optional libraries: "
        f"{python} -m pip install -r 30-tiny/requirements-peers.txt",
        "    all tables: velvet bench 30 --show",
        "next: velvet dashboard 30",
    ]
    assert "tables" not in capfd.readouterr().out.replace("all tables", "")


def test_the_headline_is_filled_with_what_was_measured_here(velvet, tiny, results):
    toml = tiny / "module.toml"
    marked = 'headline = "{ratio adding built_in loop n=100 | factor} faster"\n'
    toml.write_text(toml.read_text(encoding="utf-8") + marked, encoding="utf-8")

    result = velvet("start", "tiny", "--no-dashboard")

    assert "    8.00x faster\n" in result.output
    assert "the built-in wins" not in result.output


def test_the_second_tour_measures_again_only_when_asked(velvet, tiny):
    velvet("start", "tiny", "--no-dashboard")

    second = velvet("start", "tiny", "--no-dashboard")
    third = velvet("start", "tiny", "--no-dashboard", "--again")

    assert "2/2 measured here before (again: --again): 1 comparisons" in second.output
    assert "measuring" not in second.output
    assert "measuring" in third.output


def test_a_tour_whose_example_fails_ends_with_its_words_and_names_the_doctor(velvet, tiny, paper):
    file = tiny / "examples" / "basic.py"
    file.write_text(file.read_text(encoding="utf-8") + "\nraise SystemExit('a bad end')\n")

    result = velvet("start", "tiny", "--no-dashboard")

    assert result.exit_code == 1
    assert "a bad end\nthe example hello ended with exit code 1" in result.output
    assert "2/2" not in result.output


def test_a_benchmark_that_measures_nothing_ends_the_tour_with_its_words(velvet, tiny, paper):
    paper.write("30-tiny/benchmarks/measure.py", "raise SystemExit('no contender')\n")

    result = velvet("start", "tiny", "--no-dashboard")

    assert result.exit_code == 1
    assert "no contender\nthe benchmark ended with exit code 1" in result.output


def test_the_tour_ends_at_the_dashboard(velvet, tiny, monkeypatch):
    shown: list[tuple[str, int | None, bool]] = []

    def show(module: Any, port: int | None, *, headless: bool) -> None:
        shown.append((module.slug, port, headless))

    monkeypatch.setattr(start, "show", show)

    result = velvet("start", "30", "--headless", "--port", "8600")

    assert result.output.endswith("3/3 ")
    assert shown == [("30-tiny", 8600, True)]


def test_the_tour_without_a_module_is_the_flagships(velvet, paper, monkeypatch):
    paper.module("09-concurrency")
    monkeypatch.setattr(start, "example", lambda folder, name: ("", ""))
    monkeypatch.setattr(start, "measure", lambda folder, results: None)

    result = velvet("start", "--no-dashboard")

    assert result.output.startswith("1/2 examples of 09-concurrency")


@pytest.mark.parametrize("level", ["basic", "intermediate", "advanced"])
def test_the_names_of_examples_are_read_as_they_register(level):
    file = ROOT / "09-concurrency" / "examples" / f"{level}.py"
    words = [sys.executable, str(file), "--list"]

    done = subprocess.run(words, capture_output=True, text=True, check=False)

    if done.returncode:
        pytest.skip(f"the libraries of 09 are not installed: {done.stderr[-80:]}")
    assert names_in(file) == [line.split()[0] for line in done.stdout.splitlines()]


def test_a_skipped_example_says_why_instead():
    lines = ["rule", "headline", "", "skipped: no redis here. Install it."]

    assert start.first_why(lines) == lines[-1]


PASSED = "print('TOTAL   10  1  4  1  93%')\nprint('=== 3 passed, 1 skipped in 0.10s ===')"
FAILED = (
    "print('x' * 7000)\nprint('E  it broke')\nprint('FAILED tests/test_it.py::test_it - broke')\n"
    "print('1 failed, 2 passed in 0.20s')\nraise SystemExit(1)"
)


def job(name: str, tmp_path: Path, code: str, **more: Any) -> room.Job:
    """A run that needs no pytest: this interpreter runs the code."""

    class Quick(room.Job):
        @property
        def argv(self) -> list[str]:
            return [sys.executable, "-c", code]

    return Quick(name, tmp_path, "src", **more)


def test_the_summary_counts_all_runs_together(velvet, paper, monkeypatch):
    runs = [job("one", paper.root, PASSED), job("two", paper.root, PASSED)]
    monkeypatch.setattr(room, "jobs", lambda words, fail_under=0: runs)

    result = velvet("test", "-j", "2")

    assert result.exit_code == 0, result.output
    assert result.output.rstrip().endswith("6 passed, 0 failed, 2 skipped")
    assert "ok     one                3 passed, 1 skipped; coverage 93%" in result.output


def test_one_run_that_fails_fails_the_whole_and_shows_what_it_said(velvet, paper, monkeypatch):
    runs = [job("one", paper.root, PASSED), job("two", paper.root, FAILED)]
    monkeypatch.setattr(room, "jobs", lambda words, fail_under=0: runs)

    result = velvet("test", "-j", "1")

    assert result.exit_code == 1
    assert "\n--- two failed; the end of its output:\nE  it broke\n" in result.output
    assert "\nfailed: two: tests/test_it.py::test_it\n" in result.output
    assert "FAILED two                1 failed, 2 passed; coverage -" in result.output
    assert result.output.rstrip().endswith("5 passed, 1 failed, 1 skipped")


def test_a_run_without_counts_says_no_tests_and_fails(velvet, paper, monkeypatch):
    runs = [job("one", paper.root, PASSED), job("two", paper.root, "raise SystemExit(4)")]
    monkeypatch.setattr(room, "jobs", lambda words, fail_under=0: runs)

    result = velvet("test")

    assert result.exit_code == 1
    assert "FAILED two                no tests; coverage -" in result.output


def test_one_run_alone_gives_its_own_exit_code_and_output(velvet, paper, monkeypatch, capfd):
    lonely = job("one", paper.root, "print('as it comes'); raise SystemExit(5)")
    monkeypatch.setattr(room, "jobs", lambda words, fail_under=0: [lonely])

    result = velvet("test", "whatever")

    assert result.exit_code == 5
    assert "as it comes" in capfd.readouterr().out


def test_ctrl_c_ends_the_runs_that_are_under_way(tmp_path, monkeypatch):
    begun: list[subprocess.Popen[bytes]] = []
    real = room.launch

    def launch(run: room.Job, variables: dict[str, str]) -> Any:
        found = real(run, variables)
        begun.append(found[0])
        return found

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "launch", launch)
    monkeypatch.setattr(room.time, "sleep", interrupted)
    endless = job("endless", tmp_path, "import threading; threading.Event().wait()")

    with pytest.raises(KeyboardInterrupt):
        room.run_all([endless], {}, 1)

    assert not psutil.pid_exists(begun[0].pid)


def test_without_words_the_toolkit_and_every_module_are_tested(paper):
    paper.module(services='["redis"]')
    paper.module("31-other")

    runs = room.jobs(())

    assert [(run.name, run.source) for run in runs] == [
        *(("velvet", "velvet"), ("30-tiny", "src")),
        ("31-other", "src"),
    ]
    assert runs[1].services == ("redis",)


def test_named_modules_are_tested_alone(paper):
    paper.module()

    assert [run.name for run in room.jobs(("30",))] == ["30-tiny"]


def test_a_run_is_the_users_own_command_with_branch_coverage(tmp_path):
    words = room.Job("one", tmp_path, "src").argv

    assert words[1:] == [
        *("-m", "pytest", "tests/"),
        *("--cov=src", "--cov-branch", "--cov-report=term"),
    ]


def test_a_bound_for_coverage_is_handed_to_pytest(paper):
    paper.module()

    assert all("--cov-fail-under=95" in run.argv for run in room.jobs((), 95))


@pytest.mark.parametrize(
    ("side_by_side", "ending"), [("1", ["--cov-report=term"]), ("2", ["-n", "0"])]
)
def test_runs_that_share_the_cores_are_not_spread_over_them(
    velvet, paper, monkeypatch, side_by_side, ending
):
    paper.module()
    begun: list[list[str]] = []

    def begin(runs: list[room.Job], variables: dict[str, str], workers: int) -> list[room.Outcome]:
        begun.extend(run.argv for run in runs)
        return []

    monkeypatch.setattr(room, "run_all", begin)
    velvet("test", "--jobs", side_by_side)

    assert len(begun) == 2
    assert all(words[-len(ending) :] == ending for words in begun)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("= 12 passed, 1 xfailed in 3.2s =", {"passed": 12, "xfailed": 1}),
        ("1 failed in 1s\n2 passed in 2s\nlast words", {"passed": 2}),
        ("12 passed without an end", {}),
        ("", {}),
    ],
)
def test_the_last_summary_line_is_counted(text, counts):
    assert room.read_counts(text) == counts


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("TOTAL  100  2  30  1  97%", "97%"),
        ("TOTAL  10  0  100%\nTOTAL  10  1  96.5%", "96.5%"),
        ("nothing", "-"),
    ],
)
def test_the_total_of_a_coverage_report_is_read(text, share):
    assert room.read_coverage(text) == share


def test_each_server_is_started_once_and_its_address_handed_on(monkeypatch):
    up: list[str] = []

    @contextmanager
    def redis() -> Iterator[SimpleNamespace]:
        up.append("redis")
        yield SimpleNamespace(url="redis://127.0.0.1:7000")
        up.remove("redis")

    monkeypatch.setattr(services, "redis", redis)

    with room.shared_servers({"redis"}) as variables:
        during = list(up)

    assert variables == {"VELVET_REDIS_URL": "redis://127.0.0.1:7000"}
    assert during == ["redis"]
    assert up == []


def test_a_server_that_cannot_be_had_is_named_and_the_tests_go_on(monkeypatch, capsys):
    def mongodb() -> None:
        raise services.ServiceUnavailable("mongodb", [("binary", "no mongod")], "install mongod")

    monkeypatch.setattr(services, "mongodb", mongodb)

    with room.shared_servers({"mongodb"}) as variables:
        assert variables == {}

    assert "without mongodb: no mongodb here (binary: no mongod)" in capsys.readouterr().err


def test_a_run_gets_the_addresses_of_the_servers(tmp_path):
    code = "import os; print(os.environ['VELVET_REDIS_URL'])"

    process, output, began = room.launch(job("one", tmp_path, code), {"VELVET_REDIS_URL": "here"})
    room.finish(job("one", tmp_path, code), process, output, began)
    output.seek(0)

    assert output.read().strip() == b"here"
    output.close()


def test_the_output_of_a_run_that_passed_is_not_repeated(tmp_path, capsys):
    process = subprocess.Popen([sys.executable, "-c", ""])

    outcome = room.finish(job("one", tmp_path, ""), process, io.BytesIO(b"1 passed in 1s"), 0.0)

    assert outcome.counts == {"passed": 1}
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_a_modules_real_tests_are_run_with_coverage(velvet, paper, capfd, monkeypatch):
    paper.module()
    paper.write("30-tiny/src/velvet_tiny/__init__.py", "answer = 42\n")
    paper.write("30-tiny/tests/test_tiny.py", "import velvet_tiny\ndef test_it(): pass\n")
    monkeypatch.setenv("PYTHONPATH", str(paper.root / "30-tiny" / "src"))
    # As the settings of the project say.
    monkeypatch.setenv("PYTEST_ADDOPTS", "--disable-plugin-autoload -p pytest_cov")

    result = velvet("test", "tiny")

    said = capfd.readouterr().out
    assert result.exit_code == 0, said
    assert room.read_counts(said) == {"passed": 1}
    assert room.read_coverage(said) == "100%"
