"""Settings: every problem at once, the origin of each, and no secret in any of it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pydantic import BaseModel

from velvet_validation import settings
from velvet_validation.settings import AppSettings, Database, explain, load_or_exit


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEBUG", "WORKERS", "API_KEY", "DATABASE__PORT", "DATABASE__PASSWORD"):
        monkeypatch.delenv(f"APP_{name}", raising=False)


def test_every_problem_is_written_at_once_and_the_process_ends_with_78(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP_WORKERS", "hunter2")
    monkeypatch.setenv("APP_DATABASE__PORT", "0")
    err = io.StringIO()

    with pytest.raises(SystemExit) as ended:
        load_or_exit(AppSettings, err=err)

    assert ended.value.code == settings.EX_CONFIG == 78
    said = err.getvalue()
    assert "3 problems in the settings" in said
    assert {line.split(":")[0].strip() for line in said.splitlines()[1:]} == {
        "workers", "database.port", "api_key",
    }  # fmt: skip
    assert "hunter2" not in said


def test_origins_are_told_and_secrets_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_API_KEY", "s3cret-key")
    monkeypatch.setenv("APP_DATABASE__PORT", "6000")

    rows = {row.field: row for row in explain(load_or_exit(AppSettings))}

    assert rows["api_key"].shown == rows["database.password"].shown == "****"
    assert (rows["database.port"].shown, rows["database.port"].origin) == ("6000", "set")
    assert rows["workers"].origin == "default"
    assert "s3cret" not in repr(list(rows.values()))


def test_settings_behind_a_nested_one_are_told_too() -> None:
    class Nested(BaseModel):
        database: Database = Database()
        debug: bool = False

    assert [row.field for row in explain(Nested())] == [
        "database.host", "database.port", "database.password", "debug",
    ]  # fmt: skip


def test_the_environment_wins_over_the_file_and_the_file_over_the_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "app_api_key").write_text("from-folder", encoding="utf-8")
    (tmp_path / "secrets" / "app_workers").write_text("9", encoding="utf-8")
    env = tmp_path / "app.env"
    env.write_text("APP_WORKERS=5\nAPP_DEBUG=true\n", encoding="utf-8")
    monkeypatch.setenv("APP_DEBUG", "false")

    loaded = load_or_exit(AppSettings, str(env), str(tmp_path / "secrets"))

    assert loaded.api_key.get_secret_value() == "from-folder"
    assert loaded.workers == 5
    assert loaded.debug is False


def test_a_misspelt_setting_in_the_file_is_a_problem(tmp_path: Path) -> None:
    env = tmp_path / "app.env"
    env.write_text("APP_API_KEY=x\nAPP_WROKERS=5\n", encoding="utf-8")

    err = io.StringIO()
    with pytest.raises(SystemExit):
        load_or_exit(AppSettings, str(env), err=err)

    assert "app_wrokers" in err.getvalue()


def test_a_misspelt_nested_setting_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_API_KEY", "x")
    monkeypatch.setenv("APP_DATABASE__PASWORD", "hunter2")

    err = io.StringIO()
    with pytest.raises(SystemExit):
        load_or_exit(AppSettings, err=err)

    assert "database.pasword" in err.getvalue()
    assert "hunter2" not in err.getvalue()


@pytest.mark.parametrize(
    ("env", "file", "said"),
    [
        ({"APP_DATABASE": '{"password": "hunter2'}, b"", 'field "database"'),
        ({}, b"APP_API_KEY=hunter2\xff\n", "UnicodeDecodeError"),
        ({}, None, "directory, not a file"),
    ],
)
def test_a_source_that_cannot_be_read_is_a_problem_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    env: dict[str, str],
    file: bytes | None,
    said: str,
) -> None:
    monkeypatch.delenv("APP_DATABASE", raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    source = tmp_path / "source"
    source.write_bytes(file or b"")
    secrets = str(source) if file is None else None

    err = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        load_or_exit(AppSettings, str(source), secrets, err=err)

    assert ended.value.code == settings.EX_CONFIG
    assert ended.value.__suppress_context__
    assert said in err.getvalue()
    assert "hunter2" not in err.getvalue()
