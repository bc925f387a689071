"""How packages come into the environment: one resolve and one installation for several files.

With uv where it is present, else with the environment's own pip. Standard library only, like
`velvet.bootstrap`. The user's settings say where packages come from (index, proxy, certificate)
and never where they go. One progress line stands for the installer's log.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

LINE_EVERY_S = 5.0  # where the output is no terminal
_EDITABLE = re.compile(r"-e\s+\.\.?(?:\[([^\]]*)\])?$")
# Of the user's PIP_* and UV_* settings, those that say where packages come from, and no other.
_KEPT = (
    *("INDEX", "FIND_LINKS", "PROXY", "CERT", "TLS", "TRUSTED_HOST", "INSECURE_HOST", "KEYRING"),
    *("TIMEOUT", "RETRIES", "CACHE", "OFFLINE", "CONFIG_FILE", "LINK_MODE", "CONCURRENT"),
)
_NOT_INHERITED = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__")


class SetupFailed(Exception):
    """The environment cannot be made; the message is one sentence with the way out."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def run(command: list[str]) -> str:
    """Run a program to its end; returns what it said when it failed, else nothing."""
    pipe, env = subprocess.PIPE, _environment()
    done = subprocess.run(command, env=env, check=False, stdout=pipe, stderr=subprocess.STDOUT)
    said = done.stdout.decode(errors="replace").strip()
    return (said or "no reason given") if done.returncode else ""


def _environment() -> dict[str, str]:
    """Return the installer's environment: the user's, without what would change the target."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_INHERITED
        and (not name.startswith(("PIP_", "UV_")) or any(word in name for word in _KEPT))
    }
    return {**kept, "PIP_USER": "0"}  # also against `user = true` in a configuration file


def installed(environment: Path) -> list[Path]:
    """Return the metadata folders of the packages in an environment."""
    patterns = ("lib/python*/site-packages/*.dist-info", "Lib/site-packages/*.dist-info")
    return sorted({path.resolve() for pattern in patterns for path in environment.glob(pattern)})


def merged(files: list[Path]) -> tuple[list[str], list[str]]:
    """Return the requirements of several files, and the extras of this project, merged.

    ``-e ..`` means the parent of the current folder, so it cannot stand in a common file.
    """
    own, extras = set[str](), set[str]()
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            text = re.sub(r"(^|\s)#.*", "", line).strip()
            editable = _EDITABLE.match(text)
            if editable:
                extras.update(part.strip() for part in (editable.group(1) or "").split(","))
            elif text:
                own.add(text)
    return sorted(own), sorted(extras - {""})


def estimate(own: list[str], extras: list[str]) -> tuple[int, int]:
    """Return roughly how many MB are fetched and needed on the disk; a class, no promise."""
    # Measured once on Linux: toolkit with its dashboard and tests, with servers, with the tools.
    fetch = 110 + 50 * ("services" in extras) + 70 * ("verify" in extras) + 3 * len(own)
    return round(fetch, -1), 10 * round(fetch * 0.45)


def installing(python: Path) -> list[str]:
    """Return the command that installs into an environment, without what it is to install."""
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", str(python)]
    pip = [str(python), "-I", "-m", "pip", "install"]
    return [*pip, "--progress-bar", "off", "--disable-pip-version-check"]


def install(root: Path, python: Path, own: list[str], extras: list[str], lock: int) -> None:
    """Install this project with its extras, and the requirements of modules, in one call.

    SetupFailed says what the installer said last. The installer inherits the descriptor `lock`, so
    that one that outlives us keeps it.
    """
    command = installing(python)
    with tempfile.TemporaryDirectory() as scratch:
        together = Path(scratch) / "requirements.txt"
        together.write_text("\n".join(own), encoding="utf-8")
        # Relative on the command line, because no requirements file can quote a path alike for both.
        command += ["-e", f".[{','.join(extras)}]", "-r", str(together)]
        if (root / "constraints.txt").exists():
            command += ["-c", "constraints.txt"]
        process = subprocess.Popen(
            command,
            cwd=root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(lock,) if os.name == "posix" else (),
        )
        progress = Progress(python.parent.parent)
        try:
            code = progress.follow(process)
        except BaseException:
            _end(process)
            raise
    if code:
        raise SetupFailed(explain(progress.said))


def _end(process: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        process.send_signal(signal.SIGINT)  # pip then removes its temporary folders
    try:
        process.wait(timeout=5 if os.name == "posix" else 0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class Progress:
    """What an installer has done so far, in one line that is written again and again."""

    def __init__(self, environment: Path) -> None:
        self.environment = environment
        self.began = time.monotonic()
        self.before = len(installed(environment))
        self.said = ""
        self.collected = self.total = 0
        self._shown = self.began

    def follow(self, process: subprocess.Popen[bytes]) -> int:
        """Show the progress of an installer until it ends; returns its exit code."""
        reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        reader.start()
        while True:
            try:
                code = process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                self._show()
                continue
            reader.join(timeout=5)
            if sys.stdout.isatty():
                _tell("\r" + " " * 78 + "\r")
            return code

    def _read(self, lines: IO[bytes]) -> None:
        with lines:
            for line in lines:
                text = line.decode(errors="replace").strip()
                self.said = (self.said + text + "\n")[-20_000:]
                self.heed(text)

    def heed(self, line: str) -> None:
        """Learn from one line of pip or uv how many packages there are."""
        first, _, rest = line.partition(" ")
        if first in ("Collecting", "Downloading"):
            self.collected += first == "Collecting"
        elif line.startswith("Installing collected packages:"):
            self.total = rest.count(",") + 1
        elif first in ("Resolved", "Prepared"):
            self.total = int(rest.split()[0])

    @property
    def line(self) -> str:
        """How far it is, in words."""
        seconds = f"{time.monotonic() - self.began:.0f} s"
        if not self.total:
            return f"finding packages: {self.collected} so far, {seconds}"
        done = len(installed(self.environment)) - self.before
        verb = "installing" if done > 0 else "fetching"
        return f"{verb}: {max(done, 0)} of {self.total} packages, {seconds}"

    def _show(self) -> None:
        now = time.monotonic()
        if sys.stdout.isatty():
            _tell("\r  " + self.line.ljust(76))
        elif now - self._shown >= LINE_EVERY_S:
            self._shown = now
            _tell(f"  {self.line}\n")


_OFFLINE = (
    *("name resolution", "dns error", "failed to establish a new connection", "getaddrinfo"),
    *("connection refused", "network is unreachable", "error sending request", "connect error"),
    *("could not connect", "newconnectionerror", "nameresolutionerror"),
)


def explain(said: str) -> str:
    """Turn what an installer said into one sentence with the way out."""
    low = said.lower()
    lines = said.strip().splitlines() or ["no reason given"]
    if "no space left" in low:
        return "the disk is full; make room and run it again"
    if any(sign in low for sign in _OFFLINE):
        return "the package index was not reached; connect to the network and run it again"
    if "permission denied" in low:
        return "the environment cannot be written; clone into a folder of yours"
    unmet = [text for text in lines if re.search("no matching|no solution", text, re.IGNORECASE)]
    if unmet:
        return f"a requirement cannot be met (or the network is down): {unmet[-1].strip()[:300]}"
    return f"the installation failed: {lines[-1].strip()[:300]}"
