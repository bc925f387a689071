"""Setting one key in a file: what else stands there stays as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from velvet_cli.config import ConfigError, Files, Setting, load
from velvet_cli.config.write import dump, write_value

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LIMIT = Setting("limit", int, range=(0, None))
TAGS = Setting("tags", str, (), multiple=True)
WIDTH = Setting("list.width", int)
STORE = Setting("store", Path)
SPEC = (LIMIT, TAGS, WIDTH, STORE)
COMMENTED = "# mine\nlimit = 1 # few\n\n[profile.work]  # at work\nlimit = 2\n"


def test_comments_and_order_are_kept(tmp_path: Path) -> None:
    pytest.importorskip("tomlkit", reason="pip install tomlkit")
    path = tmp_path / "config.toml"
    path.write_text(COMMENTED, encoding="utf-8")

    write_value(path, LIMIT, 5, profile="work")
    write_value(path, LIMIT, 3)

    assert path.read_text(encoding="utf-8") == COMMENTED.replace("= 2", "= 5").replace(
        "limit = 1", "limit = 3"
    )


@pytest.mark.parametrize("keep", [True, False])
def test_a_file_and_its_folder_are_made_and_read_back(tmp_path: Path, keep: bool) -> None:
    if keep:
        pytest.importorskip("tomlkit", reason="pip install tomlkit")
    path = tmp_path / "deep" / "er" / "config.toml"

    write_value(path, LIMIT, 5, keep_comments=keep)
    write_value(path, TAGS, ["a b", 'c"\\d\x7fé'], keep_comments=keep)
    write_value(path, WIDTH, 9, profile="x y", keep_comments=keep)
    write_value(path, STORE, Path("here"), keep_comments=keep)

    settings = load(SPEC, files=Files(project=path), profile="x y")
    assert dict(settings) == {
        "limit": 5,
        "tags": ("a b", 'c"\\d\x7fé'),
        "list.width": 9,
        "store": Path("here"),
    }
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]


def test_without_tomlkit_comments_are_not_lost_but_the_change_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(COMMENTED, encoding="utf-8")

    with pytest.raises(ConfigError, match="has comments, which would be lost"):
        write_value(path, LIMIT, 5, keep_comments=False)

    assert path.read_text(encoding="utf-8") == COMMENTED


def test_a_list_that_is_set_takes_away_what_appended(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('"tags+" = ["a"]\n', encoding="utf-8")

    write_value(path, TAGS, ["b"])

    assert load(SPEC, files=Files(project=path))["tags"] == ("b",)


@pytest.mark.parametrize(
    ("text", "setting", "value", "error"),
    [
        ("limit = 1\n", LIMIT, -1, "must be 0 or more, not -1"),
        ("limit = 1\n", LIMIT, "x", "must be a whole number"),
        ("limit = \n", LIMIT, 1, "no valid TOML"),
        ("list = 3\n", WIDTH, 1, "list: is a value where a table is needed"),
    ],
)
def test_what_is_refused_changes_nothing(
    tmp_path: Path, text: str, setting: Setting, value: Any, error: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=error):
        write_value(path, setting, value)

    assert path.read_text(encoding="utf-8") == text
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX; run on Linux or macOS")
def test_the_files_mode_and_a_link_to_it_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "real.toml", tmp_path / "link.toml"
    path.write_text("limit = 1\n", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)

    write_value(link, LIMIT, 2)

    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert load(SPEC, files=Files(project=path))["limit"] == 2


def test_what_toml_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot write NoneType None as TOML"):
        dump({"a": None})


def test_a_dump_is_read_back_as_it_was() -> None:
    document = {"a": 1, "b": -0.5, "c": True, "d e": ["x\n", "é"], "t": {"f": False, "u": {"g": 2}}}

    assert tomllib.loads(dump(document)) == document
