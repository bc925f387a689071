"""From nothing but Python to a working environment: ``python3 -m velvet start``.

Standard library only, because nothing else is there yet. Makes `.venv` in the clone,
installs what the command needs (with uv where it is present, else pip), remembers by a
fingerprint of the project's own files that it did, and runs the command inside. A half-made
environment is recognised and made again.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (3, 10)
NEEDED_MB = 1500
STAMP = "velvet-installed"


class SetupFailed(Exception):
    """The environment cannot be made; the message is one sentence with the way out."""


def supported(version: "tuple[int, ...]") -> None:
    """Refuse a Python that is too old.

    Raises:
        SetupFailed: it is older than 3.10.
    """
    if tuple(version[:2]) < OLDEST:
        found = ".".join(str(part) for part in version[:2])
        raise SetupFailed(
            f"Velvet Python needs Python 3.10 or newer, this is {found}; "
            "run the same command with python3.12, for example"
        )


def interpreter(environment: Path) -> Path:
    """Return the Python of a virtual environment."""
    if os.name == "nt":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def fingerprint(root: Path, requirements: Path) -> str:
    """Return a digest of everything that decides what is installed."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (root / "pyproject.toml", root / "constraints.txt", requirements):
        if path.exists():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def works(environment: Path) -> bool:
    """Whether an environment's Python starts; a half-made or moved one does not."""
    try:
        done = subprocess.run(
            [str(interpreter(environment)), "-c", "import sys; print(sys.prefix)"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    prefix = done.stdout.decode(errors="replace").strip()
    return done.returncode == 0 and Path(prefix).resolve() == environment.resolve()


def make(environment: Path) -> None:
    """Create a virtual environment, replacing a broken one.

    Raises:
        SetupFailed: venv or ensurepip is missing, the folder cannot be written, the disk is full.
    """
    if environment.exists():
        print(f"repairing the half-made environment in {environment.name}", flush=True)
        shutil.rmtree(environment, ignore_errors=True)
    try:
        free = shutil.disk_usage(environment.parent).free // 2**20
    except OSError as error:
        raise SetupFailed(f"{environment.parent} cannot be read: {error}") from None
    if free < NEEDED_MB:
        raise SetupFailed(
            f"only {free} MB are free here and about {NEEDED_MB} are needed; make room and run it again"
        )
    if not os.access(str(environment.parent), os.W_OK):
        raise SetupFailed(
            f"this folder cannot be written: {environment.parent}; clone into a folder of yours"
        )
    command = [sys.executable, "-m", "venv", str(environment)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        return
    said = done.stdout.decode(errors="replace")
    shutil.rmtree(environment, ignore_errors=True)
    if "ensurepip" in said or "No module named venv" in said:
        raise SetupFailed(
            "this Python has no venv/ensurepip; on Debian and Ubuntu: apt install python3-venv"
        )
    last = (said.strip().splitlines() or ["no reason given"])[-1]
    raise SetupFailed(f"the virtual environment could not be made: {last}")


def installer(environment: Path) -> "list[str]":
    """Return the install command: uv where it is present, else the environment's own pip."""
    uv = shutil.which("uv")
    python = str(interpreter(environment))
    if uv:
        return [uv, "pip", "install", "--python", python]
    return [python, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]


def install(environment: Path, root: Path, folder: Path, requirements: Path) -> None:
    """Install a requirements file from its own folder, with a line per step.

    Raises:
        SetupFailed: no network, a full disk, or whatever the installer said last.
    """
    command = [*installer(environment), "-r", requirements.name]
    constraints = root / "constraints.txt"
    if constraints.exists():
        command += ["-c", os.path.relpath(str(constraints), str(folder))]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=str(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                log.write(line)
                text = line.decode(errors="replace").strip()
                if text.split(" ")[0] in (
                    "Collecting",
                    "Downloading",
                    "Installing",
                    "Resolved",
                    "Prepared",
                    "Installed",
                    "Building",
                ):
                    print("  " + text[:100], flush=True)
        except KeyboardInterrupt:
            process.kill()
            process.wait()
            process.stdout.close()
            raise
        code = process.wait()
        process.stdout.close()
        if code == 0:
            return
        log.seek(0)
        said = log.read().decode(errors="replace")
    raise SetupFailed(explain(said))


def explain(said: str) -> str:
    """Turn what an installer said into one sentence with the way out."""
    low = said.lower()
    offline = (
        "name resolution",
        "dns error",
        "failed to establish a new connection",
        "connection refused",
        "network is unreachable",
        "error sending request",
        "could not connect",
        "connect error",
        "getaddrinfo",
    )
    if "no space left" in low:
        return "the disk is full; make room and run it again"
    if any(sign in low for sign in offline):
        return "the package index was not reached; connect to the network and run it again"
    if "permission denied" in low:
        return "the environment cannot be written; clone into a folder of yours"
    if "no matching distribution" in low or "no solution found" in low:
        lines = [
            line.strip()
            for line in said.splitlines()
            if "matching" in line.lower() or "solution" in line.lower()
        ]
        return f"a requirement cannot be met (or the network is down): {lines[-1][:300]}"
    lines = said.strip().splitlines() or ["no reason given"]
    return f"the installation failed: {lines[-1][:300]}"


def ensure(root: Path, folder: Path, requirements: Path) -> Path:
    """Return the Python of a complete `.venv`, making or completing it when needed.

    Raises:
        SetupFailed: it cannot be made; nothing half-made is taken for whole.
    """
    supported(tuple(sys.version_info[:2]))
    environment = root / ".venv"
    stamp = environment / STAMP
    wanted = fingerprint(root, requirements)
    key = requirements.parent.name if requirements.parent != root else "root"
    known = _stamps(stamp)
    if known.get(key) == wanted and works(environment):
        return interpreter(environment)
    if not works(environment):
        print("making the environment .venv", flush=True)
        make(environment)
        known = {}
    print(f"installing what {requirements.relative_to(root)} needs", flush=True)
    install(environment, root, folder, requirements)
    known[key] = wanted
    temporary = stamp.with_name(STAMP + ".new")
    temporary.write_text("".join("{} {}\n".format(*item) for item in sorted(known.items())))
    temporary.replace(stamp)
    return interpreter(environment)


def _stamps(stamp: Path) -> "dict[str, str]":
    try:
        lines = stamp.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return dict(line.split(" ", 1) for line in lines if line.count(" ") == 1)


def numbered(root: Path) -> "list[Path]":
    """Return the module folders of a clone, in order."""
    return sorted(
        path
        for path in root.iterdir()
        if path.is_dir() and path.name[:2].isdigit() and path.name[2:3] == "-"
    )


def folders(root: Path, words: "list[str]") -> "list[Path]":
    """Return the module folders that words such as ``9``, ``09`` or ``concurrency`` mean.

    Raises:
        SetupFailed: a word means none or several of them.
    """
    known = numbered(root)
    chosen = []
    for word in words:
        text = word.strip("/\\").lower()
        hits = [path for path in known if text.isdigit() and int(path.name[:2]) == int(text)]
        hits = hits or [path for path in known if path.name == text or path.name[3:] == text]
        hits = hits or [path for path in known if text and path.name[3:].startswith(text)]
        if len(hits) != 1:
            import difflib

            names = [path.name[3:] for path in known]
            close = difflib.get_close_matches(text, names, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            have = ", ".join(path.name for path in known)
            raise SetupFailed(f"there is no module {word!r} here.{hint} Known are: {have}")
        chosen.extend(hits)
    return chosen


def prepare(root: Path, command: str, words: "list[str]") -> Path:
    """Install what `start` or `test` needs for the named modules (all by default).

    Raises:
        SetupFailed: see `ensure` and `folders`.
    """
    supported(tuple(sys.version_info[:2]))
    chosen = folders(root, words)
    if not chosen and command == "test":
        ensure(root, root, root / "requirements-dev.txt")
        chosen = [path for path in numbered(root) if (path / "requirements.txt").is_file()]
    if not chosen:
        chosen = folders(root, ["concurrency"])
    python = interpreter(root / ".venv")
    for folder in chosen:
        python = ensure(root, folder, folder / "requirements.txt")
    return python
