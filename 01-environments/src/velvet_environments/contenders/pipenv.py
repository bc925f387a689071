"""Pipenv: a Pipfile in, hashes of every file out, for this platform alone."""

from __future__ import annotations

import json

from packaging.requirements import Requirement

from velvet_environments.contenders.venv_pip import create
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

__all__ = ["create"]

label = "Pipenv"
tool = "pipenv"
family = "project"
lock_name = "Pipfile.lock"


def prepare(work: Workspace) -> None:
    """Write the Pipfile."""
    url = work.index_url.rstrip("/")  # it adds a slash itself
    lines = [f'[[source]]\nurl = "{url}"\nverify_ssl = false\nname = "local"\n']
    lines.append("[packages]")
    for text in work.requires:
        one = Requirement(text)
        about = {"version": str(one.specifier) or "*", "extras": sorted(one.extras)}
        if one.marker:
            about["markers"] = str(one.marker)
        fields = ", ".join(f"{key} = {json.dumps(value)}" for key, value in about.items() if value)
        lines.append(f"{json.dumps(one.name)} = {{{fields}}}")
    work.write("Pipfile", "\n".join(lines) + "\n")


def pipenv(work: Workspace, *words: str) -> Outcome:
    """Run Pipenv; it takes the environment `.venv` of the project where there is one."""
    env = {"PIPENV_DEFAULT_PYTHON_VERSION": str(work.python)}
    if not work.bytecode:
        env["PIP_NO_COMPILE"] = "no"  # its pip reads the value as that of `compile`
    return work.run([work.program(tool), *words], env)


def lock(work: Workspace) -> Outcome:
    """Resolve with a copy of pip's resolver."""
    return pipenv(work, "lock")


def sync(work: Workspace) -> Outcome:
    """Install the lock."""
    return pipenv(work, "sync")
