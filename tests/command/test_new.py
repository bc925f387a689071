"""`velvet new`: a module that passes every check at once, or nothing at all."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from velvet import budget, catalog
from velvet.commands import new
from velvet.errors import UsageError, VelvetError
from velvet.ui import palette

ROOT = Path(__file__).resolve().parent.parent.parent
BIG = (".png", ".svg", ".gif", ".jpg", ".webp", "reference.json")


@pytest.fixture
def clone(paper):
    """A paper repository."""
    return paper.root


def names(root: Path) -> list[str]:
    """Everything in the root of a repository, hidden files too."""
    return sorted(path.name for path in root.iterdir())


def test_a_new_module_is_whole_and_known_at_once(velvet, clone):
    result = velvet("new", "24-foo", "--no-install")

    module = catalog.find("foo", clone)
    assert result.exit_code == 0, result.output
    assert module.state == "working"
    assert module.title == "Foo"
    assert [str(one) for one in budget.figures(module) if not one.within] == []
    theme = module.folder / ".streamlit" / "config.toml"
    assert theme.read_text(encoding="utf-8") == palette.config_toml()
    assert "next: velvet test 24-foo; velvet bench 24-foo --quick" in result.output


def test_nothing_but_its_folder_is_touched(clone):
    before = {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()}

    new.create("24-two-words", clone)

    assert names(clone) == ["24-two-words", "pyproject.toml", "velvet"]
    assert all(path.read_bytes() == text for path, text in before.items())
    assert (clone / "24-two-words" / "src" / "velvet_two_words" / "contenders").is_dir()


def test_a_planned_module_keeps_the_words_of_the_roadmap(clone):
    planned = next(iter(catalog._planned()))
    new.create(planned.slug, clone)

    module = catalog.find(str(planned.number), clone)
    assert module.state == "working"
    for name in ("title", "difficulty", "phase", "hours", "question", "summary"):
        assert getattr(module, name) == getattr(planned, name)


@pytest.mark.parametrize("name", ["foo", "4-foo", "24_foo", "24-Foo", "24-", "024-foo", "../24-x"])
def test_a_name_of_another_form_is_refused_with_an_example(velvet, clone, name):
    before = names(clone)

    result = velvet("new", "--no-install", name)

    assert result.exit_code == 2
    assert "a module is called NN-topic in lower case, such as 24-graphs" in result.output
    assert names(clone) == before


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("29-foo", "the number 29 belongs to 29-delta"),
        ("24-delta", "the topic 'delta' belongs to 29-delta"),
        ("30-foo", "the number 30 belongs to 30-tiny"),
    ],
)
def test_a_number_or_topic_that_is_taken_names_its_owner(velvet, clone, paper, name, message):
    paper.module()

    result = velvet("new", name, "--no-install")

    assert result.exit_code == 2
    assert message in result.output
    assert not (clone / name).exists()


def test_a_module_that_exists_is_not_overwritten(velvet, clone):
    velvet("new", "24-foo", "--no-install")
    mine = clone / "24-foo" / "README.md"
    mine.write_text("mine\n", encoding="utf-8")

    result = velvet("new", "24-foo", "--no-install")

    assert result.exit_code == 2
    assert mine.read_text(encoding="utf-8") == "mine\n"


def test_a_file_in_the_place_of_the_module_is_left_alone(clone):
    (clone / "24-foo").write_text("mine\n", encoding="utf-8")

    with pytest.raises(UsageError, match="24-foo exists already; move it away first"):
        new.create("24-foo", clone)

    assert (clone / "24-foo").read_text(encoding="utf-8") == "mine\n"


def test_a_full_disk_leaves_nothing_behind(clone, monkeypatch):
    before = names(clone)
    real = Path.write_text

    def full(self: Path, text: str, **options: Any) -> int:
        if self.name == "measure.py":
            raise OSError(28, "No space left on device")
        return real(self, text, **options)

    monkeypatch.setattr(Path, "write_text", full)

    with pytest.raises(VelvetError, match="24-foo cannot be written: No space left on device"):
        new.create("24-foo", clone)

    assert names(clone) == before


def test_ctrl_c_among_the_files_leaves_nothing_behind(clone, monkeypatch):
    before = names(clone)

    def interrupted(source: str, target: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "move", interrupted)

    with pytest.raises(KeyboardInterrupt):
        new.create("24-foo", clone)

    assert names(clone) == before


@pytest.mark.parametrize(("code", "said"), [(0, b""), (1, b"a\nerror: dns error\n"), (1, b"")])
def test_the_environment_learns_of_the_new_source_folder(velvet, clone, monkeypatch, code, said):
    asked: list[list[str]] = []

    def run(argv: list[str], **options: Any) -> SimpleNamespace:
        asked.append(argv)
        return SimpleNamespace(returncode=code, stdout=said)

    monkeypatch.setattr(subprocess, "run", run)

    result = velvet("new", "24-foo")

    assert asked[-1][-2:] == ["-e", str(clone)]
    assert result.exit_code == code
    assert ("its src is not on the path yet" in result.output) is bool(code)
    assert ("the installer said 'error: dns error'; connect to" in result.output) is bool(said)


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
    quiet = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=.none")
    done = subprocess.run(
        ["git", *identity, *quiet, *words], cwd=folder, capture_output=True, check=True
    )
    return done.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of this repository, committed, in which 24-foo was just made."""
    root = tmp_path_factory.mktemp("copy")
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git clone; `git init && git add .` makes it one")
    for name in filter(None, listed.stdout.decode("utf-8").split("\0")):
        source, target = ROOT / name, root / name
        if source.is_file() and not name.endswith(BIG):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=all")
    made = here(root, root, "-m", "velvet", "new", "24-foo", "--no-install")
    assert made.returncode == 0, made.stdout
    yield root
    shutil.rmtree(root, ignore_errors=True)


def here(root: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in a folder of the copy, with the copy's own packages in front."""
    sources = [root, *(path / "src" for path in root.glob("[0-9][0-9]-*")), root / "24-foo" / "src"]
    variables = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**variables, "PYTHONPATH": os.pathsep.join(map(str, sources))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


@pytest.mark.slow
def test_git_sees_one_new_folder_and_nothing_else(copy):
    assert git(copy, "status", "--short") == "?? 24-foo/\n"


@pytest.mark.slow
def test_a_wheel_and_an_editable_install_hold_its_package(copy, monkeypatch):
    interface = ModuleType("interface")
    interface.BuildHookInterface = SimpleNamespace  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin.interface", interface)
    for name in ("hatchling", "hatchling.builders", "hatchling.builders.hooks"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin", ModuleType("plugin"))
    spec = importlib.util.spec_from_file_location("hatch_build_copy", copy / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data: dict[str, dict[str, str]] = {"force_include": {}, "force_include_editable": {}}
    hook = module.ModuleFolders(root=str(copy))

    hook.initialize("standard", data)
    hook.initialize("editable", data)

    (paths,) = map(Path, data["force_include_editable"])
    sources = paths.read_text(encoding="utf-8").splitlines()
    hook.finalize("editable", data, "")
    assert data["force_include"][str(copy / "24-foo" / "src" / "velvet_foo")] == "velvet_foo"
    assert str(copy / "24-foo" / "src") in sources


IN_THE_ROOT = {
    "black": ("-m", "black", "--check", "24-foo"),
    "isort": ("-m", "isort", "--check", "24-foo"),
    "ruff": ("-m", "ruff", "check", "24-foo"),
    # What mypy knows of the libraries already, which takes far longer than the module itself.
    "types": (
        *("-m", "mypy", "--cache-dir", str(ROOT / ".mypy_cache")),
        *("24-foo/src", "24-foo/app.py", "24-foo/benchmarks/measure.py"),
    ),
    "contracts and budget": (
        *("-m", "pytest", "-q", "tests/test_imports.py::test_no_module_imports_another"),
        "tests/test_imports.py::test_a_lesson_can_be_lifted_out[24-foo]",
        "tests/test_imports.py::test_no_circle[velvet_foo]",
        "tests/test_budget.py::test_a_module_is_within_its_budget[24-foo]",
    ),
}
IN_THE_MODULE = {
    "tests": ("-m", "pytest", "tests", "-q", "--cov=src", "--cov-fail-under=95"),
    "benchmark": ("benchmarks/measure.py", "--quick"),
}


@pytest.mark.slow
@pytest.mark.parametrize("words", IN_THE_ROOT.values(), ids=IN_THE_ROOT)
def test_a_new_module_passes_the_repositorys_check(copy, words):
    done = here(copy, copy, *words)

    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("words", IN_THE_MODULE.values(), ids=IN_THE_MODULE)
def test_what_a_new_module_holds_runs(copy, words):
    done = here(copy, copy / "24-foo", *words)

    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_catalogue_and_the_command_know_it(copy):
    listed = here(copy, copy, "-m", "velvet", "list", "--json", "--working")
    said = here(copy, copy, "-m", "velvet", "info", "foo").stdout

    assert "24-foo" in [one["slug"] for one in json.loads(listed.stdout)]
    assert "Growth: At which size does a list that remembers begin to cost?" in said
    assert "unique: Keep n different items" in said
    assert "first_of_each" in said
    assert "OVER" not in said
