"""What a build costs: the backend alone, its growth, the front end around it, the metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Outcome, Suite, growth, ratio
from velvet_packaging import contenders
from velvet_packaging.comparisons import QUICK, fresh, need, project, tier
from velvet_packaging.frontends import Hook, frontends
from velvet_packaging.metadata import static_project
from velvet_packaging.project import ProjectSpec
from velvet_packaging.sdist import Sdist
from velvet_packaging.wheel import Wheel
from velvet_packaging.wheelhouse import fetch_wheelhouse

FRONTENDS = {
    "hook": "hook",
    "build_no_isolation": "build -n",
    "build": "build",
    "build_uv": "build+uv",
    "pip_wheel": "pip wheel",
    "uv_build_command": "uv build",
}


def _sources(path: Path) -> list[str]:
    """Return the Python files of a built file, which are the same for every backend."""
    names = Wheel.open(path).names if path.suffix == ".whl" else Sdist.open(path).names
    found = [name.removeprefix("src/") for name in names if name.endswith(".py")]
    return sorted(name for name in found if name.startswith("velvet_demo/"))


def _built(name: str, target: str, modules: int) -> Iterator[Callable[[], Outcome]]:
    with project(name, ProjectSpec(modules=modules, data_files=0)) as (source, work):

        def run() -> Outcome:
            demo, out = fresh(source, work)
            made = Hook().build(demo, target, out)
            told = {"cpu_of_build": made.cpu_s, "kb": made.size / 1e3}
            return Outcome(told, seconds=made.wall_s, result=_sources(made.path))

        yield run


def _framed(frontend: str, backend: str) -> Iterator[Callable[[], Outcome]]:
    with project(backend, ProjectSpec(modules=20)) as (source, work):
        wheels = None
        if frontend not in ("hook", "build -n"):
            names = [contenders.load(backend).distribution]
            wheels = fetch_wheelhouse(work / "wheels", names)
        chosen = frontends(wheels)[frontend]

        def run() -> Outcome:
            demo, out = fresh(source, work)
            made = chosen.build(demo, "wheel", out)
            return Outcome(seconds=made.wall_s, result=_sources(made.path))

        yield run


def _static() -> Iterator[Callable[[], tuple[str, str | None]]]:
    with project("hatchling", ProjectSpec(modules=1)) as (source, _):

        def run() -> tuple[str, str | None]:
            told = static_project(source / "pyproject.toml")
            return told.name, told.version

        yield run


def _hooked() -> Iterator[Callable[[], tuple[str, str | None]]]:
    need("setuptools")
    with project("setuptools", ProjectSpec(modules=1)) as (source, work):

        def run() -> tuple[str, str | None]:
            name = "prepare_metadata_for_build_wheel"
            told, _ = Hook().call(source, name, str(work))
            text = (work / str(told) / "METADATA").read_text(encoding="utf-8")
            lines = dict(line.split(": ", 1) for line in text.splitlines()[:3])
            return lines["Name"], lines["Version"]

        yield run


def _hooks(suite: Suite) -> None:
    for target in ("wheel", "sdist"):
        built: Any = suite.comparison(
            f"{target}_time",
            title=f"The backend's hook alone: one {target} of a pure package",
            kind="run",
            sizes={"modules": [20, 400]},
            quick=lambda modules: modules == 20,
            metrics={"cpu_of_build": "s", "kb": "kB"},
            rounds={"quick": 3, "default": 7 if target == "wheel" else 3},
            tier="quick" if target == "wheel" else "default",
            tree=True,
        )
        for name in contenders.PURE:
            make = partial(_built, name, target)
            least = tier(name) if target == "wheel" else "default"
            built.add(name, make, baseline=name == "hatchling", tier=least)
        built.same_result()
    suite.claim(
        "setuptools takes at least 1.8x as long as hatchling for a wheel of 20 modules",
        ratio("wheel_time", "setuptools", "hatchling", modules=20) >= 1.8,
    )
    suite.claim(
        "uv_build is at least 1.2x faster than hatchling",
        ratio("wheel_time", "hatchling", "uv_build", modules=20) >= 1.2,
    )
    suite.claim(
        "20x the modules cost hatchling, flit-core and setuptools less than their cube root",
        (growth("wheel_time", "hatchling", over="modules") <= 0.34)
        & (growth("wheel_time", "flit_core", over="modules") <= 0.34)
        & (growth("wheel_time", "setuptools", over="modules") <= 0.34),
        tier="default",
    )


def _growth(suite: Suite) -> None:
    grown: Any = suite.comparison(
        "wheel_growth",
        title="The backend's hook alone: a wheel of 100 times the modules",
        kind="run",
        sizes={"modules": [20, 400, 2000]},
        metrics={"cpu_of_build": "s", "kb": "kB"},
        rounds={"default": 2},
        tier="default",
    )
    for name in QUICK:
        grown.add(name, partial(_built, name, "wheel"), baseline=name == "hatchling")
    grown.same_result()
    suite.claim(
        "100x the modules cost hatchling, flit-core, uv_build and setuptools less than 10x the time",
        (growth("wheel_growth", "hatchling", over="modules") <= 0.5)
        & (growth("wheel_growth", "flit_core", over="modules") <= 0.5)
        & (growth("wheel_growth", "uv_build", over="modules") <= 0.5)
        & (growth("wheel_growth", "setuptools", over="modules") <= 0.5),
        tier="default",
    )


def _frontends(suite: Suite) -> None:
    framed: Any = suite.comparison(
        "frontends",
        title="The front end around the backend: one wheel of 20 modules",
        kind="run",
        rounds={"quick": 2, "default": 3},
        sizes={"backend": ["hatchling", "uv_build"]},
        quick=lambda backend: backend == "hatchling",
    )
    for name, frontend in FRONTENDS.items():
        later = name in ("pip_wheel", "build_no_isolation")
        framed.add(
            name,
            lambda backend, chosen=frontend: _framed(chosen, backend),
            baseline=name == "hook",
            tier="default" if later else "quick",
        )
    framed.same_result()
    suite.claim(
        "python -m build takes at least 3x as long as the bare hook of hatchling",
        ratio("frontends", "build", "hook", backend="hatchling") >= 3,
    )
    suite.claim(
        "uv build is at least 1.2x faster than python -m build",
        ratio("frontends", "build", "uv_build_command", backend="hatchling") >= 1.2,
    )


def _metadata(suite: Suite) -> None:
    metadata = suite.comparison(
        "metadata",
        title="Name and version of a project: read from pyproject.toml, or asked of the backend",
        kind="run",
        rounds={"quick": 3, "default": 5},
    )
    metadata.add("hook", _hooked, baseline=True, note="setuptools, prepare_metadata")
    metadata.add("static", _static, note="tomllib and PEP 621")
    metadata.same_result()
    suite.claim(
        "reading pyproject.toml is at least 50x faster than asking the backend",
        ratio("metadata", "hook", "static") >= 50,
    )
    suite.published(
        "wheel_time",
        {
            ("setuptools", "time"): 4.48,
            ("poetry_core", "time"): 3.20,
            ("hatchling", "time"): 2.99,
            ("pdm_backend", "time"): 2.62,
            ("flit_core", "time"): 2.40,
        },
        source="typeshed, pull request 13622: pip install of a small project, isolation included",
        size={"modules": 20},
    )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    for declare in (_hooks, _growth, _frontends, _metadata):
        declare(suite)
