"""Real backends: each builds, its wheel passes, installs and runs; what they keep differs."""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path

import pytest

from velvet_packaging import contenders, legacy, programs, repro
from velvet_packaging.frontends import BuildResult, Hook, frontends
from velvet_packaging.project import ProjectSpec
from velvet_packaging.rendering import render
from velvet_packaging.sdist import Sdist, compare_to_tree, compare_to_wheel
from velvet_packaging.wheel import Wheel, verify
from velvet_packaging.wheelhouse import fetch_wheelhouse

# Other people's programs on a machine that may be busy: patience, where nothing is measured.
pytestmark = pytest.mark.timeout(900)
Built = dict[str, dict[str, BuildResult]]


def of(built: Built, name: str, target: str = "wheel") -> BuildResult:
    """Return one build, or skip with the reason and the way out."""
    if name not in built:
        pytest.skip(contenders.detect(name).reason)
    return built[name][target]


@pytest.mark.parametrize("name", contenders.PURE)
def test_the_wheel_of_every_backend_is_clean(built: Built, name: str) -> None:
    path = of(built, name).path

    assert verify(path).findings == ()
    wheel = Wheel.open(path)
    assert wheel.entry_points["console_scripts"] == {"velvet-demo": "velvet_demo.cli:main"}
    assert {"velvet_demo/cli.py", "velvet_demo/m0001.py"} <= set(wheel.names)


@pytest.mark.parametrize("name", [one for one in contenders.PURE if one != "meson_python"])
def test_the_sdist_of_every_backend_is_clean(built: Built, name: str) -> None:
    sdist = Sdist.open(of(built, name, "sdist").path)

    assert sdist.verify().findings == ()
    assert compare_to_wheel(sdist, Wheel.open(built[name]["wheel"].path)).surplus == ()


def test_what_a_backend_leaves_out_of_the_sdist_is_named(built: Built, tmp_path: Path) -> None:
    tree = render(ProjectSpec(modules=2, lines=8), "flit_core", tmp_path / "tree")

    assert compare_to_tree(Sdist.open(of(built, "flit_core", "sdist").path), tree).lost == (
        "tests/test_demo.py",
    )


def test_every_wheel_installs_and_its_script_runs(built: Built, tmp_path: Path) -> None:
    for name, made in built.items():
        site = tmp_path / name
        words = ("pip", "install", "-q", "--no-index", "--no-deps", "--target", site)
        programs.run([programs.find("uv"), *words, made["wheel"].path]).demand(name)
        env = programs.clean_env({"PYTHONPATH": str(site)})
        code = "from velvet_demo.cli import main; main()"
        told = programs.run([sys.executable, "-c", code], env=env).demand(name).text
        assert told.strip() == "velvet-demo 1.0", name


def test_pip_installs_one_of_them_too(built: Built, tmp_path: Path) -> None:
    words = ("-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", tmp_path / "site")
    programs.run([sys.executable, *words, of(built, "hatchling").path]).demand("pip")

    assert (tmp_path / "site" / "velvet_demo" / "cli.py").exists()


@pytest.mark.parametrize(
    "name", ["flit_core", "hatchling", "pdm_backend", "uv_build", "poetry_core"]
)
def test_an_editable_wheel_points_to_the_source(name: str, tmp_path: Path) -> None:
    project = render(ProjectSpec(modules=1, lines=4), name, tmp_path / "demo")
    made = Hook().build(project, "editable", tmp_path / "out")
    wheel = Wheel.open(made.path)
    pth = next(one for one in wheel.names if one.endswith(".pth"))

    assert "HYG001" in verify(made.path).codes
    assert Path(wheel.read(pth).decode().strip()).resolve() == (project / "src").resolve()


@pytest.mark.parametrize(
    ("name", "kind"), [("setuptools", "c"), ("scikit_build_core", "c"), ("maturin", "rust-bin")]
)
def test_a_compiled_wheel_says_what_it_is_for(name: str, kind: str, tmp_path: Path) -> None:
    found = contenders.detect(name, kind)
    if not found.present:
        pytest.skip(found.reason)
    project = render(ProjectSpec(modules=0, kind=kind), name, tmp_path / "demo")
    path = Hook().build(project, "wheel", tmp_path / "out").path

    assert verify(path, "installer").ok
    wheel = Wheel.open(path)
    assert not wheel.filename.is_pure
    if kind == "c":
        site = tmp_path / "site"
        words = ("pip", "install", "-q", "--no-index", "--no-deps", "--target", site, path)
        programs.run([programs.find("uv"), *words]).demand("install")
        env = programs.clean_env({"PYTHONPATH": str(site)})
        code = "from velvet_demo._crc import crc; print(crc(b'velvet'))"
        told = programs.run([sys.executable, "-c", code], env=env).demand("run").text
        assert int(told) == zlib.crc32(b"velvet")


def test_isolation_takes_the_backend_from_a_folder(tmp_path: Path) -> None:
    wheels = fetch_wheelhouse(tmp_path / "wheels", ["flit-core"])
    project = render(ProjectSpec(modules=1, lines=4), "flit_core", tmp_path / "demo")
    made = frontends(wheels)["uv build"].build(project, "wheel", tmp_path / "out")
    bare = Hook().build(project, "wheel", tmp_path / "bare")

    assert Wheel.open(made.path).names == Wheel.open(bare.path).names
    assert made.sha256 == bare.sha256


def test_the_matrix_names_the_field_that_differs() -> None:
    told = repro.matrix("flit_core", ("wheel",), ("same", "mtime", "locale", "clock"), (None,))
    by_axis = {cell.axis: cell for cell in told.cells}

    assert by_axis["same"].equal
    assert not by_axis["mtime"].equal
    assert "date" in by_axis["mtime"].difference
    assert told.normalized == len(told.cells) == 4
    assert told.equal < 4


@pytest.mark.skipif(os.name != "posix", reason="modes and umasks are POSIX's")
def test_the_matrix_has_the_modes_where_there_are_some() -> None:
    told = repro.matrix("flit_core", ("wheel",), ("mode", "umask"), (None,))

    assert {cell.axis for cell in told.cells} == {"mode", "umask"}


@pytest.mark.parametrize("name", legacy.EXPERIMENTS)
def test_an_experiment_fails_in_front_of_the_reader(name: str) -> None:
    told = legacy.experiment(name)

    assert told.holds, told
