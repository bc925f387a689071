"""Five experiments: what goes wrong with setup.py, and the same project in pyproject.toml.

Each makes its projects in a scratch folder, runs setuptools and the tools beside it on them, and
says what it saw. A setup.py is a program: it is run in the scratch folder alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from velvet_packaging import programs
from velvet_packaging.errors import BuildFailed
from velvet_packaging.frontends import Hook, frontends
from velvet_packaging.metadata import static_project
from velvet_packaging.project import ProjectSpec
from velvet_packaging.rendering import render
from velvet_packaging.wheel import Wheel
from velvet_packaging.wheelhouse import fetch_wheelhouse

_SYSTEM = '[build-system]\nrequires = ["setuptools>=80"{more}]\nbuild-backend = "{backend}"\n'
_LEGACY = "setuptools.build_meta:__legacy__"
_SETUP = """from setuptools import setup
{before}
setup(name="velvet-demo", version="1.0", packages=["velvet_demo"], package_dir={{"": "src"}}{more})
"""
_WITNESS = 'with open("witness.txt", "a", encoding="utf-8") as seen:\n    seen.write("ran\\n")\n'


@dataclass(frozen=True)
class Evidence:
    """What one experiment saw.

    Attributes:
        before: with setup.py.
        after: with pyproject.toml.
        holds: whether both came out as the verdict says.
    """

    name: str
    before: str
    after: str
    verdict: str
    holds: bool


def old_project(dest: Path, before: str = "", more: str = "", requires: str = "") -> Path:
    """Write a project whose only description is a setup.py."""
    project = render(ProjectSpec(modules=2, data_files=1), "setuptools", dest)
    text = _SYSTEM.format(more=requires, backend=_LEGACY)
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    (project / "setup.py").write_text(_SETUP.format(before=before, more=more), encoding="utf-8")
    return project


def _runs_code(scratch: Path) -> Evidence:
    """Ask for the metadata, and count how often setup.py ran."""
    old = old_project(scratch / "old", before=_WITNESS)
    begun = time.perf_counter()
    Hook().call(old, "prepare_metadata_for_build_wheel", str(scratch))
    hook_s = time.perf_counter() - begun
    runs = (old / "witness.txt").read_text(encoding="utf-8").count("ran")
    new = render(ProjectSpec(modules=2), "hatchling", scratch / "new")
    begun = time.perf_counter()
    static_project(new / "pyproject.toml")
    static_s = time.perf_counter() - begun
    return Evidence(
        "metadata",
        f"setup.py ran {runs}x to tell name and version ({hook_s * 1e3:.0f} ms)",
        f"read from a file, no code ran ({static_s * 1e3:.2f} ms)",
        "asking for a name runs a program from the project",
        runs >= 1 and static_s < hook_s,
    )


def _commands(scratch: Path) -> Evidence:
    """Call the commands that tutorials still name."""
    old = old_project(scratch / "old")
    env = programs.clean_env()
    told = {}
    for command in ("upload", "test"):
        ran = programs.run([sys.executable, "setup.py", "-q", command], cwd=old, env=env)
        told[command] = "invalid command" in ran.text and ran.rc != 0
    argv = [sys.executable, "setup.py", "-q", "install", "--root", str(scratch / "root")]
    installs = programs.run(argv, cwd=old, env=env).rc == 0
    said = ", ".join(f"{name}: {'gone' if gone else 'there'}" for name, gone in told.items())
    return Evidence(
        "commands",
        f"setup.py {said}; install still exits {0 if installs else 1}",
        "build, twine or uv: each does one thing",
        "a build tool is no uploader and no test runner",
        all(told.values()),
    )


def _build_requirements(scratch: Path) -> Evidence:
    """Import at the top of setup.py what no front end can know of."""
    wheels = fetch_wheelhouse(scratch / "wheels", ["setuptools", "installer"])
    build = frontends(wheels)["uv build"]
    line = "import installer  # as others import numpy\n"
    told = []
    for name, requires in (("old", ""), ("new", ', "installer"')):
        project = old_project(scratch / name, before=line, requires=requires)
        try:
            build.build(project, "wheel", scratch / f"{name}-out")
        except BuildFailed as error:
            told.append("No module named" if "ModuleNotFoundError" in error.tail else str(error))
        else:
            told.append("builds")
    return Evidence(
        "build_requirements",
        f"in isolation: {told[0]}",
        f"named in build-system.requires: {told[1]}",
        "setup.py cannot say what it needs before it runs",
        told == ["No module named", "builds"],
    )


def _baked_in(scratch: Path) -> Evidence:
    """Decide a dependency while building, and look at the tags and requirements of the wheel."""
    minor = sys.version_info[1]
    line = f"import sys\nreqs = ['tomli'] if sys.version_info < (3, {minor + 1}) else []"
    old = old_project(scratch / "old", before=line, more=", install_requires=reqs")
    wheel = Wheel.open(Hook().build(old, "wheel", scratch / "out").path)
    told = wheel.metadata.parsed.get("requires_dist", [])
    new = render(ProjectSpec(modules=2), "hatchling", scratch / "new")
    path = new / "pyproject.toml"
    marker = f"tomli; python_version < '3.{minor + 1}'"
    text = path.read_text(encoding="utf-8")
    text = text.replace("[project]\n", f'[project]\ndependencies = ["{marker}"]\n')
    path.write_text(text, encoding="utf-8")
    fresh = Wheel.open(Hook().build(new, "wheel", scratch / "out2").path)
    kept = fresh.metadata.parsed.get("requires_dist", [])
    return Evidence(
        "baked_in",
        f"{'-'.join(sorted(wheel.tags))} says Requires-Dist: {', '.join(told)}",
        f"Requires-Dist: {', '.join(kept)}",
        "the builder's Python is baked into a wheel for all",
        told == ["tomli"] and len(kept) == 1 and ";" in kept[0],
    )


def _lost_files(scratch: Path) -> Evidence:
    """Build both, and look for the data file."""
    old = old_project(scratch / "old")
    without = Wheel.open(Hook().build(old, "wheel", scratch / "out").path).names
    new = render(ProjectSpec(modules=2), "hatchling", scratch / "new")
    having = Wheel.open(Hook().build(new, "wheel", scratch / "out2").path).names
    data = "velvet_demo/data/t.json"
    return Evidence(
        "lost_files",
        f"{data}: {'packed' if data in without else 'left out, exit 0'}",
        f"{data}: {'packed' if data in having else 'left out'}",
        "a forgotten package_data is found by the first user",
        data not in without and data in having,
    )


EXPERIMENTS: dict[str, Callable[[Path], Evidence]] = {
    "metadata": _runs_code,
    "commands": _commands,
    "build_requirements": _build_requirements,
    "baked_in": _baked_in,
    "lost_files": _lost_files,
}


def experiment(name: str) -> Evidence:
    """Run one experiment in a scratch folder.

    Raises:
        KeyError: `EXPERIMENTS` has none of that name.
        BackendMissing: setuptools, hatchling or uv is not installed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        return EXPERIMENTS[name](Path(scratch))
