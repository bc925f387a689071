"""From nothing but Python to a working environment: ``python3 -m velvet start``.

Standard library only, because nothing else is there yet. One `.venv` in the clone serves every
module. A stamp inside it records where it was made, what is installed and whether an
installation is under way, so that one that was moved or interrupted is recognised and made
again. A lock lets two starts at once wait for each other.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from velvet.installer import SetupFailed, estimate, install, installed, merged, run

OLDEST = (3, 10)
SETS_UP = ("start", "test")
INSIDE = "VELVET_INSIDE"
# Options of those two whose value is a word of its own, and no module's name.
WITH_VALUE = ("--port", "-j", "--jobs", "--fail-under")
FLAGSHIP = "concurrency"
STAMP = "velvet-installed.json"


def main(words: list[str]) -> int:
    """Run the command, inside `.venv` where the command sets itself up; returns its exit code."""
    root = Path(__file__).resolve().parent.parent
    inside = os.environ.pop(INSIDE, None) is not None
    in_clone = (root / "pyproject.toml").is_file()
    try:
        asked = words[:1] and words[0] in SETS_UP and not {"-h", "--help"} & set(words)
        if asked and in_clone and not inside:
            signal.signal(signal.SIGTERM, _interrupt)
            return rerun(prepare(root, words[0], modules_in(words)), words)
        python = interpreter(root / ".venv")
        if not inside and not _installed() and python.exists():
            return rerun(python, words)
    except SetupFailed as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nstopped; run the same command again to continue", file=sys.stderr)
        return 130
    try:
        from velvet.cli import main as command
    except ModuleNotFoundError as error:
        print(
            f"the command needs {error.name}: run `python3 -m velvet start`, "
            "or `pip install -r requirements-dev.txt`",
            file=sys.stderr,
        )
        return 1
    command(prog_name="velvet")
    return 0


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _installed() -> bool:
    # Not by `importlib.metadata`, whose import every command would pay for.
    places = [Path(place) for place in sys.path if place.endswith("-packages")]
    return any(any(place.glob("velvet_python-*.dist-info")) for place in places)


def rerun(python: Path, words: list[str]) -> int:
    """Run this command again with another Python, in place of this process where that is possible."""
    environment = {**os.environ, INSIDE: "1"}
    argv = [str(python), "-m", "velvet", *words]
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(argv[0], argv, environment)  # noqa: S606 - no shell is wanted
    process = subprocess.Popen(argv, env=environment)
    while True:
        # Ctrl-C reaches the child too; it tidies up and ends by itself.
        with contextlib.suppress(KeyboardInterrupt):
            return process.wait()


def modules_in(words: list[str]) -> list[str]:
    """Return the words of `start` or `test` that name modules."""
    return [
        word
        for before, word in itertools.pairwise(words)
        if not word.startswith("-") and before not in WITH_VALUE
    ]


def numbered(root: Path) -> list[Path]:
    """Return the module folders of a clone, in order."""
    return sorted(path for path in root.glob("[0-9][0-9]-*") if path.is_dir())


def folders(root: Path, words: list[str]) -> list[Path]:
    """Return the module folders that words such as ``9``, ``09`` or ``concurrency`` mean.

    A word that means none or several of them is a SetupFailed.
    """
    known = numbered(root)
    chosen = []
    for word in words:
        text = word.strip("/\\").lower()
        hits = [path for path in known if text.isdigit() and int(path.name[:2]) == int(text)]
        hits = hits or [path for path in known if text in (path.name, path.name[3:])]
        hits = hits or [path for path in known if text and path.name[3:].startswith(text)]
        if len(hits) != 1:
            close = difflib.get_close_matches(text, [path.name[3:] for path in known], n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            have = ", ".join(path.name for path in known)
            raise SetupFailed(f"there is no module {word!r} here.{hint} Known are: {have}", 2)
        chosen.extend(hits)
    return chosen


def prepare(root: Path, command: str, words: list[str]) -> Path:
    """Install what `start` or `test` needs for the named modules (all by default)."""
    if command == "test" and not words:
        files = [root / "requirements-dev.txt", *(f / "requirements.txt" for f in numbered(root))]
    else:
        files = [f / "requirements.txt" for f in folders(root, words or [FLAGSHIP])]
    return Environment(root).ensure([file for file in files if file.is_file()])


def interpreter(environment: Path) -> Path:
    """Return the Python of a virtual environment."""
    if os.name == "nt":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[int]:
    """Wait until no other process sets up this clone; the system frees the lock after a crash.

    Yields the lock's file descriptor; a child that inherits it holds the lock, too.
    """
    try:
        (root / ".velvet").mkdir(exist_ok=True)
        file = (root / ".velvet" / "setup.lock").open("ab")
    except OSError:
        said = f"this folder cannot be written: {root}; clone into a folder of yours"
        raise SetupFailed(said) from None
    told = False
    with file:  # an interrupt anywhere closes it, and the lock goes with it
        while not _locked(file.fileno()):
            if not told:
                print("waiting for another velvet command that is setting up .venv", flush=True)
            told = True
            time.sleep(0.2)
        yield file.fileno()


def _locked(lock: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # Windows
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks: better together than never
        return True
    return True


class Environment:
    """The `.venv` of a clone: made, completed, and made again when it is not whole."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = interpreter(self.folder)

    def ensure(self, files: list[Path]) -> Path:
        """Return its Python once everything in these requirements files is installed.

        Else it raises SetupFailed, and nothing half-made is taken for whole.
        """
        if self.lacking(files):
            with one_at_a_time(self.root) as lock:
                self._repair()
                lacking = self.lacking(files)  # another start may have done it meanwhile
                if lacking:
                    self._complete(lacking, lock)
        return self.python

    def lacking(self, files: list[Path]) -> list[Path]:
        """Return the requirements files whose packages are not known to be there."""
        known, version = self._stamp().get("sets", {}), self._version()
        if self.trouble(version):
            return files
        return [file for file in files if known.get(self._key(file)) != self._digest(file, version)]

    def trouble(self, version: str) -> str:
        """Return why it cannot be used, or nothing."""
        stamp = self._stamp()
        if stamp.get("root", str(self.root)) != str(self.root):
            return "was made in another folder"
        if "installing" in stamp and stamp["installing"] != self._contents():
            return "holds an interrupted installation"
        if not version:
            return "is not whole"
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            return f"is of Python {version}"
        if not stamp and not shutil.which("uv") and not self._answers("-m", "pip", "--version"):
            return "has no pip"
        return ""

    def _answers(self, *words: str) -> str:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(
                [str(self.python), "-I", *words], capture_output=True, timeout=60, check=False
            )
            return "" if done.returncode else done.stdout.decode(errors="replace").strip()
        return ""

    def _version(self) -> str:
        ask = "import sys; print(sys.prefix, '%d.%d.%d' % sys.version_info[:3])"
        said = self._answers("-c", ask)
        prefix, _, version = said.rpartition(" ")
        return version if prefix and Path(prefix).resolve() == self.folder.resolve() else ""

    def _repair(self) -> None:
        version = self._version()
        trouble = self.trouble(version)
        if not trouble:
            running = "{}.{}.{}".format(*sys.version_info[:3])
            if version != running:
                way = f"to use {running}, delete .venv first"
                print(f"using .venv, whose Python is {version}; {way}")
            return
        if self.folder.is_symlink() or (self.folder.exists() and not self.folder.is_dir()):
            raise SetupFailed(
                f".venv {trouble}: it is a link or a file, and the environment must be a folder "
                "of this clone; remove it and run the same command again"
            )
        if self.folder.exists():
            print(f"repairing .venv, which {trouble}", flush=True)
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print("making the environment .venv", flush=True)
        self._make()
        self._write({"root": str(self.root), "sets": {}})

    def _make(self) -> None:
        # From inside an environment that is replaced, its own Python would be gone.
        base = getattr(sys, "_base_executable", None) or sys.executable
        said = run([base, "-I", "-m", "venv", str(self.folder)])
        uv = shutil.which("uv")
        if said and uv:  # Debian's Python has no ensurepip; uv brings its own
            shutil.rmtree(self.folder, ignore_errors=True)
            said = run([uv, "venv", "--seed", "--python", base, str(self.folder)])
        if not said:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        if "ensurepip" in said or "No module named venv" in said:
            raise SetupFailed(
                "this Python has no venv/ensurepip; on Debian and Ubuntu: apt install python3-venv"
            )
        raise SetupFailed(f"the virtual environment could not be made: {said.splitlines()[-1]}")

    def _complete(self, files: list[Path], lock: int) -> None:
        own, extras = merged(files)
        fetch_mb, disk_mb = estimate(own, extras)
        free = shutil.disk_usage(self.root).free // 2**20
        if free < disk_mb:
            raise SetupFailed(
                f"only {free} MB are free here and about {disk_mb} are needed; "
                "make room and run it again"
            )
        names = ", ".join(self._key(file) for file in files)
        print(
            f"installing for {names}: roughly {fetch_mb} MB to fetch (less what is cached), "
            f"{disk_mb} MB on disk",
            flush=True,
        )
        stamp, version = self._stamp(), self._version()
        self._write({**stamp, "installing": self._contents()})
        began = time.monotonic()
        install(self.root, self.python, own, extras, lock)
        done = {self._key(file): self._digest(file, version) for file in files}
        self._write({"root": str(self.root), "sets": {**stamp.get("sets", {}), **done}})
        count, seconds = len(installed(self.folder)), time.monotonic() - began
        print(f"environment ready ({count} packages, {seconds:.0f} s)", flush=True)

    def _contents(self) -> str:
        found = [(path.name, path.stat().st_mtime_ns) for path in installed(self.folder)]
        return hashlib.sha256(repr(found).encode()).hexdigest()

    def _key(self, file: Path) -> str:
        return "development" if file.parent == self.root else file.parent.name

    def _digest(self, file: Path, version: str) -> str:
        # The module folders count, because an editable install puts each on the path.
        digest = hashlib.sha256(repr([version, *map(str, numbered(self.root))]).encode())
        for path in ("pyproject.toml", "hatch_build.py", "constraints.txt", file):
            with contextlib.suppress(FileNotFoundError):
                digest.update((self.root / path).read_bytes())
        return digest.hexdigest()

    def _stamp(self) -> dict[str, Any]:
        try:
            stamp = json.loads((self.folder / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _write(self, stamp: dict[str, Any]) -> None:
        temporary = self.folder / (STAMP + ".new")
        temporary.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
        temporary.replace(self.folder / STAMP)
