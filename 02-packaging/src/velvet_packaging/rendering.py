"""A project on the disk: its sources, a pyproject.toml for one backend, one date, one mode."""

from __future__ import annotations

import os
from pathlib import Path

from velvet_packaging import contenders, programs
from velvet_packaging.errors import BadSpec
from velvet_packaging.project import ProjectSpec, scripts_of, sources

EPOCH = 1_577_836_800  # 2020-01-01: what the sources are dated


def pyproject(spec: ProjectSpec, backend: str) -> str:
    """Return a pyproject.toml: PEP 518, PEP 621, and the backend's own table."""
    chosen = contenders.load(backend)
    requires = chosen.requires + (("cython>=3.1",) if spec.kind == "cython" else ())
    lines = [
        "[build-system]",
        f"requires = [{', '.join(map(_quoted, requires))}]",
        f'build-backend = "{chosen.build_backend}"',
        "",
        "[project]",
        f'name = "{spec.name}"',
        f'version = "{spec.version}"',
        'description = "A demonstration"',
        'readme = "README.md"',
        'requires-python = ">=3.10"',
        f'license = "{spec.license}"',
        'license-files = ["LICENSE"]',
    ]
    if scripts := scripts_of(spec):
        lines += ["", "[project.scripts]", *(f'{key} = "{ref}"' for key, ref in scripts.items())]
    if spec.extras:
        lines += ["", "[project.optional-dependencies]"]
        lines += [f"{key} = [{', '.join(map(_quoted, r))}]" for key, r in spec.extras.items()]
    return "\n".join(lines) + "\n\n" + chosen.table(spec)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render(spec: ProjectSpec, backend: str, dest: Path) -> Path:
    """Write a project for a backend into a new folder; returns the folder.

    Every file has one date and one mode. A backend that asks version control for the list of files
    gets a repository with one commit.

    Raises:
        BadSpec: the backend does not build this kind.
        FileExistsError: the folder is there.
    """
    chosen = contenders.load(backend)
    if spec.kind not in chosen.kinds:
        raise BadSpec(f"{backend} does not build {spec.kind!r} projects: {', '.join(chosen.kinds)}")
    files = {
        "pyproject.toml": pyproject(spec, backend),
        "README.md": f"# {spec.name}\n\nA demonstration.\n",
        "LICENSE": "Use it as you like.\n",
        **sources(spec),
        **chosen.files(spec),
    }
    if spec.tests:
        files["tests/test_demo.py"] = "def test_nothing():\n    assert True\n"
    dest.mkdir(parents=True)
    for name, text in files.items():
        path = dest / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        path.chmod(0o644)
        os.utime(path, (EPOCH, EPOCH))
    if getattr(chosen, "needs_git", False):
        commit(dest)
    return dest


def commit(folder: Path) -> None:
    """Put a folder under git with one commit, independent of the user's settings.

    Raises:
        BackendMissing: git is not installed.
        BuildFailed: git refused.
    """
    git = programs.find("git")
    date = f"{EPOCH} +0000"
    person = {"NAME": "velvet", "EMAIL": "velvet@localhost", "DATE": date}
    env = programs.clean_env(
        {
            f"GIT_{role}_{key}": text
            for role in ("AUTHOR", "COMMITTER")
            for key, text in person.items()
        }
        | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    )
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        programs.run([git, *words], cwd=folder, env=env).demand(f"git {words[0]}")
