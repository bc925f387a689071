"""Setting one key in a file: what else stands there stays as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from velvet_cli.config import Files, load, write_value
from velvet_cli.contract import Param

LIMIT = Param("limit", type=int, range=(0, None))
TAGS = Param("tags", multiple=True, default=())
WIDTH = Param("list.width", type=int)
STORE = Param("store")
SPEC = (LIMIT, TAGS, WIDTH, STORE)
COMMENTED = "# mine\nlimit = 1 # few\n\n[profile.work]  # at work\nlimit = 2\n"


def test_comments_and_order_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(COMMENTED, encoding="utf-8")

    write_value(path, LIMIT, 5, profile="work")
    write_value(path, LIMIT, 3)

    assert path.read_text(encoding="utf-8") == COMMENTED.replace("= 2", "= 5").replace(
        "limit = 1", "limit = 3"
    )


def test_a_file_and_its_folder_are_made_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "config.toml"

    write_value(path, LIMIT, 5)
    write_value(path, TAGS, ["a b", 'c"\\d\x7fé'])
    write_value(path, WIDTH, 9, profile="x y")
    write_value(path, STORE, "here")

    settings = load(SPEC, files=Files(project=path), profile="x y")
    assert dict(settings) == {
        "limit": 5,
        "tags": ("a b", 'c"\\d\x7fé'),
        "list.width": 9,
        "store": "here",
    }
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]


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
    tmp_path: Path, text: str, setting: Param, value: Any, error: str
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
