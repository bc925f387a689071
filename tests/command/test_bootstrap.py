"""From nothing but Python to an environment: what is made, repaired, remembered and explained."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

import velvet
from velvet import __main__ as entry
from velvet import bootstrap, installer
from velvet.bootstrap import Environment
from velvet.installer import SetupFailed

PACKAGE = Path(velvet.__file__).parent
HERE = "{}.{}.{}".format(*sys.version_info[:3])
posix = pytest.mark.skipif(os.name != "posix", reason="fakes are scripts with a #! line")
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def _outside(monkeypatch):
    """As on a fresh machine: nothing says that we are inside an environment already."""
    monkeypatch.delenv(bootstrap.INSIDE, raising=False)


@pytest.fixture
def clone(tmp_path):
    """A clone with settings and two modules."""
    root = tmp_path / "a clone"
    for name in ("07-http", "09-concurrency", "notes"):
        (root / name).mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    (root / "requirements-dev.txt").write_text("# tools\n-e .[test,verify]\nblack\n")
    (root / "07-http" / "requirements.txt").write_text("-e ..[test]\nanyio>=4  # loops\n")
    (root / "09-concurrency" / "requirements.txt").write_text("-e ..[dashboard,test]\nanyio>=4\n")
    return root


def files(root: Path, *names: str) -> list[Path]:
    return [root / name / "requirements.txt" for name in names or ("09-concurrency",)]


def script(path: Path, body: str) -> Path:
    """Write a program that this interpreter runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_uv(tmp_path, monkeypatch):
    """A PATH that holds nothing."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def pretend(env: Environment, version: str = HERE) -> Environment:
    """Make an environment whose Python answers, and whose pip works."""
    script(env.python, f"import sys\nprint({str(env.folder)!r}, {version!r})")
    (env.folder / "lib" / "python3" / "site-packages").mkdir(parents=True)
    return env


@pytest.fixture
def installed(monkeypatch):
    """Note what would be installed, in place of installing it; environments are pretended."""
    calls: list[tuple[list[str], list[str]]] = []

    def install(root: Path, python: Path, own: list[str], extras: list[str], lock: int) -> None:
        calls.append((own, extras))
        site = python.parent.parent / "lib" / "python3" / "site-packages"
        (site / f"package_{len(calls)}-1.dist-info").mkdir()

    monkeypatch.setattr(bootstrap, "install", install)
    monkeypatch.setattr(Environment, "_make", lambda self: pretend(self) and None)
    return calls


# --- an old Python


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_what_an_old_python_reads_first_uses_nothing_that_is_newer_than_2_7(name):
    tree = ast.parse((PACKAGE / name).read_text(encoding="ascii"))

    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(tree) if isinstance(node, newer)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert found == []
    assert [f.name for f in functions if f.returns or any(a.annotation for a in f.args.args)] == []


@pytest.mark.parametrize("name", ["python2.7", "python3.9"])
def test_a_real_old_python_is_refused_in_one_sentence(name):
    program = shutil.which(name)
    words = [program, "-m", "velvet", "start"]
    if (
        program is None
        or subprocess.run([program, "-V"], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"{name} is not installed")

    done = subprocess.run(words, cwd=PACKAGE.parent, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("Velvet Python needs Python 3.10 or newer, this is ")
    assert len(done.stderr.splitlines()) == 1


def test_python_3_9_is_told_so_before_anything_is_imported(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))

    assert entry.main() == 1
    assert "needs Python 3.10 or newer, this is 3.9" in capsys.readouterr().err


# --- what is installed


def test_requirements_of_several_files_become_one_list_with_one_set_of_extras(clone):
    together = [clone / "requirements-dev.txt", *files(clone, "07-http", "09-concurrency")]

    own, extras = installer.merged(together)

    assert own == ["anyio>=4", "black"]
    assert extras == ["dashboard", "test", "verify"]


@pytest.mark.parametrize(
    ("command", "words", "wanted"),
    [
        ("test", [], ["requirements-dev.txt", "07-http", "09-concurrency"]),
        ("start", [], ["09-concurrency"]),
        ("test", ["9", "http"], ["09-concurrency", "07-http"]),
    ],
)
def test_each_command_prepares_what_it_needs_in_one_call(
    clone, monkeypatch, command, words, wanted
):
    asked: list[list[Path]] = []
    monkeypatch.setattr(Environment, "ensure", lambda self, files: asked.append(files))

    bootstrap.prepare(clone, command, words)

    [found] = asked
    assert [p.name if p.parent == clone else p.parent.name for p in found] == wanted


@posix
@pytest.mark.parametrize("present", [True, False])
def test_one_call_of_uv_or_of_the_environments_own_pip_installs_everything(
    clone, tmp_path, monkeypatch, no_uv, present
):
    (clone / "constraints.txt").write_text("anyio==4.4\n", encoding="utf-8")
    said = tmp_path / "said"
    note = (
        f"import os, sys\nsaid = open({str(said)!r}, 'a')\n"
        "text = open(sys.argv[sys.argv.index('-r') + 1]).read() if '-r' in sys.argv else ''\n"
        "print(repr((sys.argv, os.getcwd(), text)), file=said)\n"
    )
    python = script(clone / ".venv" / "bin" / "python", note)
    if present:
        script(tmp_path / "empty" / "uv", note)

    installer.install(clone, python, ["anyio", "black"], ["dashboard", "test"], 0)

    argv, folder, text = ast.literal_eval(said.read_text(encoding="utf-8").strip())
    assert Path(argv[0]).name == ("uv" if present else "python")
    assert [word for word in argv if word in (".[dashboard,test]", "constraints.txt")] == [
        *(".[dashboard,test]", "constraints.txt")
    ]
    assert (folder, text.split()) == (str(clone), ["anyio", "black"])


def test_the_users_settings_choose_where_from_but_not_where_to(monkeypatch):
    bad = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_CONSTRAINT")
    bad += ("UV_SYSTEM_PYTHON", "UV_CONSTRAINT", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    good = ("PIP_INDEX_URL", "PIP_NO_INDEX", "PIP_PROXY", "PIP_CERT", "UV_DEFAULT_INDEX")
    good += ("UV_HTTP_TIMEOUT", "UV_CACHE_DIR", "PIP_FIND_LINKS", "HTTPS_PROXY", "HOME")
    for name in (*bad, *good):
        monkeypatch.setenv(name, "1")

    found = installer._environment()

    assert set(good) <= set(found)
    assert {name: found[name] for name in bad if name in found} == {"PIP_USER": "0"}


def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Callable[[], None]:
    """Let a program stand for the installer; returns what runs it."""
    program = script(tmp_path / "programs" / "uv", body)
    monkeypatch.setenv("PATH", str(program.parent))
    python = tmp_path / ".venv" / "bin" / "python"
    return lambda: installer.install(tmp_path, python, [], ["test"], 0)


@posix
@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("ERROR: [Errno 28] No space left on device", "the disk is full"),
        ("Temporary failure in name resolution", "connect to the network"),
        ("  Caused by: dns error: failed to lookup", "connect to the network"),
        ("NewConnectionError: [Errno 111]\nERROR: No matching distribution for x", "the network"),
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
    explained = installer.explain(said)

    assert message in explained
    assert len(explained.splitlines()) == 1


@posix
def test_an_installer_that_fails_is_explained(tmp_path, monkeypatch):
    run = running(tmp_path, monkeypatch, "print('No space left on device')\nraise SystemExit(1)")

    with pytest.raises(SetupFailed, match="the disk is full"):
        run()


@posix
def test_ctrl_c_during_an_installation_ends_the_installer(tmp_path, monkeypatch):
    notes = tmp_path / "pid"
    body = (
        f"import os, time\nopen({str(notes)!r}, 'w').write(str(os.getpid()))\n"
        "print('Resolved 3 packages', flush=True)\ntime.sleep(600)\n"
    )
    run = running(tmp_path, monkeypatch, body)

    def interrupted(self: installer.Progress) -> None:
        if self.total == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(installer.Progress, "_show", interrupted)

    with pytest.raises(KeyboardInterrupt):
        run()

    assert not psutil.pid_exists(int(notes.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["Collecting anyio>=4", "  Downloading x.whl", "Collecting idna"], "finding packages: 2"),
        (["Collecting a", "Installing collected packages: a, b, c"], "fetching: 0 of 3 packages"),
        (["Resolved 87 packages in 812ms"], "fetching: 0 of 87 packages"),
        (["noise"], "finding packages: 0"),
    ],
)
def test_the_progress_of_both_installers_is_one_line(tmp_path, lines, shown):
    progress = installer.Progress(tmp_path)

    for line in lines:
        progress.heed(line)

    assert progress.line.startswith(shown)


def test_the_progress_counts_what_has_arrived_in_the_environment(tmp_path):
    site = tmp_path / "lib" / "python3.12" / "site-packages"
    (site / "there-1.dist-info").mkdir(parents=True)
    progress = installer.Progress(tmp_path)
    progress.heed("Resolved 2 packages in 1ms")

    (site / "new-1.dist-info").mkdir()

    assert progress.line.startswith("installing: 1 of 2 packages, ")


def test_a_pipe_gets_a_line_now_and_then(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installer, "LINE_EVERY_S", 0.0)

    with subprocess.Popen(
        [sys.executable, "-S", "-c", "import time; time.sleep(.5)"], stdout=subprocess.PIPE
    ) as process:
        code = installer.Progress(tmp_path).follow(process)

    assert code == 0
    assert "  finding packages: 0 so far, 0 s\n" in capsys.readouterr().out


# --- the environment


@pytest.mark.slow
@posix
def test_a_made_environment_is_whole_and_has_pip(clone, no_uv):
    env = Environment(clone)

    env._make()

    assert env.trouble(env._version()) == ""
    assert env._answers("-m", "pip", "--version").startswith("pip ")


@posix
def test_an_environment_without_pip_is_made_again_where_there_is_no_uv(clone, no_uv):
    env = Environment(clone)
    words = [sys.executable, "-m", "venv", "--without-pip", str(env.folder)]
    subprocess.run(words, check=True)

    assert env.trouble(env._version()) == "has no pip"


@posix
def test_a_fresh_clone_is_told_what_it_costs_and_gets_an_environment(clone, installed, capsys):
    python = Environment(clone).ensure(files(clone, "07-http", "09-concurrency"))

    said = capsys.readouterr().out.splitlines()
    assert python == clone / ".venv" / "bin" / "python"
    assert installed == [(["anyio>=4"], ["dashboard", "test"])]
    assert said[0] == "making the environment .venv"
    assert said[1].startswith("installing for 07-http, 09-concurrency: roughly ")
    assert said[1].endswith(" MB on disk")
    assert said[2].startswith("environment ready (1 packages, ")


@posix
def test_the_second_time_nothing_is_installed_and_nothing_said(clone, installed, capsys):
    Environment(clone).ensure(files(clone))
    capsys.readouterr()

    Environment(clone).ensure(files(clone))

    assert len(installed) == 1
    assert capsys.readouterr().out == ""


@posix
def test_only_what_is_lacking_is_installed_beside_what_is_there(clone, installed):
    Environment(clone).ensure(files(clone, "07-http"))

    Environment(clone).ensure(files(clone, "07-http", "09-concurrency"))

    assert [extras for _, extras in installed] == [["test"], ["dashboard", "test"]]


@posix
@pytest.mark.parametrize(
    "changed", ["pyproject.toml", "constraints.txt", "09-concurrency/requirements.txt", "folder"]
)
def test_a_change_that_decides_what_is_importable_installs_again(clone, installed, changed):
    Environment(clone).ensure(files(clone))

    if changed == "folder":
        (clone / "10-cli").mkdir()
    else:
        (clone / changed).write_text("# something else\n", encoding="utf-8")
    Environment(clone).ensure(files(clone))

    assert len(installed) == 2


@posix
def test_another_file_installs_nothing(clone, installed):
    Environment(clone).ensure(files(clone))

    (clone / "README.md").write_text("words\n", encoding="utf-8")

    assert Environment(clone).lacking(files(clone)) == []


def rubbish(env: Environment) -> None:
    """Leave a half-made folder without a Python."""
    shutil.rmtree(env.folder)
    env.folder.mkdir()


def broken(env: Environment) -> None:
    script(env.python, "raise SystemExit(1)")


def old(env: Environment) -> None:
    script(env.python, f"print({str(env.folder)!r}, '3.9.18')")


def interrupted(env: Environment) -> None:
    """As if a kill came after the installer had begun to write."""
    env._write({**env._stamp(), "installing": "another state of the packages"})


@posix
@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (rubbish, "is not whole"),
        (broken, "is not whole"),
        (old, "is of Python 3.9.18"),
        (interrupted, "holds an interrupted installation"),
    ],
)
def test_an_environment_that_is_not_whole_is_made_again_and_said_to_be(
    clone, installed, capsys, harm, why
):
    env = Environment(clone)
    env.ensure(files(clone))
    harm(env)

    env.ensure(files(clone))

    assert f"repairing .venv, which {why}" in capsys.readouterr().out
    assert len(installed) == 2
    assert env.lacking(files(clone)) == []


@posix
def test_a_clone_that_was_moved_gets_a_new_environment(clone, installed, capsys):
    Environment(clone).ensure(files(clone))
    moved = clone.rename(clone.with_name("moved"))
    script(moved / ".venv" / "bin" / "python", f"print({str(moved / '.venv')!r}, {HERE!r})")

    Environment(moved).ensure(files(moved))

    assert "repairing .venv, which was made in another folder" in capsys.readouterr().out
    assert len(installed) == 2


@posix
def test_an_interruption_before_anything_was_written_costs_no_environment(
    clone, installed, monkeypatch
):
    env = Environment(clone)
    env.ensure(files(clone, "07-http"))

    def offline(*words: Any) -> None:
        raise SetupFailed("the package index was not reached")

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "install", offline)
        with pytest.raises(SetupFailed):
            env.ensure(files(clone, "09-concurrency"))

    assert env.lacking(files(clone, "07-http")) == []
    assert env.lacking(files(clone, "09-concurrency")) == files(clone, "09-concurrency")


@posix
@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_link_or_a_file_in_its_place_is_named_with_the_way_out(clone, tmp_path, installed, kind):
    (tmp_path / "elsewhere").mkdir()
    if kind == "link":
        (clone / ".venv").symlink_to(tmp_path / "elsewhere")
    else:
        (clone / ".venv").touch()

    with pytest.raises(SetupFailed, match=r"it is a link or a file.*; remove it and run"):
        Environment(clone).ensure(files(clone))

    assert installed == []


@posix
def test_a_damaged_stamp_is_taken_for_none(clone, installed):
    env = Environment(clone)
    env.ensure(files(clone))
    (env.folder / bootstrap.STAMP).write_bytes(b"\xff\xfe root \n")

    assert env.lacking(files(clone)) == files(clone)


@posix
def test_an_environment_of_another_version_is_used_and_named(clone, installed, capsys):
    pretend(Environment(clone), "3.10.99")

    Environment(clone).ensure(files(clone))

    said = capsys.readouterr().out
    assert f"using .venv, whose Python is 3.10.99; to use {HERE}, delete .venv first" in said


@posix
def test_a_full_disk_is_seen_before_anything_is_fetched(clone, installed, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**40, 2**40, 99 * 2**20))

    with pytest.raises(SetupFailed, match=r"only 99 MB are free here and about \d+ are needed"):
        Environment(clone).ensure(files(clone))

    assert installed == []


@posix
def test_a_folder_that_cannot_be_written_is_seen_before_anything_is_made(clone, installed):
    (clone / ".velvet").touch()

    with pytest.raises(SetupFailed, match=r"cannot be written.*clone into a folder"):
        Environment(clone).ensure(files(clone))

    assert not (clone / ".venv").exists()


@posix
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
    clone, tmp_path, monkeypatch, no_uv, said, message
):
    body = f"import os, sys\nos.mkdir(sys.argv[-1])\nprint('{said}', end='')\nsys.exit(1)"
    python = str(script(tmp_path / "python", body))
    monkeypatch.setattr(sys, "_base_executable", python)

    with pytest.raises(SetupFailed, match=message):
        Environment(clone)._make()

    assert not (clone / ".venv").exists()


# --- two at once


def test_a_second_start_waits_for_the_first_and_says_so(tmp_path, capsys, monkeypatch):
    entered, waiting, pause = threading.Event(), threading.Event(), time.sleep
    monkeypatch.setattr(bootstrap.time, "sleep", lambda s: (waiting.set(), pause(s)))

    def second() -> None:
        with bootstrap.one_at_a_time(tmp_path):
            entered.set()

    thread = threading.Thread(target=second)
    with bootstrap.one_at_a_time(tmp_path):
        thread.start()
        assert waiting.wait(60)
        assert not entered.is_set()
        assert "waiting for another velvet command" in capsys.readouterr().out

    thread.join()
    assert entered.is_set()


def test_a_start_that_was_killed_does_not_keep_the_lock(tmp_path, capsys):
    code = (
        "import sys\nfrom pathlib import Path\nfrom velvet.bootstrap import one_at_a_time\n"
        "with one_at_a_time(Path(sys.argv[1])):\n    print('in', flush=True); sys.stdin.read()\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()

    with bootstrap.one_at_a_time(tmp_path):
        assert capsys.readouterr().out == ""


def test_a_file_system_without_locks_stops_nothing(tmp_path, monkeypatch):
    def refused(*words: Any) -> None:
        raise OSError("no locks available")

    module = pytest.importorskip("fcntl" if os.name == "posix" else "msvcrt")
    monkeypatch.setattr(module, "flock" if os.name == "posix" else "locking", refused)

    with bootstrap.one_at_a_time(tmp_path) as lock:
        assert lock > 0


# --- the modules that are meant


@pytest.mark.parametrize("word", ["9", "09", "concurrency", "09-concurrency/", "conc", "CONC"])
def test_a_module_is_found_by_number_name_or_prefix(clone, word):
    assert [path.name for path in bootstrap.folders(clone, [word])] == ["09-concurrency"]


@pytest.mark.parametrize(("word", "hint"), [("concurency", True), ("zzz", False), ("", False)])
def test_an_unknown_module_suggests_the_nearest_and_names_all(clone, word, hint):
    with pytest.raises(SetupFailed) as caught:
        bootstrap.folders(clone, [word])

    assert ("Did you mean 'concurrency'?" in str(caught.value)) is hint
    assert "Known are: 07-http, 09-concurrency" in str(caught.value)
    assert caught.value.exit_code == 2


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
def test_the_value_of_an_option_is_not_taken_for_a_module(words):
    assert bootstrap.modules_in(words) == ["09"]


# --- the entrance


class Entry:
    """`python -m velvet` with everything behind it noted and not done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.prepared: list[tuple[str, list[str]]] = []
        self.again: list[tuple[Path, list[str]]] = []
        self.commands = 0
        monkeypatch.setattr(bootstrap, "prepare", self.prepare)
        monkeypatch.setattr(bootstrap, "rerun", self.rerun)
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


@pytest.fixture
def started(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    yield Entry(monkeypatch)
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("command", ["start", "test"])
def test_a_command_that_sets_up_runs_again_inside_the_environment(started, command):
    code = bootstrap.main([command, "09", "--no-dashboard"])

    assert code == 7
    assert started.prepared == [(command, ["09"])]
    assert started.again == [(Path("prepared"), [command, "09", "--no-dashboard"])]


@pytest.mark.parametrize("words", [["start", "--help"], ["test", "-h"], ["list"], []])
def test_a_command_that_only_reads_sets_nothing_up(started, words):
    assert bootstrap.main(words) == 0
    assert (started.prepared, started.commands) == ([], 1)


def test_inside_the_environment_nothing_is_set_up_again_and_no_child_believes_to_be(
    started, monkeypatch
):
    monkeypatch.setenv(bootstrap.INSIDE, "1")

    bootstrap.main(["start"])

    assert (started.prepared, started.commands) == ([], 1)
    assert bootstrap.INSIDE not in os.environ


def test_where_it_is_not_installed_the_command_runs_in_the_environment_that_is(
    started, monkeypatch, tmp_path
):
    python = tmp_path / "python"
    python.touch()
    monkeypatch.setattr(bootstrap, "interpreter", lambda env: python)
    monkeypatch.setattr(bootstrap, "_installed", lambda: False)

    assert bootstrap.main(["list"]) == 7
    assert started.again == [(python, ["list"])]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (SetupFailed("the disk is full; make room"), 1, "the disk is full"),
        (SetupFailed("there is no module 'x' here.", 2), 2, "there is no module 'x'"),
        (KeyboardInterrupt(), 130, "run the same command again"),
    ],
)
def test_a_set_up_that_fails_ends_in_one_sentence(
    started, monkeypatch, capsys, error, code, message
):
    def fail(*words: Any) -> Path:
        raise error

    monkeypatch.setattr(bootstrap, "prepare", fail)

    returned = bootstrap.main(["start"])

    said = capsys.readouterr()
    assert (returned, said.out) == (code, "")
    assert message in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_running_again_gives_the_childs_exit_code_and_marks_it_as_inside(tmp_path):
    package = tmp_path / "velvet"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    code = "import os, sys\nsys.exit(40 + int(os.environ['VELVET_INSIDE']) + len(sys.argv))\n"
    (package / "__main__.py").write_text(code, encoding="utf-8")
    again = (
        "import sys; from pathlib import Path; from velvet.bootstrap import rerun; "
        f"import os; os.chdir({str(tmp_path)!r}); "
        "sys.exit(rerun(Path(sys.executable), ['list']))"
    )

    assert subprocess.run([sys.executable, "-c", again], check=False).returncode == 43


def test_a_python_with_nothing_installed_names_the_way_out(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", "bench", "ui")
    shutil.copytree(PACKAGE, tmp_path / "velvet", ignore=ignored)
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
    assert done.stderr.startswith("the command needs click: run `python3 -m velvet start`")
    assert "Traceback" not in done.stderr
