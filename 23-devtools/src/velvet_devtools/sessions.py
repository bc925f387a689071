"""One check, started by four runners: a plain script, pre-commit, nox, tox.

Each makes its files from the same words, so that what is compared is the runner. Hooks are local
(`repo: local`), because a hook that is cloned needs a network on the first run; nox and tox take the
interpreter that is there and build no package.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from velvet_devtools import process
from velvet_devtools.bump import git

# Runner -> its file, the text, the arguments of a run.
RUNNERS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "script": ("", "", ()),
    "nox": (
        "noxfile.py",
        "import nox\n\n\n@nox.session(venv_backend='none')\ndef check(session):\n"
        "    session.run({words}, external=True)\n",
        ("--no-error-on-missing-interpreters", "-s", "check"),
    ),
    "tox": (
        "tox.ini",
        "[tox]\nenv_list = check\nskipsdist = true\n\n[testenv:check]\nskip_install = true\n"
        "allowlist_externals = *\ncommands = {line}\n",
        ("run", "-q", "-e", "check"),
    ),
    "pre-commit": (
        ".pre-commit-config.yaml",
        "repos:\n- repo: local\n  hooks:\n  - id: check\n    name: check\n    entry: '{line}'\n"
        "    language: system\n    pass_filenames: false\n    always_run: true\n",
        ("run", "--all-files"),
    ),
}


def prepare(runner: str, folder: Path, words: Sequence[str]) -> tuple[list[str], Mapping[str, str]]:
    """Write a runner's file for one command; return how to start it, and with which variables.

    Raises:
        ToolMissing: it is not installed.
    """
    if runner == "script":
        return list(words), {}
    file, text, more = RUNNERS[runner]
    line = " ".join(word.replace(os.sep, "/") for word in words)
    made = text.format(words=", ".join(map(repr, words)), line=line)
    (folder / file).write_text(made, encoding="utf-8")
    if runner == "pre-commit":
        git(folder, "init", "--quiet")
        git(folder, "add", "--all")
    env = {"PRE_COMMIT_HOME": str(folder / ".cache"), "NOX_ENVDIR": str(folder / ".nox")}
    return [process.need(runner), *more], env
