"""What users tripped over, one line each, through all four front ends: it stays mended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from velvet_cli import contenders
from velvet_cli.comparisons.running import Result, clean_environment
from velvet_cli.store import TaskStore

Tasks = Callable[..., Result]
ONE = '{"id": 1, "title": "a", "priority": 3, "tags": [], "done": false, "created": 7.0}\n'


@pytest.fixture
def run(front: str, warm: Tasks, tmp_path: Path) -> Tasks:
    """Run a front end as a process in a folder whose store has one task."""
    TaskStore(tmp_path / "tasks.jsonl", clock=lambda: 7.0).add("a")

    def found(*argv: str, stdin: str = "", **env: str) -> Result:
        full = clean_environment(tmp_path, env)
        return warm(front, argv, env=full, stdin=stdin, folder=tmp_path)

    return found


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("work nan", 2),
        ("work 0 --linger nan", 2),
        ("--config=-- list", 66),
        ("--store=-- rm 6", 1),
        ("config set -- tags --", 0),
        ("done 1.0", 2),
        ("rm 1 1.0", 2),
        ("add x -p 1.0", 2),
        ("list -n 1.0", 2),
        ("completion bash --store=x", 2),
        ("-h", 0),
        ("list -h", 0),
        ("--store -x list", 0),
        ("add x -p -5", 2),
        ("import -x", 2),
        ("import -- -x", 66),
        ("export -o tasks.jsonl", 2),
        ("export -o ./tasks.jsonl -f csv", 2),
        ("--config . list", 66),
        ("config set limit abc", 2),
        ("config set limit -1", 2),
    ],
)
def test_the_four_agree_about_words(line: str, code: int, run: Tasks, tmp_path: Path) -> None:
    result = run(*line.split())

    assert result.exit == code, result.err
    assert "Traceback" not in result.err
    assert (tmp_path / "tasks.jsonl").read_text(encoding="utf-8") == ONE


@pytest.mark.parametrize(
    "line",
    [
        b"caf\xe9",
        b'{"title": "caf\xe9"}',
        b'{"title": ' + b"[" * 100_000,
        b'{"title": "x", "created": 1' + b"0" * 400 + b"}",
        b'{"title": "x", "created": NaN}',
        b'{"title": "x", "created": -Infinity}',
        b'{"title": "x", "created": 1e999}',
    ],
    ids=("latin text", "latin json", "nested", "huge", "nan", "infinity", "1e999"),
)
def test_bad_data_is_the_datas_mistake(line: bytes, run: Tasks, tmp_path: Path) -> None:
    (tmp_path / "more").write_bytes(b"fine\n" + line + b"\n")
    imported = run("import", "more")
    kept = (tmp_path / "tasks.jsonl").read_bytes()
    (tmp_path / "broken").write_bytes(kept + line.replace(b'{"t', b'{"id": 2, "t') + b"\n")
    read = run("--store", "broken", "export", "-f", "json")

    assert (imported.exit, "more:2: not" in imported.err) == (65, True), imported.err
    assert (read.exit, "broken:2: not" in read.err) == (65, True), read.err
    assert kept.decode() == ONE
    assert "NaN" not in read.out


def test_a_byte_order_mark_is_no_part_of_a_title(run: Tasks, tmp_path: Path) -> None:
    assert run("import", "-", stdin='\ufeff{"title": "b"}\n').exit == 0
    (tmp_path / "marked").write_text(f"\ufeff{ONE}", encoding="utf-8")

    assert "b" in run("list", "-f", "csv").out.splitlines()[2].split(",")
    assert run("--store", "marked", "list", "-f", "ndjson").out == ONE


@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv", "tsv"])
def test_a_title_cannot_drive_the_terminal(form: str, run: Tasks) -> None:
    added = run("add", "red\x9b31m")
    shown = run("list", "-f", form).out

    assert (added.exit, "\x9b" in added.err + shown, r"\u009b31m" in shown) == (0, False, True)
    if form == "json":
        assert json.loads(shown)[1]["title"] == "red\x9b31m"


def test_a_variable_holds_tags_with_commas_between(run: Tasks) -> None:
    assert run("add", "x", TASKS_TAGS="a, b c").exit == 0
    assert '"tags": ["a", "b c"]' in run("list", "-f", "ndjson").out


def test_what_killed_writers_left_is_removed_at_the_next_start(run: Tasks, tmp_path: Path) -> None:
    for name in ("tasks.jsonl.4711.tmp", "tasks.jsonl.bak.tmp", "other.4711.tmp"):
        (tmp_path / name).touch()

    assert run("list").exit == 0
    assert sorted(path.name for path in tmp_path.glob("*.tmp")) == [
        "other.4711.tmp",
        "tasks.jsonl.bak.tmp",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="modes, links and removed folders are POSIX's")
def test_mode_and_link_of_a_store_survive_a_change(run: Tasks, tmp_path: Path) -> None:
    store, link = tmp_path / "tasks.jsonl", tmp_path / "link"
    store.chmod(0o600)
    link.symlink_to(store.name)

    assert run("--store", "link", "add", "b").exit == 0
    assert run("--store", "link", "export", "-o", "tasks.jsonl").exit == 2

    assert link.is_symlink()
    assert store.stat().st_mode & 0o777 == 0o600
    assert len(store.read_text(encoding="utf-8").splitlines()) == 2
    assert not list(tmp_path.glob("link.*"))


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
def test_a_folder_that_is_gone_is_no_reason_to_fail(front: str, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    script = f"import os, sys; os.rmdir({str(tmp_path / 'gone')!r}); os.execv(sys.executable, {contenders.words(front, '--version')!r})"

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "gone",
        env=clean_environment(tmp_path),
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, b"tasks 1.0.0\n"), done.stderr
