"""From nothing but Python to an environment: what is made, repaired, remembered and explained."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import psutil
import pytest

import velvet
from velvet import __main__ as entry
from velvet import bootstrap

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = Path(velvet.__file__).parent
RUNS_ON_OLD_PYTHONS = ("__init__.py", "__main__.py", "bootstrap.py")
scripts = pytest.mark.skipif(os.name != "posix", reason="fakes are scripts with a #! line")
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def _outside(monkeypatch):
    """As on a fresh machine: nothing says that we are inside an environment already."""
    monkeypatch.delenv(entry.INSIDE, raising=False)


@pytest.fixture
def clone(tmp_path):
    """A clone with settings and one module."""
    root = tmp_path / "clone"
    (root / "09-concurrency").mkdir(parents=True)
    (root / "07-http").mkdir()
    (root / "notes").mkdir()
    (root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    (root / "requirements-dev.txt").write_text("black\n", encoding="utf-8")
    for name in ("09-concurrency", "07-http"):
        (root / name / "requirements.txt").write_text("anyio\n", encoding="utf-8")
    return root


def script(path: Path, body: str) -> Path:
    """Write a program that this interpreter runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def uv(tmp_path, monkeypatch):
    """A `uv` that writes down what it was told; the only one on PATH."""
    said = tmp_path / "uv-said.txt"
    body = f"import os, sys\nopen({str(said)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
    program = script(tmp_path / "programs" / "uv", body)
    monkeypatch.setenv("PATH", str(program.parent))
    return said


@pytest.fixture
def no_uv(tmp_path, monkeypatch):
    """A PATH that holds nothing."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def environment(folder: Path) -> Path:
    """Make an environment whose Python answers, and whose pip installs nothing in silence."""
    body = f"import sys\nprint({str(folder)!r} if '-c' in sys.argv else 'Collecting nothing')"
    script(bootstrap.interpreter(folder), body)
    return folder


@pytest.mark.parametrize("name", RUNS_ON_OLD_PYTHONS)
def test_what_an_old_python_reads_first_parses_there(name):
    text = (PACKAGE / name).read_text(encoding="utf-8")

    tree = ast.parse(text, feature_version=(3, 8))

    assert tree.body


@pytest.mark.parametrize("name", RUNS_ON_OLD_PYTHONS)
def test_what_an_old_python_reads_first_evaluates_no_newer_annotation(name):
    tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))

    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    arguments = [a.annotation for f in functions for a in f.args.args + f.args.kwonlyargs]
    newer = [
        ast.unparse(found)
        for found in [*arguments, *(f.returns for f in functions)]
        if isinstance(found, (ast.Subscript, ast.BinOp))
    ]
    assert newer == []


@pytest.mark.parametrize("version", [(3, 9), (3, 8, 10), (2, 7)])
def test_an_old_python_is_refused_with_what_is_needed(version):
    shown = ".".join(map(str, version[:2]))

    with pytest.raises(
        bootstrap.SetupFailed, match=rf"needs Python 3.10 or newer, this is {shown}"
    ):
        bootstrap.supported(version)


@pytest.mark.parametrize("version", [(3, 10), (3, 12, 1), (3, 14), (4, 0)])
def test_a_python_from_3_10_on_is_taken(version):
    assert bootstrap.supported(version) is None


def test_the_interpreter_lies_where_the_system_puts_it(monkeypatch):
    posix = bootstrap.interpreter(Path("env"))
    monkeypatch.setattr(bootstrap.os, "name", "nt")

    windows = bootstrap.interpreter(PureEnvironment("env"))

    assert {posix.as_posix(), str(windows)} >= {"env/Scripts/python.exe"}


class PureEnvironment:
    """A path that can be joined on any system."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __truediv__(self, part: str) -> PureEnvironment:
        return PureEnvironment(f"{self.text}/{part}")

    def __str__(self) -> str:
        return self.text


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt", "requirements-dev.txt"])
def test_a_changed_file_of_the_project_changes_the_fingerprint(clone, changed):
    requirements = clone / "requirements-dev.txt"
    before = bootstrap.fingerprint(clone, requirements)

    (clone / changed).write_text("something else\n", encoding="utf-8")

    assert bootstrap.fingerprint(clone, requirements) != before


def test_another_file_leaves_the_fingerprint_alone(clone):
    requirements = clone / "requirements-dev.txt"
    before = bootstrap.fingerprint(clone, requirements)

    (clone / "README.md").write_text("words\n", encoding="utf-8")

    assert bootstrap.fingerprint(clone, requirements) == before


@scripts
def test_an_environment_works_when_its_python_says_so(tmp_path):
    assert bootstrap.works(environment(tmp_path / "env"))


def test_an_environment_without_python_does_not_work(tmp_path):
    (tmp_path / "env").mkdir()

    assert not bootstrap.works(tmp_path / "env")


@scripts
def test_an_environment_that_was_moved_does_not_work(tmp_path):
    environment(tmp_path / "before").rename(tmp_path / "after")

    assert not bootstrap.works(tmp_path / "after")


@scripts
def test_an_environment_whose_python_fails_does_not_work(tmp_path):
    script(bootstrap.interpreter(tmp_path / "env"), "raise SystemExit(1)")

    assert not bootstrap.works(tmp_path / "env")


@scripts
def test_a_made_environment_works_and_has_pip_for_the_day_when_uv_is_gone(tmp_path, uv):
    bootstrap.make(tmp_path / "env")

    python = bootstrap.interpreter(tmp_path / "env")
    done = subprocess.run(
        [python, "-m", "pip", "--version"], capture_output=True, text=True, check=False
    )
    assert bootstrap.works(tmp_path / "env")
    assert done.stdout.startswith("pip ")


@scripts
def test_a_half_made_environment_is_replaced_and_said_to_be(tmp_path, uv, capsys):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "rubbish").write_text("half", encoding="utf-8")

    bootstrap.make(tmp_path / "env")

    assert bootstrap.works(tmp_path / "env")
    assert not (tmp_path / "env" / "rubbish").exists()
    assert "repairing the half-made environment in env" in capsys.readouterr().out


def test_a_full_disk_is_seen_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**40, 2**40, 99 * 2**20))

    with pytest.raises(bootstrap.SetupFailed, match="only 99 MB are free here and about 1500"):
        bootstrap.make(tmp_path / "env")

    assert not (tmp_path / "env").exists()


def test_a_folder_that_cannot_be_written_is_seen_before_anything_is_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    with pytest.raises(bootstrap.SetupFailed, match=r"cannot be written.*clone into a folder"):
        bootstrap.make(tmp_path / "env")

    assert not (tmp_path / "env").exists()


def test_a_folder_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(bootstrap.SetupFailed, match="nowhere cannot be read"):
        bootstrap.make(tmp_path / "nowhere" / "env")


@scripts
@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("The virtual environment was not created because ensurepip is not available", "apt"),
        ("/usr/bin/python3: No module named venv", "python3-venv"),
        ("one\\nError: something odd", "could not be made: Error: something odd"),
        ("", "could not be made: no reason given"),
    ],
)
def test_a_venv_that_fails_is_explained_and_leaves_nothing(
    tmp_path, monkeypatch, no_uv, said, message
):
    body = (
        "import os, sys\nos.mkdir(sys.argv[-1])\n"
        f"print('{said}', end='')\n"
        "raise SystemExit(1)"
    )
    monkeypatch.setattr(sys, "executable", str(script(tmp_path / "python", body)))

    with pytest.raises(bootstrap.SetupFailed, match=message):
        bootstrap.make(tmp_path / "env")

    assert not (tmp_path / "env").exists()


@scripts
def test_uv_installs_where_it_is_present(tmp_path, uv):
    command = bootstrap.installer(tmp_path / "env")

    assert Path(command[0]).name == "uv"
    assert command[1:4] == ["pip", "install", "--python"]
    assert command[4] == str(bootstrap.interpreter(tmp_path / "env"))


def test_the_environments_own_pip_installs_where_there_is_no_uv(tmp_path, no_uv):
    command = bootstrap.installer(tmp_path / "env")

    assert command[:4] == [
        *(str(bootstrap.interpreter(tmp_path / "env")), "-m"),
        *("pip", "install"),
    ]


def fake_installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """Let `install` call a program that says and does what a test needs; returns its own notes."""
    program, notes = tmp_path / "installer.py", tmp_path / "notes.txt"
    head = f"import os, sys\nopen({str(notes)!r}, 'w').write(repr((os.getpid(), sys.argv[1:])))\n"
    program.write_text(head + body, encoding="utf-8")
    monkeypatch.setattr(bootstrap, "installer", lambda env: [sys.executable, str(program)])
    return notes


def test_an_installation_shows_its_steps_and_nothing_else(clone, tmp_path, monkeypatch, capsys):
    said = "print('Collecting anyio')\nprint('  noise')\nprint('Installing collected packages: a')"
    fake_installer(tmp_path, monkeypatch, said)

    bootstrap.install(clone / ".venv", clone, clone, clone / "requirements-dev.txt")

    shown = capsys.readouterr().out.splitlines()
    assert shown == ["  Collecting anyio", "  Installing collected packages: a"]


def test_constraints_are_named_from_the_modules_own_folder(clone, tmp_path, monkeypatch):
    (clone / "constraints.txt").write_text("anyio==4.4\n", encoding="utf-8")
    notes = fake_installer(tmp_path, monkeypatch, "")
    folder = clone / "09-concurrency"

    bootstrap.install(clone / ".venv", clone, folder, folder / "requirements.txt")

    words = ast.literal_eval(notes.read_text(encoding="utf-8"))[1]
    assert words == ["-r", "requirements.txt", "-c", str(Path("..") / "constraints.txt")]


def test_without_constraints_only_the_requirements_are_named(clone, tmp_path, monkeypatch):
    notes = fake_installer(tmp_path, monkeypatch, "")

    bootstrap.install(clone / ".venv", clone, clone, clone / "requirements-dev.txt")

    assert ast.literal_eval(notes.read_text(encoding="utf-8"))[1] == ["-r", "requirements-dev.txt"]


def test_a_failed_installation_is_explained(clone, tmp_path, monkeypatch):
    fake_installer(tmp_path, monkeypatch, "print('OSError: No space left on device'); sys.exit(1)")

    with pytest.raises(bootstrap.SetupFailed, match="the disk is full"):
        bootstrap.install(clone / ".venv", clone, clone, clone / "requirements-dev.txt")


def test_ctrl_c_during_an_installation_ends_the_installer(clone, tmp_path, monkeypatch):
    body = "print('Collecting anyio', flush=True)\nsys.stdin.read()\n"
    notes = fake_installer(tmp_path, monkeypatch, body)
    read_end, write_end = os.pipe()  # a stdin that stays open, so that it does not end by itself
    real = subprocess.Popen

    def interrupted(*words: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.print", interrupted)
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: real(*a, stdin=read_end, **k))

    with pytest.raises(KeyboardInterrupt):
        bootstrap.install(clone / ".venv", clone, clone, clone / "requirements-dev.txt")

    os.close(read_end)
    os.close(write_end)
    assert not psutil.pid_exists(ast.literal_eval(notes.read_text(encoding="utf-8"))[0])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("ERROR: [Errno 28] No space left on device", "the disk is full"),
        ("Temporary failure in name resolution", "connect to the network"),
        ("  Caused by: dns error: failed to lookup", "connect to the network"),
        ("Failed to establish a new connection: [Errno 111]", "connect to the network"),
        ("error: error sending request for url", "connect to the network"),
        ("[Errno 11001] getaddrinfo failed", "connect to the network"),
        ("ERROR: [Errno 13] Permission denied: 'x'", "clone into a folder of yours"),
        ("ERROR: No matching distribution found for nope>=9", "No matching distribution found for"),
        ("  x No solution found when resolving:\n  because", "No solution found when resolving"),
        ("line one\nerror: it broke", "the installation failed: error: it broke"),
        ("", "the installation failed: no reason given"),
    ],
)
def test_what_an_installer_said_becomes_one_sentence(said, message):
    explained = bootstrap.explain(said)

    assert message in explained
    assert len(explained.splitlines()) == 1


def test_no_network_is_told_apart_from_a_wrong_requirement():
    said = (
        "WARNING: Retrying after connection broken: Failed to establish a new connection\n"
        "ERROR: No matching distribution found for anyio"
    )

    assert "network" in bootstrap.explain(said)


@pytest.fixture
def installed(monkeypatch):
    """Note what `ensure` would install, in place of installing it."""
    calls: list[str] = []

    def install(env: Path, root: Path, folder: Path, requirements: Path) -> None:
        calls.append(requirements.relative_to(root).as_posix())

    monkeypatch.setattr(bootstrap, "install", install)
    return calls


@scripts
def test_a_fresh_clone_gets_an_environment_and_its_requirements(clone, uv, capsys):
    python = bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")

    assert python == bootstrap.interpreter(clone / ".venv")
    assert uv.read_text(encoding="utf-8").split()[-2:] == ["-r", "requirements-dev.txt"]
    assert capsys.readouterr().out.splitlines() == [
        "making the environment .venv",
        "installing what requirements-dev.txt needs",
    ]


@scripts
def test_a_half_made_environment_of_a_clone_is_repaired(clone, uv, capsys):
    (clone / ".venv" / "bin").mkdir(parents=True)

    bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")

    assert bootstrap.works(clone / ".venv")
    assert "repairing the half-made environment in .venv" in capsys.readouterr().out


@scripts
def test_the_second_time_nothing_is_installed(clone, installed, capsys):
    environment(clone / ".venv")
    bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")
    capsys.readouterr()

    bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")

    assert installed == ["requirements-dev.txt"]
    assert capsys.readouterr().out == ""


@scripts
def test_each_module_is_remembered_apart(clone, installed):
    environment(clone / ".venv")
    for name in ("09-concurrency", "07-http", "09-concurrency"):
        bootstrap.ensure(clone, clone / name, clone / name / "requirements.txt")

    assert installed == ["09-concurrency/requirements.txt", "07-http/requirements.txt"]


@scripts
def test_changed_requirements_are_installed_again(clone, installed):
    environment(clone / ".venv")
    bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")
    (clone / "requirements-dev.txt").write_text("black\nruff\n", encoding="utf-8")

    bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")

    assert installed == ["requirements-dev.txt"] * 2


@scripts
def test_an_installation_that_failed_is_not_remembered(clone, monkeypatch):
    environment(clone / ".venv")

    def fail(*words: Any) -> None:
        raise bootstrap.SetupFailed("the disk is full")

    monkeypatch.setattr(bootstrap, "install", fail)

    with pytest.raises(bootstrap.SetupFailed):
        bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")

    assert not (clone / ".venv" / bootstrap.STAMP).exists()


@scripts
def test_a_remade_environment_forgets_what_the_old_one_held(clone, installed, uv):
    environment(clone / ".venv")
    folder = clone / "09-concurrency"
    bootstrap.ensure(clone, folder, folder / "requirements.txt")
    bootstrap.interpreter(clone / ".venv").unlink()

    bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")
    bootstrap.ensure(clone, folder, folder / "requirements.txt")

    assert installed.count("09-concurrency/requirements.txt") == 2


@scripts
def test_a_damaged_stamp_is_taken_for_none(clone, installed):
    (environment(clone / ".venv") / bootstrap.STAMP).write_bytes(b"\xff\xfe root \n")

    bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")

    assert installed == ["requirements-dev.txt"]


@pytest.mark.parametrize("word", ["9", "09", "concurrency", "09-concurrency/", "conc", "CONC"])
def test_a_module_is_found_by_number_name_or_prefix(clone, word):
    assert [path.name for path in bootstrap.folders(clone, [word])] == ["09-concurrency"]


def test_an_unknown_module_suggests_the_nearest_and_names_all(clone):
    with pytest.raises(bootstrap.SetupFailed) as caught:
        bootstrap.folders(clone, ["concurency"])

    assert "Did you mean 'concurrency'?" in str(caught.value)
    assert "Known are: 07-http, 09-concurrency" in str(caught.value)


def test_a_word_that_is_like_no_module_gets_no_suggestion(clone):
    with pytest.raises(bootstrap.SetupFailed) as caught:
        bootstrap.folders(clone, ["zzz"])

    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "words", "wanted"),
    [
        (
            "test",
            [],
            [
                *("requirements-dev.txt", "07-http/requirements.txt"),
                "09-concurrency/requirements.txt",
            ],
        ),
        ("start", [], ["09-concurrency/requirements.txt"]),
        ("test", ["9", "http"], ["09-concurrency/requirements.txt", "07-http/requirements.txt"]),
    ],
)
def test_each_command_prepares_what_it_needs(clone, monkeypatch, command, words, wanted):
    asked: list[str] = []

    def ensure(root: Path, folder: Path, requirements: Path) -> Path:
        asked.append(requirements.relative_to(root).as_posix())
        return Path("python of the environment")

    monkeypatch.setattr(bootstrap, "ensure", ensure)

    python = bootstrap.prepare(clone, command, words)

    assert asked == wanted
    assert python == Path("python of the environment")


class Entry:
    """`python -m velvet` with everything behind it noted and not done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.prepared: list[tuple[str, list[str]]] = []
        self.again: list[tuple[Path, list[str]]] = []
        self.commands = 0
        self.patch = monkeypatch
        monkeypatch.setattr(bootstrap, "prepare", self.prepare)
        monkeypatch.setattr(entry, "rerun", self.rerun)
        monkeypatch.setattr("velvet.cli.main", self.command)

    def prepare(self, root: Path, command: str, words: list[str]) -> Path:
        self.prepared.append((command, words))
        return Path("prepared")

    def rerun(self, python: Path, words: list[str]) -> int:
        self.again.append((python, words))
        return 7

    def command(self, prog_name: str) -> None:
        assert prog_name == "velvet"
        self.commands += 1

    def main(self, *words: str) -> int:
        self.patch.setattr(sys, "argv", ["velvet", *words])
        return entry.main()


@pytest.fixture
def started(monkeypatch):
    return Entry(monkeypatch)


@pytest.mark.parametrize("command", ["start", "test"])
def test_a_command_that_sets_up_runs_again_inside_the_environment(started, command):
    code = started.main(command, "09", "--no-dashboard")

    assert code == 7
    assert started.prepared == [(command, ["09"])]
    assert started.again == [(Path("prepared"), [command, "09", "--no-dashboard"])]


@pytest.mark.parametrize(
    "words",
    [
        ["start", "09", "--port", "8600"],
        ["start", "--port=8600", "09"],
        ["test", "-j", "4", "09"],
        ["test", "--jobs", "4", "09"],
        ["test", "-j4", "09"],
        ["test", "--fail-under", "95", "09"],
    ],
)
def test_the_value_of_an_option_is_not_taken_for_a_module(started, words):
    started.main(*words)

    assert started.prepared == [(words[0], ["09"])]


@pytest.mark.parametrize("words", [["start", "--help"], ["test", "-h"], ["list"], []])
def test_a_command_that_only_reads_sets_nothing_up(started, words):
    code = started.main(*words)

    assert code == 0
    assert started.prepared == []
    assert started.commands == 1


def test_inside_the_environment_nothing_is_set_up_again(started, monkeypatch):
    monkeypatch.setenv(entry.INSIDE, "1")

    started.main("start")

    assert started.prepared == []
    assert started.commands == 1


def test_without_its_libraries_the_command_runs_in_the_environment_that_exists(
    started, monkeypatch, tmp_path
):
    python = tmp_path / "python"
    python.touch()
    monkeypatch.setattr(bootstrap, "interpreter", lambda env: python)
    monkeypatch.setattr(entry, "_missing", lambda: True)

    code = started.main("list")

    assert code == 7
    assert started.again == [(python, ["list"])]


def test_without_libraries_and_environment_the_way_out_is_named(
    started, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(bootstrap, "interpreter", lambda env: tmp_path / "absent")
    monkeypatch.setattr(entry, "_missing", lambda: True)

    code = started.main("list")

    assert code == 1
    assert started.commands == 0
    assert "run `python3 -m velvet start`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (bootstrap.SetupFailed("the disk is full; make room"), 1, "the disk is full"),
        (bootstrap.SetupFailed("there is no module 'x' here."), 2, "there is no module 'x'"),
        (KeyboardInterrupt(), 130, "run the same command again"),
    ],
)
def test_a_set_up_that_fails_ends_in_one_sentence(
    started, monkeypatch, capsys, error, code, message
):
    def fail(*words: Any) -> Path:
        raise error

    monkeypatch.setattr(bootstrap, "prepare", fail)

    returned = started.main("start")

    said = capsys.readouterr()
    assert returned == code
    assert said.out == ""
    assert message in said.err
    assert len(said.err.splitlines()) == 1


def test_python_3_9_is_told_so_in_one_sentence(started, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))

    code = started.main("start")

    assert code == 1
    assert "needs Python 3.10 or newer, this is 3.9" in capsys.readouterr().err
    assert started.prepared == []


def test_running_again_gives_the_childs_exit_code_and_marks_it_as_inside(tmp_path, monkeypatch):
    package = tmp_path / "velvet"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    code = "import os, sys\nsys.exit(40 + int(os.environ['VELVET_INSIDE']) + len(sys.argv))\n"
    (package / "__main__.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert entry.rerun(Path(sys.executable), ["list"]) == 43


def test_ctrl_c_waits_for_the_child_to_tidy_up(monkeypatch):
    class Tidying:
        """A child that ends by itself after the first Ctrl-C."""

        waited = 0

        def __init__(self, argv: list[str], env: dict[str, str]) -> None:
            assert env[entry.INSIDE] == "1"

        def wait(self) -> int:
            Tidying.waited += 1
            if Tidying.waited == 1:
                raise KeyboardInterrupt
            return 130

    monkeypatch.setattr(subprocess, "Popen", Tidying)

    assert entry.rerun(Path("python"), ["start"]) == 130
    assert Tidying.waited == 2


def test_a_python_with_nothing_installed_names_the_way_out(tmp_path):
    shutil.copytree(
        PACKAGE, tmp_path / "velvet", ignore=shutil.ignore_patterns("__pycache__", "bench", "ui")
    )
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}

    done = subprocess.run(
        [sys.executable, "-S", "-m", "velvet", "list"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("the command needs its libraries: run `python3 -m velvet start`")
    assert "Traceback" not in done.stderr


def test_a_set_up_that_cannot_reach_the_network_leaves_nothing_taken_for_whole(
    clone, tmp_path, monkeypatch
):
    body = "print('error sending request for url: dns error'); sys.exit(2)"
    fake_installer(tmp_path, monkeypatch, body)
    monkeypatch.setattr(bootstrap, "make", lambda env: env.mkdir())

    with pytest.raises(bootstrap.SetupFailed, match="the package index was not reached"):
        bootstrap.ensure(clone, clone, clone / "requirements-dev.txt")

    assert not (clone / ".venv" / bootstrap.STAMP).exists()
