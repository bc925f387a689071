"""A tool without its user: private home and caches, no inherited settings, an end in time.

What a user configured years ago (an extra index, a keyring, a cache on another disk) changes what a
tool does and how long it takes. So a tool starts from an empty environment, to which only what the
operating system needs is added, and ends with everything that it started.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from velvet_environments.errors import ToolFailed, ToolTimeout
from velvet_environments.indexserver import IndexServer, Request, Stats

# What Windows and the C library need to start a process at all.
_KEEP = ("SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS", "LD_LIBRARY_PATH")
_SCRUBBED = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_TRUSTED_HOST": "127.0.0.1",  # pip caches nothing from plain HTTP without it
    "UV_NO_CONFIG": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    "VIRTUALENV_NO_PERIODIC_UPDATE": "1",  # a child of its own that asks the public index later
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    "POETRY_VIRTUALENVS_IN_PROJECT": "true",
    "POETRY_NO_INTERACTION": "1",
    "PDM_CHECK_UPDATE": "0",
    "PIPENV_VENV_IN_PROJECT": "1",
    "PIPENV_NOSPIN": "1",
    "PYTHONUTF8": "1",
    "NO_COLOR": "1",
    "LANG": "C.UTF-8",
    "COLUMNS": "200",
}
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Outcome:
    """How a tool ended.

    Attributes:
        wall_s: seconds on the clock.
        requests: what the index answered meanwhile.
    """

    argv: tuple[str, ...]
    rc: int
    wall_s: float
    stdout: str
    stderr: str
    requests: tuple[Request, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it ended with success."""
        return self.rc == 0

    @property
    def stats(self) -> Stats:
        """Counts over the requests."""
        return Stats.of(list(self.requests))

    @property
    def text(self) -> str:
        """Both outputs."""
        return self.stdout + self.stderr

    def demand(self) -> Outcome:
        """Return itself after a success.

        Raises:
            ToolFailed: it ended with another exit code than 0.
        """
        if self.ok:
            return self
        last = [line for line in self.text.splitlines() if line.strip()][-8:]
        name = " ".join([Path(self.argv[0]).name, *self.argv[1:3]])
        raise ToolFailed(f"{name} ended with {self.rc}: " + " | ".join(last))

    def then(self, later: Outcome) -> Outcome:
        """Return two outcomes as one: the times added, the later exit code."""
        return replace(
            later,
            wall_s=self.wall_s + later.wall_s,
            stdout=self.stdout + later.stdout,
            stderr=self.stderr + later.stderr,
            requests=self.requests + later.requests,
        )


def end_group(child: subprocess.Popen[str]) -> None:
    """End a child and all that it started; the child was the first of its own group."""
    if sys.platform == "win32":
        argv = ["taskkill", "/F", "/T", "/PID", str(child.pid)]
        subprocess.run(argv, check=False, capture_output=True)
        return
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it ended by itself


class Sandbox:
    """A folder with a home, a temporary folder and the caches of whatever runs in it.

    Args:
        root: kept short, because Windows ends paths at 260 characters.
        server: the index whose requests are added to outcomes.
    """

    def __init__(self, root: Path, *, server: IndexServer | None = None) -> None:
        self.root = root.resolve()
        self.server = server
        self.home = self.root / "h"
        self.temp = self.root / "t"
        for folder in (self.home, self.temp):
            folder.mkdir(parents=True, exist_ok=True)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables that a tool sees."""
        home = str(self.home)
        system = os.defpath if sys.platform != "win32" else os.environ.get("PATH", "")
        own = {
            "HOME": home,
            "USERPROFILE": home,
            "APPDATA": str(self.home / "roaming"),
            "LOCALAPPDATA": str(self.home / "local"),
            "XDG_CACHE_HOME": str(self.cache),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_DATA_HOME": str(self.home / "share"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "UV_CACHE_DIR": str(self.cache / "uv"),
            "PIP_CACHE_DIR": str(self.cache / "pip"),
            "TMPDIR": str(self.temp),
            "TEMP": str(self.temp),
            "TMP": str(self.temp),
            "PATH": system,
        }
        kept = {name: os.environ[name] for name in _KEEP if name in os.environ}
        return {**kept, **_SCRUBBED, **own, **(extra or {})}

    @property
    def cache(self) -> Path:
        """Where tools keep what they downloaded."""
        return self.home / "cache"

    def clear_cache(self) -> None:
        """Remove the caches: the next run is cold."""
        if self.cache.exists():
            shutil.rmtree(self.cache)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        timeout_s: float = TIMEOUT_S,
        env: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a program to its end.

        Raises:
            ToolTimeout: it took longer; it and its children are gone.
        """
        words = [str(word) for word in argv]
        mark = len(self.server.log) if self.server else 0
        begun = time.perf_counter()
        child = subprocess.Popen(
            words,
            cwd=cwd or self.root,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=sys.platform != "win32",
        )
        try:
            out, err = child.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise ToolTimeout(words, timeout_s) from None
        finally:
            if child.poll() is None:
                end_group(child)
                child.communicate()
        wall = time.perf_counter() - begun
        requests = tuple(self.server.log[mark:]) if self.server else ()
        return Outcome(tuple(words), child.returncode, wall, out, err, requests)
