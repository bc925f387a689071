"""Every example, run the way a reader runs it: `python examples/LEVEL.py NAME` in a child process.

What is asserted is what a reader is promised to see. Figures that depend on the machine are only
compared with each other, and only where the difference is too large for a busy machine to hide.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

MODULE = Path(__file__).parents[1]
NAMES = {
    "basic": ["same_cli_four_times", "first_principles", "exit_codes_and_pipes"],
    "intermediate": [
        "where_did_that_come_from",
        "colour_truth_table",
        "progress_cost",
        "tab_tab",
    ],
    "advanced": ["why_is_it_slow", "graceful_exit", "testing_four_ways", "typer_is_not_click"],
}
# Ten and six times what a reader is promised: this only ends a child that hangs.
PATIENCE = {"basic": 50.0, "intermediate": 50.0, "advanced": 90.0}
POSIX = pytest.mark.skipif(
    sys.platform == "win32", reason="shows POSIX signals: run it on Linux or macOS"
)


# Whatever the order of the tests, these are what they look at.
EARLY = [(level, name) for level, names in NAMES.items() for name in names]
EARLY += [(level, words) for level in NAMES for words in ("--list", "--source")]
Done = subprocess.CompletedProcess[bytes]
_DONE: dict[tuple[str, ...], Done] = {}


def child(level: str, *words: str) -> Done:
    """Run one file of examples in a child process."""
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", f"examples/{level}.py", *words],
        cwd=MODULE,
        env={**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        timeout=PATIENCE[level],
        check=False,
    )


@pytest.fixture(scope="module", autouse=True)
def _two_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the examples in pairs before the first test looks, unless only a few are wanted."""
    if sum(item.path == request.path for item in request.session.items) >= len(EARLY):
        with ThreadPoolExecutor(2) as pool:
            _DONE.update(zip(EARLY, pool.map(lambda call: child(*call), EARLY), strict=True))
    yield
    _DONE.clear()


def run(level: str, *words: str, code: int = 0) -> tuple[str, str]:
    """Run one file of examples; give what it printed, and what it complained about."""
    done = _DONE.get((level, *words)) or child(level, *words)
    printed, complaint = done.stdout.decode(), done.stderr.decode("utf-8", "replace")
    assert done.returncode == code, complaint
    return printed.replace("\r\n", "\n"), complaint


def shown(level: str, name: str) -> str:
    """Run one example; it has to end well, fit a terminal of 80 columns and warn of nothing."""
    printed, complaint = run(level, name)
    too_wide = [line for line in printed.splitlines() if len(line) > 80]
    assert too_wide == []
    assert complaint == ""
    return printed


@pytest.mark.parametrize("level", NAMES)
def test_each_level_lists_its_examples_with_a_sentence_each(level: str) -> None:
    printed, _ = run(level, "--list")

    lines = printed.splitlines()
    assert [line.split()[0] for line in lines] == NAMES[level]
    assert all(len(line.split()) > 5 and line.endswith(".") for line in lines)


@pytest.mark.parametrize("level", NAMES)
def test_an_example_is_short_enough_to_be_read(level: str) -> None:
    printed, _ = run(level, "--source")

    sources = re.split(r"^(?=@example)", printed, flags=re.MULTILINE)[1:]
    lengths = {
        name: len(source.strip().splitlines())
        for name, source in zip(NAMES[level], sources, strict=True)
    }
    assert all(15 <= length <= 50 for length in lengths.values()), lengths


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    _, complaint = run("basic", "first_principle", code=2)

    assert "first_principles" in complaint
    assert "Traceback" not in complaint


def test_four_programs_give_one_answer() -> None:
    printed = shown("basic", "same_cli_four_times")

    assert "different answers: 1" in printed
    # Cyclopts 4 ends usage errors with 1.
    ends = re.findall(r"^  \w+ +exit ([12]):", printed, re.M)
    assert printed.count("write the report") == len(ends) >= 3
    assert ends[:3] == ["2", "2", "2"]


def test_a_parser_answers_and_leaves_open() -> None:
    printed = shown("basic", "first_principles")

    naive, tutorial = printed.split("2. argparse")
    assert "ValueError" in naive
    assert "IndexError" in naive
    assert re.search(r"--count x hello +exit +2", tutorial)
    assert re.search(r"silently accepted +exit +0", tutorial)
    if os.name != "nt":
        assert "BrokenPipe" in tutorial


@POSIX
def test_only_the_hardened_programs_end_as_coreutils_do() -> None:
    printed = shown("basic", "exit_codes_and_pipes")

    codes = dict(re.findall(r"^(tasks export.*?\)|seq.*?\)) +(-?\d+) ", printed, re.M))
    assert codes["seq | head (coreutils)"] == "141"
    hardened = {code for title, code in codes.items() if "hardened" in title}
    bare = {code for title, code in codes.items() if "export" in title and "hardened" not in title}
    assert hardened == {"141"}
    assert "141" not in bare
    assert re.search(r"tasks done 9999 +1 ", printed)


def test_lazy_loading_imports_less_and_a_manifest_helps_the_help() -> None:
    printed = shown("advanced", "why_is_it_slow")

    counts = {
        (title, argv): int(count)
        for title, argv, count in re.findall(
            r"^(eager|lazy).*? (table|--help) +(\d+) mod", printed, re.M
        )
    }
    assert counts["lazy", "table"] < counts["eager", "table"]
    assert counts["lazy", "--help"] < counts["eager", "--help"]
    assert printed.count("ms by itself") == 12


@POSIX
def test_a_runner_turns_three_signals_into_two_codes() -> None:
    printed = shown("advanced", "graceful_exit")

    rows = re.findall(
        r"^(Ctrl-C twice|Ctrl-C|SIGTERM) +(\w+) +(-?\d+).*?(\d+), 0 B told, clean$", printed, re.M
    )
    assert [(title, code) for title, _, _, code in rows] == [
        ("Ctrl-C", "130"), ("Ctrl-C twice", "130"), ("SIGTERM", "143"),
    ] * 2  # fmt: skip
    assert not {bare for _, _, bare, _ in rows} & {"130", "143"}


def test_a_process_costs_more_and_sees_more() -> None:
    printed = shown("advanced", "testing_four_ways")

    costs = {mode: float(ms) for mode, ms in re.findall(r"^(\w+) +([\d.]+) ms", printed, re.M)}
    assert costs["inprocess"] < costs["subprocess"]
    assert "argparse equals it: True" in printed
    assert "ascii console, bare    : exit 1\nascii console, hardened: exit 0" in printed
    if os.name != "nt":
        assert re.search(r"^pty.*terminal", printed, re.M)


def test_a_typer_command_is_no_click_command() -> None:
    printed = shown("advanced", "typer_is_not_click")

    assert "isinstance(get_command(app), click.Command): False" in printed
    assert "mixed double 21        exit 0, prints '42'" in printed
    assert "mixed double nonsense  exit 1, prints ''" in printed
    assert "BadParameter" in printed


def test_every_layer_is_told_with_its_place_and_no_secret() -> None:
    printed = shown("intermediate", "where_did_that_come_from")

    wins = re.findall(r"^(\w+) +(.*?) {2,}(\S+) +(\S.*?) +<- wins$", printed, re.M)
    assert wins == [
        ("color", "cli", "--color", "never"),
        ("limit", "env", "TASKS_LIMIT", "7"),
        ("order", "profile work in project", "tasks.toml:6", "priority"),
        ("tags", "project", "tasks.toml:3", "+ [garden]"),
        ("tags", "user", "config.toml:3", "[home]"),
        ("sync_token", "user", "config.toml:4", "********"),
    ]
    assert "hunter" not in printed
    assert "a mistake: tasks.toml:2: odrer: unknown key (did you mean 'order'?)" in printed


def test_only_ours_obeys_both_no_color_and_force_color() -> None:
    printed = shown("intermediate", "colour_truth_table")

    table = printed.partition("\nenvironment ")[2].partition("\n\n")[0].splitlines()
    names, rows = table[0].split(), {line[:29].strip(): line[29:].split() for line in table[1:]}
    ours = [at for at, name in enumerate(names) if name == "ours"]
    assert len(rows) == 14
    assert {rows[e][at] for e in rows if "NO_COLOR=1" in e for at in ours} == {"."}
    assert {rows["FORCE_COLOR=1"][at] for at in ours} == {"C"}
    if os.name != "nt":
        # On a terminal Click colours whatever the environment says.
        assert {cells[names.index("clic")] for cells in rows.values()} == {"C"}
        assert rows["NO_COLOR=1"][names.index("type")] == "b"
    assert "NO_COLOR=1 FORCE_COLOR=1         NO_COLOR is set" in printed


def test_a_bar_that_draws_each_time_is_the_dearest() -> None:
    printed = shown("intermediate", "progress_cost")

    costs = {
        name: [float(cell.replace(",", "")) for cell in cells.split()]
        for name, cells in re.findall(r"^(\w+) {2,}([\d., ]+)$", printed, re.M)
    }
    assert list(costs) == ["bare", "throttled", "rich", "tqdm", "click", "click_1000", "naive"]
    assert costs["naive"][0] > 3 * costs["throttled"][0] > costs["bare"][0]
    assert costs["naive"][1] > 100 * costs["throttled"][1]
    if os.name != "nt":
        assert costs["click"][0] > 3 * costs["click_1000"][0]
        assert costs["click"][0] > 3 * costs["click"][2]


@POSIX
def test_tab_inserts_the_same_without_python_and_sooner() -> None:
    if shutil.which("bash") is None:
        pytest.skip("no bash here: install bash to run this")
    printed = shown("intermediate", "tab_tab")

    rows = re.findall(r"<Tab> -> (.*?) +(\d+) ms", printed)
    static, dynamic = rows[:4], rows[4:]
    assert [inserted for inserted, _ in static] == [
        "<list>",
        "<list> <--format=ndjson>",
        "<done> <1>",
        "<add> <-t> <it's>",
    ]
    assert [inserted for inserted, _ in dynamic] == [inserted for inserted, _ in static]
    assert int(static[0][1]) < int(dynamic[0][1])
