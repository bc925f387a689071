"""Which layer wins, where it says so, and what is refused with which words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from velvet_cli.config import (
    ConfigError,
    ConfigNotFound,
    Files,
    Settings,
    find_files,
    load,
    user_folder,
)
from velvet_cli.config.layers import suggest
from velvet_cli.contract import CONTRACT, HIDDEN, Param


def setting(name: str, kind: type = str, default: Any = None, **more: Any) -> Param:
    return Param(name, type=kind, default=default, **more)


SPEC = (
    setting("store", str, "tasks.jsonl", env="TASKS_STORE"),
    setting("color", str, "auto", choices=("auto", "always", "never"), env="TASKS_COLOR"),
    setting("limit", int, None, range=(0, None), env="TASKS_LIMIT"),
    setting("priority", int, 3, range=(1, 5), env="TASKS_PRIORITY"),
    setting("share", float, 0.5, range=(None, 1.0), env="TASKS_SHARE"),
    setting("notes", bool, True, env="TASKS_NOTES"),
    setting("tags", str, (), multiple=True, env="TASKS_TAGS"),
    setting("list.width", int, 80),
    setting("api_token", str, None, env="TASKS_TOKEN"),
)
SEVEN = tuple(one._replace(default=7) if one.name == "limit" else one for one in SPEC)
SETTINGS = tuple(CONTRACT.settings().values())


def wrote(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str, **options: Any) -> Settings:
    return load(SPEC, files=Files(project=wrote(folder / "tasks.toml", text)), **options)


def refused(folder: Path, text: str, **options: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, **options)
    return caught.value


@pytest.fixture
def files(tmp_path: Path) -> Files:
    body = "limit = {}\n[profile.work]\nlimit = {}\n"
    return Files(
        project=wrote(tmp_path / "tasks.toml", body.format(3, 2)),
        user=wrote(tmp_path / "user.toml", body.format(5, 4)),
        system=wrote(tmp_path / "system.toml", "limit = 6\n"),
    )


def test_the_nearest_of_all_layers_wins_and_each_says_where_it_stands(
    files: Files, tmp_path: Path
) -> None:
    settings = load(
        SEVEN,
        cli={"limit": 0},
        env={"TASKS_LIMIT": "1"},
        files=files,
        profile="work",
    )

    assert settings["limit"] == 0
    assert [tuple(row) for row in settings.explain("limit")] == [
        ("cli", "--limit", "0", True),
        ("env", "TASKS_LIMIT", "1", False),
        ("profile work in project", f"{tmp_path / 'tasks.toml'}:3", "2", False),
        ("project", f"{tmp_path / 'tasks.toml'}:1", "3", False),
        ("profile work in user", f"{tmp_path / 'user.toml'}:3", "4", False),
        ("user", f"{tmp_path / 'user.toml'}:1", "5", False),
        ("system", f"{tmp_path / 'system.toml'}:1", "6", False),
        ("default", "", "7", False),
    ]


@pytest.mark.parametrize("left_out", range(8))
def test_each_layer_wins_when_those_above_are_silent(
    files: Files, tmp_path: Path, left_out: int
) -> None:
    profile = None if left_out > 2 else "work"
    settings = load(
        SEVEN,
        cli={"limit": None if left_out > 0 else 0},
        env={} if left_out > 1 else {"TASKS_LIMIT": "1"},
        files=Files(
            None if left_out > 3 else files.project,
            None if left_out > 5 else files.user,
            None if left_out > 6 else files.system,
        ),
        profile="work" if left_out == 4 else profile,
    )

    assert settings["limit"] == left_out


def test_lists_replace_and_an_appending_key_adds(tmp_path: Path) -> None:
    project = wrote(tmp_path / "p.toml", '"tags+" = ["garden"]\n')
    user = wrote(tmp_path / "u.toml", 'tags = ["home"]\n')
    system = wrote(tmp_path / "s.toml", 'tags = ["lost"]\n')

    settings = load(SPEC, files=Files(project, user, system))

    assert settings["tags"] == ("home", "garden")
    assert [(row.layer, row.value, row.won) for row in settings.explain("tags")] == [
        ("project", "+ [garden]", True),
        ("user", "[home]", True),
        ("system", "[lost]", False),
        ("default", "[]", False),
    ]


def test_appending_to_nothing_gives_the_items(tmp_path: Path) -> None:
    assert loaded(tmp_path, '"tags+" = ["a"]')["tags"] == ("a",)


def test_tables_and_dotted_keys_name_the_same_setting(tmp_path: Path) -> None:
    assert loaded(tmp_path, "[list]\nwidth = 20\n")["list.width"] == 20
    assert loaded(tmp_path, "list.width = 30\n")["list.width"] == 30
    row = loaded(tmp_path, "\n\n[list]\n\nwidth = 20\n").explain("list.width")[0]
    assert row.source.endswith(":5")


def test_lines_are_right_behind_texts_and_lists_of_many_lines(tmp_path: Path) -> None:
    text = (
        'store = """\nlimit = 1 # not a key\n[nor a table]\n"""\n'
        "tags = [\n  'a', # ]\n  \"b = 2\",\n]\n"
        "# limit = 2\nlimit = 4  # why not\n"
        "[profile.'a b'.list]\nwidth = 9\n"
    )

    settings = loaded(tmp_path, text, profile="a b")

    rows = {name: settings.explain(name)[0] for name in ("tags", "limit", "list.width")}
    assert {name: row.source.rpartition(":")[2] for name, row in rows.items()} == {
        "tags": "5",
        "limit": "10",
        "list.width": "12",
    }
    assert rows["list.width"].layer == "profile a b in project"


def test_secrets_are_covered_everywhere(tmp_path: Path) -> None:
    settings = loaded(tmp_path, 'api_token = "hunter2"', env={"TASKS_TOKEN": "hunter3"})

    assert settings["api_token"] == "hunter3"
    assert settings.shown("api_token") == HIDDEN
    assert "hunter" not in repr(settings)
    assert [row.value for row in settings.explain("api_token")] == [HIDDEN, HIDDEN, ""]


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("api_token", True),
        ("server.password", True),
        ("API-KEY", True),
        ("client_secret", True),
        ("credentials", True),
        ("token_file", False),
        ("monkey", False),
        ("passwordless", False),
    ],
)
def test_a_secret_is_told_by_the_last_word_of_its_name(name: str, secret: bool) -> None:
    assert Param(name).secret is secret


def test_a_wrong_secret_is_not_told_either() -> None:
    pin = Param("pin_token", type=int, choices=("1",))

    for act in (lambda: pin.parse("hunter2"), lambda: pin.accept("hunter2")):
        with pytest.raises(ValueError, match="must be a whole number") as caught:
            act()
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "key", "why", "suggestion"),
    [
        ("limt = 3", 1, "limt", "unknown key", "did you mean 'limit'?"),
        ("\n\nzzz = 3", 3, "zzz", "unknown key", "known are: api_token, color"),
        ('limit = "3"', 1, "limit", "must be a whole number, not '3'", ""),
        ("limit = true", 1, "limit", "must be a whole number, not True", ""),
        ("limit = -1", 1, "limit", "must be 0 or more, not -1", ""),
        ("priority = 9", 1, "priority", "must be 1 to 5, not 9", ""),
        ("share = 1.5", 1, "share", "must be 1 or less, not 1.5", ""),
        ("notes = 1", 1, "notes", "must be true or false, not 1", ""),
        ('color = "nver"', 1, "color", "must be one of auto, always, never, not 'nver'; did", ""),
        ('tags = "a"', 1, "tags", "must be a list, not 'a'; write [\"a\"]", ""),
        ("tags = [1]", 1, "tags", "must be a text, not 1", ""),
        ('"limit+" = 1', 1, "limit+", "only a list can be appended to", "write limit = ..."),
        ('tags = []\n"tags+" = []', 2, "tags+", "given twice", ""),
        ("profile = 3", 1, "profile", "must hold a table for each profile", "[profile.NAME]"),
        ("\n[profile]\nwork = 1", 2, "profile", "must hold a table for each", "[profile.NAME]"),
        ("[profile.work]\nlimt = 1", 2, "limt", "unknown key", "'limit'"),
        ("[list]\nwidht = 1", 2, "list.widht", "unknown key", "'list.width'"),
        ("limit = ", 1, "limit", "no valid TOML: Invalid value", ""),
        ("\ncolor = never", 2, "color", "no valid TOML: Invalid value", "texts need quotes"),
        ("limit = 1\nlimit = 2", 2, "limit", "no valid TOML: Cannot overwrite a value", ""),
        ("tags = [", 1, "tags", "no valid TOML", ""),
        ("just words", 1, "", "no valid TOML", ""),
    ],
)
def test_a_mistake_names_file_line_key_rule_and_way_out(
    tmp_path: Path, text: str, line: int, key: str, why: str, suggestion: str
) -> None:
    error = refused(tmp_path, text)

    assert (error.file, error.line, error.key) == (tmp_path / "tasks.toml", line, key)
    assert why in error.why
    assert suggestion in error.suggestion
    assert str(error).startswith(f"{tmp_path / 'tasks.toml'}:{line}: {key}")


def test_what_is_no_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"limit = 1\n# caf\xe9\n")

    with pytest.raises(ConfigError, match=r"latin\.toml:2: byte 0xe9 is no UTF-8 \(save it"):
        load(SPEC, files=Files(project=path))


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes("\ufefflimit = 1\r\npriority = 2\r\n".encode())

    settings = load(SPEC, files=Files(project=path))

    assert (settings["limit"], settings["priority"]) == (1, 2)
    assert settings.explain("priority")[0].source.endswith(":2")


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("TASKS_LIMIT", "12", "limit", 12),
        ("TASKS_SHARE", "0.25", "share", 0.25),
        ("TASKS_NOTES", "no", "notes", False),
        ("TASKS_NOTES", "ON", "notes", True),
        ("TASKS_STORE", "x y.jsonl", "store", "x y.jsonl"),
        ("TASKS_TAGS", " a , b c,,d ", "tags", ("a", "b c", "d")),
        ("TASKS_TAGS", "", "tags", ()),
        ("TASKS_LIMIT", "", "limit", None),
    ],
)
def test_a_variable_is_read_by_the_settings_type(
    variable: str, text: str, name: str, value: Any
) -> None:
    assert load(SPEC, env={variable: text})[name] == value


@pytest.mark.parametrize(
    ("variable", "text", "why"),
    [
        ("TASKS_LIMIT", "abc", "must be a whole number, not 'abc'"),
        ("TASKS_SHARE", "x", "must be a number, not 'x'"),
        ("TASKS_SHARE", "nan", "must be 1 or less, not nan"),
        ("TASKS_NOTES", "perhaps", "must be true or false, not 'perhaps'"),
        ("TASKS_PRIORITY", "9", "must be 1 to 5, not 9"),
        ("TASKS_COLOR", "red", "must be one of auto, always, never, not 'red'"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, text: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(SPEC, env={variable: text})

    assert caught.value.key == variable
    assert why in str(caught.value)
    assert caught.value.file is None


def test_a_wrong_argument_is_named_as_typed() -> None:
    with pytest.raises(ConfigError, match="--api-token: must be a text, not"):
        load(SPEC, cli={"api_token": 3})
    with pytest.raises(ConfigError, match=r"limt: no such setting \(did you mean 'limit'"):
        load(SPEC, cli={"limt": 3})


def test_an_unknown_profile_is_refused_with_the_suggest(tmp_path: Path) -> None:
    error = refused(tmp_path, "[profile.work]\n", profile="wrk")

    assert error.suggestion == "did you mean 'work'?"
    assert refused(tmp_path, "", profile="x").suggestion == "no configuration file has profiles"


def test_an_unknown_setting_cannot_be_explained() -> None:
    with pytest.raises(ConfigError, match=r"limt: no such setting \(did you mean 'limit'"):
        load(SPEC).explain("limt")


def test_a_missing_default_file_is_fine_and_a_missing_named_one_is_not(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"

    assert load(SPEC, files=Files(missing, missing, missing))["priority"] == 3
    with pytest.raises(ConfigNotFound, match=r"none\.toml: create it, or leave --config out"):
        load(SPEC, files=Files(project=missing, explicit=True))


def test_settings_are_a_mapping_of_every_setting() -> None:
    settings = load(SPEC)

    assert list(settings) == [setting.name for setting in SPEC]
    assert len(settings) == len(SPEC)
    assert settings.shown("notes") == "true"
    assert settings.shown("limit") == ""
    with pytest.raises(KeyError):
        settings["nothing"]


def test_a_truth_has_four_words() -> None:
    switch = Param("switch", type=bool)

    words = ("1", "true", "YES", " on ", "0", "false", "No", "off")
    assert [switch.read(word) for word in words] == 4 * [True] + 4 * [False]
    with pytest.raises(ValueError, match="must be true or false, not"):
        switch.read("2")


def test_the_types_come_from_the_contract() -> None:
    found = {setting.name: setting for setting in SETTINGS}

    assert set(found) == set(CONTRACT.settings())
    assert found["priority"].range == (1, 5)
    assert found["tags"].multiple
    assert load(SETTINGS, env={"TASKS_PRIORITY": "4"})["priority"] == 4


def test_a_named_file_stands_alone(tmp_path: Path) -> None:
    wrote(tmp_path / "tasks.toml", "")

    found = find_files({}, cwd=tmp_path, explicit=tmp_path / "mine.toml")

    assert found == Files(project=tmp_path / "mine.toml", explicit=True)


def test_the_projects_file_is_looked_for_upwards(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    wrote(tmp_path / "tasks.toml", "")
    (tmp_path / "a" / "tasks.toml").mkdir()

    assert find_files({}, cwd=deep).project == tmp_path / "tasks.toml"


def test_xdg_folders_are_honoured_and_have_their_defaults(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    (second / "tasks").mkdir(parents=True)
    wrote(second / "tasks" / "config.toml", "")
    env = {
        "XDG_CONFIG_HOME": str(first),
        "XDG_CONFIG_DIRS": f"{first}{':' if sys.platform != 'win32' else ';'}{second}",
    }

    found = find_files(env, cwd=tmp_path)

    assert found.user == first / "tasks" / "config.toml"
    assert found.system == second / "tasks" / "config.toml"
    home = user_folder({"HOME": str(tmp_path)}, platform="linux")
    assert home == tmp_path / ".config" / "tasks"
    assert user_folder({"XDG_CONFIG_HOME": "", "HOME": str(tmp_path)}, platform="linux") == home


def test_a_relative_xdg_folder_is_ignored(tmp_path: Path) -> None:
    env = {"XDG_CONFIG_HOME": "relative", "XDG_CONFIG_DIRS": "also/relative"}

    found = find_files(env, cwd=tmp_path)

    assert found.user == user_folder({}) / "config.toml"
    assert found.system is None


def test_elsewhere_platformdirs_knows_the_users_folder(tmp_path: Path) -> None:
    platformdirs = pytest.importorskip("platformdirs", reason="pip install platformdirs")

    found = user_folder({"HOME": str(tmp_path)}, platform="win32")

    assert found == platformdirs.user_config_path("tasks", appauthor=False)


def test_what_is_known_is_listed_when_nothing_is_near() -> None:
    assert suggest("limt", ["limit", "color"]) == "did you mean 'limit'?"
    assert suggest("zzz", ["b", "a"]) == "known are: a, b"
    assert suggest("zzz", []) == ""
