"""JSON with comments, and settings of editors that are checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from velvet_devtools.errors import DevtoolsError, JsoncError
from velvet_devtools.ide import jsonc, pycharm, vscode


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("[" * 100_000, "nested more than 100", 1), ('{"a": 1,\n "a": 2}', "second time", 2),
        ("/* open", "never closed", 1), ('"\\ud800"', "lone surrogate", 1), ("[1 2]", "expected ','", 1),
        ("{a: 1}", "double quotes", 1), ('{"a" 1}', "expected ':'", 1), ("[01]", "expected a value", 1),
        ("[1.]", "expected a value", 1), ('"\t"', "expected a value", 1), ("", "ends early", 1),
        ("1 2", "behind the end", 1), ("[+1]", "expected a value", 1), ("\n\n[nul]", "expected", 3),
        ("9" * 5000, "Exceeds", 1), ("{,}", "double quotes", 1),
    ],
)  # fmt: skip
def test_what_is_no_json_has_a_place(text: str, words: str, line: int) -> None:
    with pytest.raises(JsoncError, match=words) as caught:
        jsonc.loads(text)

    assert caught.value.line == line


def test_a_mark_comments_and_a_last_comma_are_read() -> None:
    assert jsonc.loads("\ufeff[1, /* two */ 2,] // end") == [1, 2]


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ('{\n  // why\n  "a": 1\n}', ["b"], '{\n  // why\n  "a": 1,\n  "b": 0\n}'),
        ('{"a": 1}', ["b"], '{"a": 1, "b": 0}'), ("{}", ["b"], '{"b": 0}'),
        ('{"a": [1, 2]}', ["a", 1], '{"a": [1, 0]}'), ('{"a": {}}', ["a", "b"], '{"a": {"b": 0}}'),
    ],
)  # fmt: skip
def test_an_edit_keeps_comments_and_layout(text: str, path: list[str | int], expected: str) -> None:
    assert jsonc.edit(text, path, 0) == expected


def test_an_edit_writes_letters_as_they_are_and_no_nan() -> None:
    assert jsonc.edit('{"a": 1}', ["a"], "\N{LATIN SMALL LETTER E WITH ACUTE}") == '{"a": "é"}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        jsonc.edit('{"a": 1}', ["a"], float("nan"))


def test_an_edit_of_nothing_is_refused() -> None:
    with pytest.raises(KeyError, match="nowhere to add"):
        jsonc.edit("[1]", ["a"], 0)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / "main.py").write_text("value = 41\nvalue += 1\nprint(value)\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 100\n", encoding="utf-8")
    found = vscode.look_at(tmp_path)
    vscode.write(tmp_path, vscode.generate(found) | pycharm.generate(found))
    return tmp_path


def test_generated_settings_have_no_problem(project: Path) -> None:
    assert vscode.validate(project) == []
    assert pycharm.validate(project) == []


@pytest.mark.parametrize(
    ("file", "path", "value", "words"),
    [
        ("settings.json", ["python.linting.enabled"], True, "removed; now the extension"),
        ("settings.json", ["pyhton.envFile"], "", "not documented"),
        ("settings.json", ["python.defaultInterpreterPath"], "${workspaceFolder}/venv3", "not there"),
        ("settings.json", ["[python]", "editor.defaultFormatter"], "charliermarsh.ruff", "flip"),
        ("launch.json", ["configurations", 0, "program"], "${workspaceFolder}/gone.py", "not there"),
        ("launch.json", ["configurations", 0, "pythonPath"], "x", "no attribute of launch"),
        ("launch.json", ["configurations", 0, "type"], "python", "not debugpy"),
        ("launch.json", ["configurations", 0, "request"], "run", "launch or attach"),
        ("launch.json", ["configurations", 1, "module"], None, ""),
        ("tasks.json", ["tasks", 0, "command"], "no-such-tool", "no such command"),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_one_problem(
    project: Path, file: str, path: list[str | int], value: object, words: str
) -> None:
    place = project / ".vscode" / file
    place.write_text(jsonc.edit(place.read_text("utf-8"), path, value), encoding="utf-8")

    problems = vscode.validate(project)

    assert [one.file for one in problems] == [file] * bool(words)
    assert all(words in one.why for one in problems)


def test_two_formatters_on_save_are_a_conflict(project: Path) -> None:
    place = project / ".vscode" / "settings.json"
    text = place.read_text("utf-8")
    for path, value in (
        (["ruff.lint.select"], ["ALL"]),
        (["[python]", "editor.codeActionsOnSave", "source.fixAll.ruff"], "explicit"),
    ):
        text = jsonc.edit(text, path, value)
    place.write_text(text, encoding="utf-8")

    assert [one.why for one in vscode.validate(project)] == ["ruff and black both write on save"]


def test_a_settings_file_keeps_its_comments_when_it_is_written_again(project: Path) -> None:
    place = project / ".vscode" / "settings.json"
    place.write_text('{\n  // ours\n  "editor.tabSize": 2\n}\n', encoding="utf-8")

    vscode.write(project, vscode.generate(vscode.look_at(project)))

    text = place.read_text(encoding="utf-8")
    assert "// ours" in text
    assert '"editor.tabSize": 2' in text
    assert vscode.validate(project) == []


def test_broken_files_are_problems_and_not_crashes(project: Path) -> None:
    (project / ".vscode" / "launch.json").write_text('{"configurations": [{"name": "x"', "utf-8")
    (project / ".vscode" / "tasks.json").write_bytes(b"\xff\xfe{")
    (project / ".vscode" / "settings.json").write_text("[1]", encoding="utf-8")
    bombs = project / ".idea" / "bomb.xml"
    bombs.write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', encoding="utf-8")
    (project / ".idea" / "half.xml").write_text("<a>", encoding="utf-8")

    broken = {"launch.json", "settings.json", "tasks.json"}
    assert {one.file for one in vscode.validate(project)} == broken
    assert {one.file for one in pycharm.validate(project)} == {"bomb.xml", "half.xml"}


def test_an_unknown_name_in_pycharm_files_is_found(project: Path) -> None:
    (project / "main.py").unlink()
    file = project / ".idea" / "runConfigurations" / "Tests.xml"
    text = (
        file.read_text(encoding="utf-8")
        .replace("_new_targetType", "_old")
        .replace('"tests"', '"x"')
    )
    file.write_text(text, encoding="utf-8")
    profile = project / ".idea" / "inspectionProfiles" / "Project_Default.xml"
    profile.write_text(profile.read_text("utf-8").replace("PyTypeChecker", "PyMagic"), "utf-8")

    why = {one.why for one in pycharm.validate(project)}

    assert why == {
        "unknown option", "unknown configuration", "unknown inspection",
        "$PROJECT_DIR$/main.py is not there",
    }  # fmt: skip


def test_a_project_file_that_is_no_toml_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool", encoding="utf-8")

    with pytest.raises(DevtoolsError, match="cannot be read"):
        vscode.look_at(tmp_path)
