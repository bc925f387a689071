"""The quick start by hand: the README's own lines, read always, run on demand.

Running them takes minutes and the network, so it is asked for by a variable:
`VELVET_QUICKSTART=1` runs every line as it stands, `VELVET_QUICKSTART=quick` adds `--quick` to
the benchmark's line.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIRST = ("python -m venv .venv", "python3 -m venv .venv")
WANTED = os.environ.get("VELVET_QUICKSTART", "")
ANSWER_SECONDS = 120.0
# What the quick start cannot do without, in the order in which it must be done.
STEPS = (
    "-m venv .venv",
    "activate",
    "pip install -U pip wheel setuptools",
    "pip install -r requirements-dev.txt",
    "cd 09-concurrency",
    "pip install -r requirements.txt",
    "python examples/basic.py",
    "streamlit run app.py",
    "python benchmarks/measure.py",
    "pytest tests/ -v --cov=src --cov-report=html",
)


def block(text: str) -> list[str]:
    """Return the commands of the fenced block that makes the environment, from there on.

    What comes before, `git clone` and the `cd` into the clone, has been done by whoever reads this.
    """
    for body in re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        lines = [shlex.join(shlex.split(line, comments=True)) for line in body.splitlines()]
        commands = [line for line in lines if line]
        while commands and commands[0].startswith(("git clone ", "cd ")):
            commands.pop(0)
        if commands and commands[0] in FIRST:
            return commands
    raise AssertionError(f"README.md has no fenced block that begins with `{FIRST[0]}`")


def quick_start() -> list[str]:
    return block((ROOT / "README.md").read_text(encoding="utf-8"))


def places(commands: list[str]) -> list[tuple[Path, list[str]]]:
    """Return each command's words with the folder in which it is run, following every `cd`."""
    folder, found = ROOT, []
    for command in commands:
        words = shlex.split(command)
        found.append((folder, words))
        if words[0] == "cd":
            folder = folder / words[1]
    return found


def named_files(words: list[str]) -> list[str]:
    """Return the words of a command that name something in the repository."""
    if words[0] == "cd" or words[:2] == ["streamlit", "run"]:
        return words[-1:]
    if words[0] == "pytest":
        return [word for word in words[1:] if not word.startswith("-")]
    return [word for word in words[1:] if word.endswith((".py", ".txt"))]


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("before", ["", "git clone REPOSITORY velvet\ncd velvet\n"])
def test_a_block_is_found_by_its_first_line_and_read_without_comments(first, before):
    text = f"```sh\nls\n```\n```sh\n# first\n{before}{first}  # here\n\ncd x\n```\n"

    assert block(text) == [first, "cd x"]


def test_a_readme_without_the_block_is_reported():
    with pytest.raises(AssertionError, match="no fenced block that begins with"):
        block("```sh\nls\n```\n")


def test_the_quick_start_has_every_step_in_order():
    text = "\n".join(quick_start())

    found = [text.find(step) for step in STEPS]
    assert -1 not in found, STEPS[found.index(-1)]
    assert found == sorted(found)


def test_every_line_of_the_quick_start_names_files_that_exist():
    missing = [
        f"{' '.join(words)}: {name}"
        for folder, words in places(quick_start())
        for name in named_files(words)
        if words[0] not in ("source", ".") and not (folder / name).exists()
    ]

    assert missing == []


def test_most_lines_of_the_quick_start_name_a_file():
    naming = [words for _, words in places(quick_start()) if named_files(words)]

    assert len(naming) >= len(STEPS) - 3


class Session:
    """A reader at a shell: a folder, an environment, one line after the other."""

    def __init__(self, clone: Path) -> None:
        self.folder = clone
        own = ("PYTHON", "VIRTUAL_ENV", "COV_", "PYTEST_", "VELVET_INSIDE", "VELVET_QUICKSTART")
        self.env = {name: text for name, text in os.environ.items() if not name.startswith(own)}
        self._in_front(Path(sys.executable).parent)

    def _in_front(self, folder: Path) -> None:
        self.env["PATH"] = f"{folder}{os.pathsep}{self.env['PATH']}"

    def type(self, command: str) -> None:
        """Do what the line says; a line that fails ends the test with what it printed."""
        words = shlex.split(command)
        if words[0] == "cd":
            self.folder = self.folder / words[1]
        elif "activate" in words[-1]:
            self._activate()
        elif words[0] == "streamlit":
            self._serve(words)
        else:
            self._run(words)

    def _activate(self) -> None:
        environment = self.folder / ".venv"
        scripts = environment / ("Scripts" if os.name == "nt" else "bin")
        assert (scripts / "activate").exists()
        self.env["VIRTUAL_ENV"] = str(environment)
        self._in_front(scripts)

    def _argv(self, words: list[str]) -> list[str]:
        program = shutil.which(words[0], path=self.env["PATH"])
        assert program is not None, f"{words[0]} is not there"
        if os.name == "nt" and words[:2] == ["pip", "install"]:
            return [str(Path(program).with_name("python.exe")), "-m", *words]
        return [program, *words[1:]]

    def _run(self, words: list[str]) -> None:
        done = subprocess.run(
            self._argv(words),
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said = done.stdout.decode("utf-8", errors="replace")
        assert done.returncode == 0, f"{' '.join(words)}\n{said[-6000:]}"

    def _serve(self, words: list[str]) -> None:
        """Start the dashboard as the line stands and end it once it answers."""
        # Streamlit asks a new user for an address on its first start; a variable says no.
        answers = {"HEADLESS": "true", "PORT": "8599", "ADDRESS": "127.0.0.1"}
        env = self.env | {f"STREAMLIT_SERVER_{name}": text for name, text in answers.items()}
        process = subprocess.Popen(self._argv(words), cwd=self.folder, env=env)
        deadline = time.monotonic() + ANSWER_SECONDS
        try:
            while not _answers("http://127.0.0.1:8599/_stcore/health"):
                assert process.poll() is None, f"ended with exit code {process.returncode}"
                assert time.monotonic() < deadline, "the dashboard did not answer"
                time.sleep(0.2)
        finally:
            process.terminate()
            process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files of this repository, as a fresh clone would hold them."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True).stdout.decode("utf-8")
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            target = tmp_path / "clone" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return tmp_path / "clone"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(
    not WANTED, reason="takes minutes and the network; VELVET_QUICKSTART=1 (or quick) runs it"
)
def test_the_quick_start_works_as_it_stands(clone):
    session = Session(clone)

    for command in quick_start():
        added = " --quick" if WANTED == "quick" and command.endswith("measure.py") else ""
        session.type(command + added)

    assert (session.folder / "htmlcov" / "index.html").is_file()
