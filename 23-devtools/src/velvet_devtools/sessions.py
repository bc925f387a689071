"""One check, started by five runners: a plain script, pre-commit, nox, tox, and a task of an editor.

Each makes its files from the same words, so that what is compared is the runner. Hooks are local
(`repo: local`), because a hook that is cloned needs a network on the first run; nox and tox take the
interpreter that is there and build no package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from velvet_devtools import process
from velvet_devtools.bump import git

FILES: Mapping[str, Mapping[str, str]] = {
    "script": {},
    "nox": {
        "noxfile.py": (
            "import nox\n\n\n@nox.session(venv_backend='none')\ndef check(session):\n"
            "    session.run({words}, external=True)\n"
        )
    },
    "tox": {
        "tox.ini": (
            "[tox]\nenv_list = check\nskipsdist = true\n\n[testenv:check]\nskip_install = true\n"
            "allowlist_externals = *\ncommands = {line}\n"
        )
    },
    "pre-commit": {
        ".pre-commit-config.yaml": (
            "repos:\n- repo: local\n  hooks:\n  - id: check\n    name: check\n    entry: '{line}'\n"
            "    language: system\n    pass_filenames: false\n    always_run: true\n"
        )
    },
}
CALLS: Mapping[str, Sequence[str]] = {
    "nox": ("--no-error-on-missing-interpreters", "-s", "check"),
    "tox": ("run", "-q", "-e", "check"),
    "pre-commit": ("run", "--all-files"),
}


def prepare(runner: str, folder: Path, words: Sequence[str]) -> list[str]:
    """Write a runner's files for one command and return how to start it.

    Raises:
        ValueError: there is no such runner.
        ToolMissing: it is not installed.
    """
    if runner not in FILES:
        raise ValueError(f"runners are {', '.join(FILES)}, not {runner!r}")
    quoted, line = ", ".join(map(repr, words)), " ".join(
        word.replace(os.sep, "/") for word in words
    )
    for name, text in FILES[runner].items():
        (folder / name).write_text(text.format(words=quoted, line=line), encoding="utf-8")
    if runner == "script":
        return list(words)
    if runner == "pre-commit":
        git(folder, "init", "--quiet")
        git(folder, "add", "--all")
    return [process.need(runner), *CALLS[runner]]


def start(
    runner: str, folder: Path, words: Sequence[str] = (sys.executable, "-c", "pass")
) -> float:
    """Prepare and run a session; return its seconds, or raise RuntimeError with what it said."""
    argv = prepare(runner, folder, words)
    env = {"PRE_COMMIT_HOME": str(folder / ".cache"), "NOX_ENVDIR": str(folder / ".nox")}
    done = process.run(argv, cwd=folder, env=env)
    if done.exit_code:
        raise RuntimeError(
            f"{runner} ended with {done.exit_code}: {(done.stdout + done.stderr)[-300:]}"
        )
    return done.seconds
