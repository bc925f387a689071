"""Codemods, formatters, navigation, documents, advisories, health: what each finds and refuses."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import libcst
import pytest

from velvet_devtools import bump, codemods, documents, formatters, health, nav
from velvet_devtools.contenders.renames import RENAMES
from velvet_devtools.errors import ReleaseError, SourceError

TO_G = codemods.rename("f", "g")

SHADOWED = """# area is a word here
def area(side):  # keep
    return side * side


def other(area):
    return area + 1


text = "area", area(3), other(area=2), other.area
"""


@pytest.mark.parametrize(
    ("name", "comments", "count"), [("libcst", 2, 2), ("ast_unparse", 0, 3), ("regex", 2, 8)]
)
def test_three_ways_to_rename(name: str, comments: int, count: int) -> None:
    made = RENAMES[name](SHADOWED, "area", "surface")

    assert made.count("#") == comments
    assert made.count("surface") >= count
    assert ("# surface" in made) == (name == "regex")
    assert (made == SHADOWED) is False


def test_only_what_refers_to_a_symbol_is_renamed() -> None:
    made, changes, problem = codemods.apply(SHADOWED.encode(), codemods.rename("area", "surface"))

    expected = SHADOWED.replace("def area", "def surface").replace("area(3)", "surface(3)")
    assert (made.decode(), changes, problem) == (expected, 2, "")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def f(): pass\ng = 1\n", "g is taken"), ("from x import f\n", "is imported"), ("x = 1\n", ""),
    ],
)  # fmt: skip
def test_a_rename_that_would_collide_is_refused(source: str, words: str) -> None:
    made, changes, problem = codemods.apply(source.encode(), TO_G)

    assert (made, changes) == (source.encode(), 0)
    assert words in problem


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbfdef f(a):\n    return a\n", b"def f(a):\r\n\treturn a\r\n",
        "# coding: latin-1\ndef f(a):\n    return 'é'\n".encode("latin-1"), b"def f(a):\n    return a",
    ],
    ids=["mark", "windows", "latin", "no end"],
)  # fmt: skip
def test_encoding_mark_and_ends_of_lines_are_kept(source: bytes) -> None:
    made, changes, _ = codemods.apply(source, TO_G)

    assert changes == 1
    assert made == source.replace(b"def f", b"def g")


@pytest.mark.parametrize(
    "source",
    [
        b"a\0b", b"# coding: nope\n", b"def f(:\n", b"if x:\n\ty\n        z\n", b"(" * 100_000,
        b"# coding: ascii\nx='\xff'\n", b"x = '\xff'\n", b"\xff\xfea", b"x = 1 +\n", b"\x0cdef f(a):\n    return a",
    ],
)  # fmt: skip
def test_a_source_that_is_no_python_is_refused_with_a_place(source: bytes, tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_bytes(source)

    with pytest.raises(SourceError) as caught:
        codemods.apply(source, TO_G)
    (result,) = codemods.run([file], TO_G)

    assert caught.value.line >= 1
    assert result.problem
    assert file.read_bytes() == source


@pytest.mark.parametrize(("source", "line"), [(b"a\nb\nc = '\xff'\n", 3), (b"a\nb = '\0'\n", 2)])
def test_a_byte_that_is_no_text_is_named_by_its_line(source: bytes, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        codemods.apply(source, TO_G)

    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "words"), [("x = 1\n", "comment would be lost"), ("# c\nx = 1\n", "once more")]
)
def test_a_codemod_that_loses_or_never_ends_is_refused(text: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        codemods.apply(b"# c\n", lambda _: (libcst.parse_module(text), 1, ""))


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.py"
    file.write_text("def f(a): \n    return a\n", encoding="utf-8")
    before = file.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (result,) = codemods.run([tmp_path], TO_G)

    assert "No space left" in result.problem
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.py"]


def test_a_circle_of_links_and_a_long_line_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"x = '{'y' * 10_000_000}'\n", encoding="utf-8")
    try:
        (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "b.py").symlink_to(tmp_path / "a.py")
    except OSError:
        pytest.skip("this account may not make links; switch on the developer mode of Windows")

    assert len(list(codemods.run([tmp_path, tmp_path / "loop"], TO_G, check=True))) == 1


@pytest.mark.parametrize("name", formatters.FORMATTERS)
def test_a_formatter_is_idempotent_and_keeps_the_program(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import os\nimport ast\nx = [ 1,2 ]\n'''d  '''\n", encoding="utf-8"
    )
    (tmp_path / "bad.py").write_text("def (:\n", encoding="utf-8")

    before = (tmp_path / "a.py").read_bytes()

    assert formatters.check(name, tmp_path) == (0, 0)
    assert (tmp_path / "a.py").read_bytes() != before


def test_agreement_counts_files_and_lines(tmp_path: Path) -> None:
    for folder, text in (("a", "x = 1\ny = 2\n"), ("b", "x = 1\ny = 3\nz\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "m.py").write_text(text, encoding="utf-8")

    found = formatters.agreement(tmp_path / "a", tmp_path / "b")

    assert (found.files, found.differing_files, found.lines, found.differing_lines) == (1, 1, 2, 2)
    assert formatters.shape(b"x = 1") != formatters.shape(b"x = 2")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "src" / "shop").mkdir(parents=True)
    (root / "tests").mkdir()
    for name, text in {
        "src/shop/__init__.py": "", "src/shop/cart.py": "from . import price\n\nLIMIT = 3\n\n\ndef add(): return price.of()\n",
        "src/shop/price.py": "import shop.cart\n\n\ndef of(): return shop.cart.LIMIT\n\n\ndef unused(): ...\n",
        "src/shop/alone.py": "class Alone: ...\n", "tests/test_cart.py": "from shop.cart import add\nadd()\n",
        "tests/test_alone.py": "from shop.alone import Alone\nAlone()\n", "src/bad.py": "def (:\n",
    }.items():  # fmt: skip
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_an_index_finds_definitions_and_the_tests_of_a_change(tree: Path) -> None:
    with nav.Index(tree) as index:
        assert [(one.path, one.line) for one in index.find("add")] == [("src/shop/cart.py", 6)]
        assert index.find("LIMIT")[0].kind == "variable"
        assert index.impact("src/shop/price.py") == ["tests/test_cart.py"]
        assert index.impact("src/shop/alone.py") == ["tests/test_alone.py"]
        assert index.users["src/bad.py"] == set()


def test_a_second_index_reads_only_what_changed(tree: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.sqlite"
    with nav.Index(tree, cache) as index:
        assert index.read == 7
    with nav.Index(tree, cache) as index:
        assert index.read == 0
    (tree / "src/shop/alone.py").write_text("class Alone: ...\nclass More: ...\n", encoding="utf-8")
    (tree / "src/bad.py").unlink()
    with nav.Index(tree, cache) as index:
        assert index.read == 1
        assert index.find("More")
        assert "src/bad.py" not in index.users


def test_documents_are_counted_and_followed(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "[x](gone.md) `[y](gone2.md)` [z](a.md#h) [w](https://localhost)", "utf-8"
    )

    assert documents.dead_links(tmp_path, ["a.md"]) == ["a.md -> gone.md"]
    page = documents.api_page(
        '"""M."""\ndef f(a: int) -> str:\n    """F."""\nclass C:\n    def m(self): ...\n', "m"
    )
    assert "## `f(a: int) -> str`\n\nF." in page
    assert page.count("*No docstring.*") == 2
    assert documents.docstring_coverage([]) == 1.0


def test_a_bad_repository_scores_low_and_says_why(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = "ghp_" + "a1B2" * 9
    (repository / "src/shop/bad.py").write_text(
        f"token = '{planted}'\n# TODO: later\n<<<<<<< HEAD\n", encoding="utf-8"
    )
    (repository / "big.bin").write_bytes(b"0" * 1_100_000)
    bump.git(repository, "add", "--all")
    bump.git(repository, "commit", "--quiet", "-m", "fix: more")

    verdicts = {one.name: one for one in health.report(repository)}

    assert len(verdicts) == len(health.CHECKS) == 25
    bad = {name for name, one in verdicts.items() if not one.passed}
    assert {"secrets", "large", "conflicts", "syntax", "licence", "bus factor"} <= bad
    assert planted[:4] in verdicts["secrets"].reason
    assert planted[:6] not in verdicts["secrets"].reason
    assert verdicts["todos"].passed
    assert 0 < health.score(list(verdicts.values())) < 60
    monkeypatch.setattr(health, "OLD_DAYS", -1)
    verdicts = {one.name: one for one in health.report(repository)}
    assert verdicts["todos"].reason == "1: 0 days: src/shop/bad.py: # TODO: later"
    assert health.Repository(repository).text("gone.txt") == ""


@pytest.mark.parametrize(("told", "passed"), [(4, True), (3, False)])
def test_four_of_five_names_need_a_docstring(told: int, passed: bool) -> None:
    bodies = ['"Do."'] * told + ["0"] * (5 - told)
    tree = ast.parse("\n".join(f"def f{n}(): {body}" for n, body in enumerate(bodies)))
    repository: Any = SimpleNamespace(python={"a.py": tree, "test_a.py": ast.parse("def g(): 0")})

    assert health._docstrings(repository)[0] is passed


def test_a_folder_without_git_is_refused_with_a_sentence(tree: Path) -> None:
    with pytest.raises(ReleaseError, match="git ls-files"):
        health.report(tree)


def test_a_check_that_fails_to_run_is_not_passed(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: health.Repository) -> tuple[bool, str]:
        raise OSError("no such device")

    monkeypatch.setattr(health, "CHECKS", (("x", 1, broken),))

    assert health.report(repository)[0].reason == "could not be looked at: no such device"


def test_hot_files_change_often_and_branch_much(repository: Path) -> None:
    found = health.hot_spots(health.Repository(repository))

    assert [(one.path, one.heat) for one in found] == [("src/shop/__init__.py", 1)]
    assert health.complexity(__import__("ast").parse("if a and b:\n    c\nfor d in e: f")) == 4


def test_a_new_source_is_on_the_disk_before_it_takes_the_place_of_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    file = tmp_path / "x.py"
    file.touch(0o640)

    codemods.atomic_write(file, b"x = 1\n")

    assert (synced, file.read_bytes()) == ([6], b"x = 1\n")
    assert os.name != "posix" or file.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name != "posix", reason="a link needs a privilege on Windows")
def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)

    assert list(codemods.python_files([tmp_path])) == [tmp_path / "a.py"]
