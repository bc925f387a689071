"""Every checker on the real tool, and every way in which a tool can fail."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from velvet_devtools import lint, matrix, process
from velvet_devtools.contenders.checkers import CHECKERS, Diagnostic
from velvet_devtools.errors import ToolMissing, ToolTimeout
from velvet_devtools.lint import Status
from velvet_devtools.samples.defects import defects

BAD = (
    "import os\n\n\ndef f(x: int, seen=[]) -> str:\n    eval('1')\n    return x\n    print(seen)\n"
)
FINDS = {
    "ruff": ("B006", 4, "wide"), "flake8": ("B006", 4, "bugbear"), "pylint": ("W0102", 4, "default"),
    "bandit": ("B307", 5, "default"), "vulture": ("unused-import", 1, "default"),
    "mypy": ("return-value", 6, "default"), "pyright": ("reportReturnType", 6, "default"),
    "basedpyright": ("reportReturnType", 6, "default"),
    "ty": ("invalid-explicit-return", 6, "default"), "pyrefly": ("bad-return", 6, "preset"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKERS)
def test_the_real_tool_reports_a_known_finding_at_its_line(name: str, tmp_path: Path) -> None:
    code, line, profile = FINDS[name]
    file = tmp_path / "-bad $(x).py"
    file.write_text(BAD, encoding="utf-8")

    result = lint.run(name, [file], tmp_path, profile=profile)

    if result.status is Status.MISSING:
        pytest.skip(f"{name} is optional: pip install {name}")
    assert (result.status, result.problem) == (Status.OK, "")
    assert (code, line) in {(one.code, one.line) for one in result.diagnostics}
    assert all(one.col >= 1 and Path(one.path).name == file.name for one in result.diagnostics)
    assert result.version


# The smallest output of each form, written by hand; what the installed tools print is read above.
OUTPUTS = {
    "ruff": (
        '[{"code": null, "filename": "a.py", "location": {"row": 2, "column": 3}, "message": "m"}]',
        Diagnostic("a.py", 2, 3, "syntax", ""),
    ),
    "flake8": ("a b.py\t2\t3\tE9\tm", Diagnostic("a b.py", 2, 3, "E9", "")),
    "pylint": (
        '{"messages": [{"absolutePath": "a.py", "line": 2, "column": 2, "messageId": "E1", '
        '"message": "m"}]}',
        Diagnostic("a.py", 2, 3, "E1", ""),
    ),
    "bandit": (
        '{"results": [{"filename": "a.py", "line_number": 2, "col_offset": 2, "test_id": "B1", '
        '"issue_text": "m"}]}',
        Diagnostic("a.py", 2, 3, "B1", ""),
    ),
    "vulture": ("a.py:2: unused import 'os' (90% confidence)", Diagnostic("a.py", 2, 1, "unused-import", "")),
    "mypy": (
        '{"file": "a.py", "line": 2, "column": 2, "code": null, "severity": "error", "message": "m"}\n'
        '{"file": "a.py", "line": 9, "column": 2, "code": "x", "severity": "note", "message": "m"}',
        Diagnostic("a.py", 2, 3, "syntax", ""),
    ),
    "pyright": (
        '{"summary": {"filesAnalyzed": 1}, "generalDiagnostics": [{"file": "a.py", "severity": "error",'
        ' "message": "m", "range": {"start": {"line": 1, "character": 2}}}]}',
        Diagnostic("a.py", 2, 3, "syntax", ""),
    ),
    "ty": (
        '[{"check_name": "c", "description": "m", "location": {"path": "a.py", "positions": '
        '{"begin": {"line": 2, "column": 3}}}}]',
        Diagnostic("a.py", 2, 3, "c", ""),
    ),
    "pyrefly": (
        '{"errors": [{"path": "a.py", "line": 2, "column": 3, "name": "c", "description": "m"}]}',
        Diagnostic("a.py", 2, 3, "c", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_read_with_line_and_column_from_one(name: str) -> None:
    text, expected = OUTPUTS[name]

    assert list(CHECKERS[name].parse(text)) == [expected]


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("print('[]')", Status.OK, ""),
        ("print('[]'); sys.exit(1)", Status.OK, ""),
        ("print('[]'); sys.exit(2)", Status.CRASHED, "ended with 2"),
        ("sys.stderr.write('no such option: --x'); sys.exit(2)", Status.CRASHED, "no such option"),
        ("import os; os.abort()", Status.CRASHED, "ended with"),
        ("print('[{')", Status.GARBAGE, "not readable"),
        ("print('Segfault? No: a progress bar')", Status.GARBAGE, "not readable"),
        ("print('[1]')", Status.GARBAGE, "not readable"),
        ("print('[' * 200000)", Status.GARBAGE, "not readable"),
        ("sys.stdout.buffer.write(b'\\xff\\xfe[')", Status.GARBAGE, "not readable"),
        ("import time; time.sleep(60)", Status.TIMEOUT, "longer than 1.5 s"),
    ],
)  # fmt: skip
def test_every_way_to_fail_has_one_typed_result(
    code: str, status: Status, words: str, fake: Callable[[str], list[str]], tmp_path: Path
) -> None:
    lint.version.cache_clear()

    limit = 1.5 if status is Status.TIMEOUT else 60.0
    result = lint.run("ruff", [tmp_path], tmp_path, program=fake(code), timeout_s=limit)

    assert result.status is status
    assert words in result.problem
    assert "\n" not in result.problem


def test_a_missing_and_an_old_tool_say_what_to_do(
    fake: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint.version.cache_clear()
    old = lint.run("ruff", [tmp_path], tmp_path, program=fake("print('[]')", "0.1.2"))
    monkeypatch.setattr(process, "find", lambda _: None)
    missing = lint.run("ruff", [tmp_path], tmp_path)
    vanished = lint.run("ruff", [tmp_path], tmp_path, program=[str(tmp_path / "gone")])
    lint.version.cache_clear()

    assert (old.status, missing.status, vanished.status) == (
        Status.OLD,
        Status.MISSING,
        Status.MISSING,
    )
    assert "pip install ruff" in missing.problem
    assert "0.1.2 is older than 0.4" in old.problem


def test_an_unknown_name_or_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="known are default, pyflakes"):
        lint.run("ruff", [], tmp_path, profile="x")
    with pytest.raises(ValueError, match="known are ruff, flake8"):
        lint.run("lint9000", [], tmp_path)


def test_a_hanging_tool_is_ended_with_its_children(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    parent = (
        "import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', 'import time;"
        f" time.sleep(90)']); open({str(told)!r}, 'w').write(str(c.pid)); c.wait()"
    )

    for limit in (2, 10, 50):  # a busy machine may need long to start two programs
        with pytest.raises(ToolTimeout):
            process.run([sys.executable, "-c", parent], timeout_s=limit)
        if told.exists():
            break

    child = int(told.read_text())
    try:  # a killed process may run until the system has its turn
        until = time.monotonic() + 30
        while psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < until
            time.sleep(0.01)
    except psutil.NoSuchProcess:
        return


def test_a_program_that_is_nowhere_names_its_package() -> None:
    with pytest.raises(ToolMissing, match="pip install no-such-program"):
        process.need("no-such-program")


@pytest.fixture(scope="module")
def small() -> matrix.Matrix:
    return matrix.measure([("ruff", "pyflakes"), ("ruff", "wide"), ("mypy", "default")])


def test_the_corpus_has_twelve_classes_of_six() -> None:
    kinds = [one.kind for one in defects()]

    assert len(kinds) == 72
    assert {kinds.count(kind) for kind in kinds} == {6}
    assert all(one.source != one.twin for one in defects())


def test_more_rules_find_more_and_a_checker_finds_other_things(small: matrix.Matrix) -> None:
    pyflakes, wide, types = small.ran

    assert pyflakes.found < wide.found
    assert types.found - wide.found
    assert small.unique(wide) == wide.found - types.found
    assert wide.name == "ruff:wide"
    assert "logic_off_by_one" in small.missed_by_all()


def test_the_best_pair_is_a_linter_with_a_checker(small: matrix.Matrix) -> None:
    pair = small.best_pair()

    assert pair is not None
    assert {one.name for one in pair} == {"ruff:wide", "mypy:default"}
    cover = small.cheapest_cover(1_000)
    assert {one.name for one in cover} == {"ruff:wide", "mypy:default"}
    assert small.cheapest_cover(0.0) == []


def test_a_hit_needs_line_and_code_and_a_twin_makes_it_an_alarm() -> None:
    corpus = [one for one in defects() if one.stem == "mutable_default_list"]
    stem, found = corpus[0].stem, []
    for folder, name, line, code in (
        ("defects", stem, 3, "B006"), ("defects", stem, 1, "I001"), ("other", "x", 1, "B006"),
        ("twins", f"{stem}_ok", 1, "B006"), ("twins", f"{stem}_ok", 1, "D100"),
    ):  # fmt: skip
        found.append(Diagnostic(f"/{folder}/{name}.py", line, 1, code, "m"))

    assert matrix.judge(found, corpus) == ({}, frozenset({stem}), 1)
    near = matrix.judge([Diagnostic(f"/defects/{stem}.py", 2, 1, "B006", "m")], corpus)
    assert near[0] == {stem: "B006: m"}
