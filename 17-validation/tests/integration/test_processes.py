"""What needs a process of its own: settings of a real environment, parsers that may die, types."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from velvet_validation.comparisons import hostile
from velvet_validation.samples import documents

PROGRAM = """
from velvet_validation.settings import AppSettings, explain, load_or_exit
for row in explain(load_or_exit(AppSettings, env_file="app.env", secrets_dir="secrets")):
    print(row.field, row.shown, row.origin)
"""


def start(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={**clean, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_service_reads_environment_file_and_secrets(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "app_api_key").write_text("top-s3cret", encoding="utf-8")
    (tmp_path / "app.env").write_text("APP_WORKERS=8\n", encoding="utf-8")

    run = start(tmp_path, APP_DATABASE__HOST="db.internal")

    assert run.returncode == 0, run.stderr
    assert "workers 8 set" in run.stdout
    assert "database.host db.internal set" in run.stdout
    assert "s3cret" not in run.stdout + run.stderr


def test_a_service_with_wrong_settings_ends_with_78(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()

    run = start(tmp_path, APP_WORKERS="many", APP_DEBUG="perhaps")

    assert run.returncode == 78
    assert run.stderr.startswith("3 problems in the settings:\n")
    assert "many" not in run.stderr
    assert "Traceback" not in run.stderr


def test_hostile_documents_end_in_an_answer() -> None:
    found = hostile.survey(("guard", "json", "orjson"), limit_s=20)

    assert {one["outcome"] for one in found["guard"].values()} == {"rejected"}
    assert found["json"]["NaN"]["outcome"] == "accepted"
    assert found["json"]["equal keys"]["detail"] == "{'role': 'admin'}"
    assert found["json"]["100 000 nested arrays"]["outcome"] in ("rejected", "crashed")
    assert all(set(one) == set(documents.DOCUMENTS) for one in found.values())


@pytest.mark.parametrize("ending", ["slow", "crashed", "not installed"])
def test_a_parser_that_does_not_answer_is_named(
    ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stand in for the child process: the three ends that a healthy parser does not have."""

    def run(words: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        first = b'{"document": "%s", "outcome": "accepted", "detail": "", "ms": 1}\n'
        out = first % words[5].encode() if len(words) > 6 else b""
        if ending == "slow":
            return subprocess.CompletedProcess(words, 1, out)
        if ending == "crashed":
            return subprocess.CompletedProcess(words, -11, out)
        return subprocess.CompletedProcess(words, 0, b"")

    monkeypatch.setattr(hostile.subprocess, "run", run)

    found = hostile.survey(("ijson",), limit_s=1)["ijson"]

    assert len(found) == len(documents.DOCUMENTS)
    assert ending in {one["outcome"] for one in found.values()}


def test_every_parser_is_asked_in_the_process_itself(capsys: pytest.CaptureFixture[str]) -> None:
    optional = {name for name in ("ijson", "orjson") if find_spec(name) is None}
    for name in hostile.PARSERS.keys() - optional:
        assert hostile.attempt(name, "empty body")["outcome"] == "rejected"
    hostile._main("guard", "0", "NaN")
    assert '"outcome": "rejected"' in capsys.readouterr().out
    with pytest.raises(ValueError, match="unknown parser 'yaml'"):
        hostile.parser("yaml")


def test_static_types_say_what_was_loaded(data: Path, tmp_path: Path) -> None:
    """The types that a reader gets: `reveal_type` of a loaded value, and a wrong argument."""
    pytest.importorskip("mypy")
    words = ["--cache-dir", str(tmp_path), "--no-error-summary", "--config-file", os.devnull]

    run = subprocess.run(
        [sys.executable, "-m", "mypy", *words, str(data / "typing" / "loaded.py")],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    reported = {
        line.split(":", 1)[1].split(":")[0]: line
        for line in run.stdout.splitlines()
        if ".py:" in line
    }
    expected = (data / "typing" / "loaded.py").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(expected, 1):
        if "# E: " in line:
            assert line.split("# E: ")[1] in reported.get(str(number), ""), (line, run.stdout)
    assert sum("# E: " in line for line in expected) == len(reported), run.stdout
