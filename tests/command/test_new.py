"""`velvet new`: a module that passes every check at once, or nothing at all."""

from __future__ import annotations

import builtins
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from velvet import catalog, scaffold
from velvet.commands import new
from velvet.errors import UsageError, VelvetError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent.parent
BIG = (".png", ".svg", ".gif", ".jpg", ".webp", "reference.json")


@pytest.fixture
def clone(paper):
    """A paper repository with the project's own settings."""
    shutil.copy(ROOT / "pyproject.toml", paper.root / "pyproject.toml")
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
    assert "next: velvet test 24-foo; velvet bench 24-foo --quick" in result.output


def test_the_settings_learn_of_the_new_package_once(clone):
    scaffold.create("24-two-words", clone)

    tool = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contracts = {one["id"]: one for one in tool["importlinter"]["contracts"]}
    wheel = tool["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"].count("24-two-words/src/velvet_two_words") == 1
    assert wheel["dev-mode-dirs"].count("24-two-words/src") == 1
    assert "velvet_two_words" in tool["mypy"]["packages"]
    assert "velvet_two_words" in contracts["toolkit"]["forbidden_modules"]
    assert "velvet_two_words" in contracts["modules-apart"]["modules"]
    assert "velvet_two_words" in contracts["liftable"]["source_modules"]


def test_the_comments_of_the_settings_survive(clone):
    before = (clone / "pyproject.toml").read_text(encoding="utf-8")

    scaffold.create("24-foo", clone)

    after = (clone / "pyproject.toml").read_text(encoding="utf-8")
    comments = [line for line in before.splitlines() if line.startswith("#")]
    assert comments
    assert all(line in after for line in comments)


def test_settings_that_know_the_package_already_stay_as_they_are(clone):
    scaffold.create("24-foo", clone)
    before = (clone / "pyproject.toml").read_text(encoding="utf-8")
    shutil.rmtree(clone / "24-foo")

    scaffold.create("24-foo", clone)

    assert (clone / "pyproject.toml").read_text(encoding="utf-8") == before


def test_a_planned_module_keeps_the_words_of_the_roadmap(clone):
    scaffold.create("23-devtools", clone)

    module = catalog.find("23", clone)
    assert module.title == "Development Tools"
    assert module.difficulty == "Intermediate"
    assert module.phase == 6


@pytest.mark.parametrize("name", ["foo", "4-foo", "24_foo", "24-Foo", "24-", "024-foo", "../24-x"])
def test_a_name_of_another_form_is_refused_with_an_example(velvet, clone, name):
    before = names(clone)

    result = velvet("new", "--no-install", name)

    assert result.exit_code == 2
    assert "a module is called NN-topic in lower case, such as 24-graphs" in result.output
    assert names(clone) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("09-foo", "the number 09 belongs to 09-concurrency"),
        ("24-concurrency", "the topic 'concurrency' belongs to 09-concurrency"),
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
        scaffold.create("24-foo", clone)

    assert (clone / "24-foo").read_text(encoding="utf-8") == "mine\n"


def test_a_full_disk_leaves_nothing_behind(clone, monkeypatch):
    before = names(clone)
    settings = (clone / "pyproject.toml").read_bytes()
    real = Path.write_text

    def full(self: Path, text: str, **options: Any) -> int:
        if self.name == "measure.py":
            raise OSError(28, "No space left on device")
        return real(self, text, **options)

    monkeypatch.setattr(Path, "write_text", full)

    with pytest.raises(VelvetError, match="24-foo cannot be written: No space left on device"):
        scaffold.create("24-foo", clone)

    assert names(clone) == before
    assert (clone / "pyproject.toml").read_bytes() == settings


def test_ctrl_c_among_the_files_leaves_nothing_behind(clone, monkeypatch):
    before = names(clone)

    def interrupted(source: str, target: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "move", interrupted)

    with pytest.raises(KeyboardInterrupt):
        scaffold.create("24-foo", clone)

    assert names(clone) == before


@pytest.mark.parametrize(
    "error", [VelvetError("pyproject.toml cannot be written"), KeyboardInterrupt()]
)
def test_settings_that_cannot_be_written_take_the_module_back(clone, monkeypatch, error):
    before = names(clone)

    def fail(path: Path, text: str) -> None:
        raise error

    monkeypatch.setattr(scaffold, "atomic_write", fail)

    with pytest.raises(type(error)):
        scaffold.create("24-foo", clone)

    assert names(clone) == before


def test_without_tomlkit_the_command_that_installs_it_is_named(clone, monkeypatch):
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "tomlkit":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(VelvetError, match='pip install "tomlkit'):
        scaffold.create("24-foo", clone)

    assert not (clone / "24-foo").exists()


@pytest.mark.parametrize("code", [0, 1])
def test_the_environment_learns_of_the_new_source_folder(velvet, clone, monkeypatch, code):
    asked: list[list[str]] = []

    def run(argv: list[str], **options: Any) -> SimpleNamespace:
        asked.append(argv)
        return SimpleNamespace(returncode=code)

    monkeypatch.setattr(new.subprocess, "run", run)

    result = velvet("new", "24-foo")

    assert asked[-1][-2:] == ["-e", str(clone)]
    assert result.exit_code == code
    assert ("its src is not on the path yet" in result.output) is bool(code)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of this repository in which 24-foo was just made."""
    root = tmp_path_factory.mktemp("copy")
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git clone; `git init && git add .` makes it one")
    for name in filter(None, listed.stdout.decode("utf-8").split("\0")):
        source, target = ROOT / name, root / name
        if source.is_file() and not name.endswith(BIG):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
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


CHECKS = {
    "black": ("-m", "black", "--check", "24-foo"),
    "isort": ("-m", "isort", "--check", "24-foo"),
    "ruff": ("-m", "ruff", "check", "24-foo"),
    "types": ("-m", "mypy", "-p", "velvet_foo"),
    "contracts": ("-c", "from importlinter.cli import lint_imports_command as m; m()"),
    "catalogue": ("-m", "velvet", "info", "24-foo"),
}


@pytest.mark.slow
@pytest.mark.parametrize("words", CHECKS.values(), ids=CHECKS)
def test_a_new_module_passes_the_repositorys_check(copy, words):
    done = here(copy, copy, *words)

    assert done.returncode == 0, done.stdout


IN_THE_MODULE = {
    "tests": ("-m", "pytest", "tests", "-q"),
    "basic": ("examples/basic.py",),
    "intermediate": ("examples/intermediate.py",),
    "advanced": ("examples/advanced.py",),
    "benchmark": ("benchmarks/measure.py", "--quick"),
}


@pytest.mark.slow
@pytest.mark.parametrize("words", IN_THE_MODULE.values(), ids=IN_THE_MODULE)
def test_what_a_new_module_holds_runs(copy, words):
    done = here(copy, copy / "24-foo", *words)

    assert done.returncode == 0, done.stdout
