"""What is in the built files: sizes, lost files, tags of compiled wheels."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from velvet.bench import Absent, Metric, Outcome, Suite, ratio, value
from velvet_packaging import contenders
from velvet_packaging.comparisons import fresh, need, project, tier
from velvet_packaging.errors import BuildFailed
from velvet_packaging.frontends import Hook
from velvet_packaging.project import ProjectSpec
from velvet_packaging.rendering import EPOCH
from velvet_packaging.sdist import Sdist
from velvet_packaging.wheel import Wheel, verify

LABEL = Metric("label")
COMPILED = {
    "setuptools_c": ("setuptools", "c"),
    "meson_c": ("meson_python", "c"),
    "scikit_build_c": ("scikit_build_core", "c"),
    "cython": ("setuptools", "cython"),
    "maturin_bin": ("maturin", "rust-bin"),
}


def _kept(name: str) -> Callable[[], Outcome]:
    need(name)

    def run() -> Outcome:
        with project(name, ProjectSpec(modules=5)) as (source, work):
            demo, out = fresh(source, work)
            wheel = Wheel.open(Hook().build(demo, "wheel", out).path)
            demo, out = fresh(source, work)
            sdist = Sdist.open(Hook().build(demo, "sdist", out).path)
            told: dict[str, Any] = {
                "data": "kept" if "velvet_demo/data/t.json" in wheel.names else "lost",
                "tests_in_sdist": "yes" if "tests/test_demo.py" in sdist.names else "no",
                "metadata": wheel.metadata.version,
                "findings": float(len(verify(wheel.path).findings) + len(sdist.verify().findings)),
                "lost": float("velvet_demo/data/t.json" not in wheel.names),
            }
        return Outcome(told)

    return run


def _weighed(name: str) -> Callable[[], Outcome]:
    need(name)

    def run() -> Outcome:
        with project(name, ProjectSpec(modules=400, data_files=0)) as (source, work):
            sizes = []
            for target in ("wheel", "sdist"):
                demo, out = fresh(source, work)
                sizes.append(Hook().build(demo, target, out).size)
        times = sizes[0] / sizes[1]
        told = {"wheel_kb": sizes[0] / 1e3, "sdist_kb": sizes[1] / 1e3, "times": times}
        return Outcome(told)

    return run


def _without(folder: Path) -> dict[str, str]:
    """Return what keeps a folder's path out of compiled code: no debug data, paths from `.` on."""
    return {
        "CFLAGS": f"-g0 -ffile-prefix-map={folder}=.",
        "RUSTFLAGS": f"--remap-path-prefix={folder}=.",
    }


def _compiled(name: str, kind: str) -> Callable[[], Outcome]:
    need(name, kind)

    def run() -> Outcome:
        spec = ProjectSpec(modules=0, kind=kind)
        made = []
        with project(name, spec) as (source, work):
            for folder, strip in product(("a", "another-place"), (False, True)):
                with tempfile.TemporaryDirectory(dir=work) as place:
                    demo, _ = fresh(source, Path(place))
                    demo = demo.rename(Path(place) / folder)
                    env = {"SOURCE_DATE_EPOCH": str(EPOCH)} | (_without(demo) if strip else {})
                    try:
                        built = Hook().build(demo, "wheel", Path(place) / "out", env)
                    except BuildFailed as error:
                        raise Absent(f"no working compiler: {error}"[:120]) from None
                    wheel = Wheel.open(built.path)
                    binary = max((e.size for e in wheel.scan.entries if e.crc), default=0)
                    made.append((built, binary, "-".join(built.path.stem.split("-")[2:])))
        (first, binary, tag), (stripped, *_), (second, *_), (other, *_) = made
        told: dict[str, Any] = {
            "seconds": first.wall_s,
            "wheel_b": float(first.size),
            "binary_b": float(binary),
            "tag": tag,
            "equal": "yes" if first.sha256 == second.sha256 else "no",
            "remapped": "yes" if stripped.sha256 == other.sha256 else "no",
        }
        return Outcome(told)

    return run


def _contents(suite: Suite) -> None:
    kept = suite.comparison(
        "kept",
        title="One project through each backend: data file, tests, metadata version, findings",
        kind="value",
        unit="label",
        metrics={
            "data": LABEL,
            "tests_in_sdist": LABEL,
            "metadata": LABEL,
            "findings": "findings",
            "lost": "files",
        },
    )
    for name in contenders.PURE:
        kept.add(name, partial(_kept, name), baseline=name == "hatchling", tier=tier(name))
    suite.claim(
        "setuptools leaves the data file out of the wheel; hatchling, flit-core and uv_build keep it",
        value("kept", "setuptools", "lost").equals(1)
        & value("kept", "hatchling", "lost").equals(0)
        & value("kept", "flit_core", "lost").equals(0)
        & value("kept", "uv_build", "lost").equals(0),
    )
    suite.claim(
        "our verifier has nothing to remark about what the backends build",
        value("kept", "setuptools", "findings").equals(0)
        & value("kept", "hatchling", "findings").equals(0)
        & value("kept", "flit_core", "findings").equals(0)
        & value("kept", "uv_build", "findings").equals(0),
    )


def _sizes(suite: Suite) -> None:
    sizes = suite.comparison(
        "sizes",
        title="Wheel and sdist of 400 similar modules",
        kind="value",
        unit="kB",
        metrics={"wheel_kb": "kB", "sdist_kb": "kB", "times": Metric("times", "higher")},
        tier="default",
    )
    for name in contenders.PURE:
        sizes.add(name, partial(_weighed, name), baseline=name == "hatchling")
    suite.claim(
        "hatchling's wheel of 400 similar modules is at least 1.5x as large as its sdist",
        value("sizes", "hatchling", "times") >= 1.5,
        tier="default",
    )


def _binaries(suite: Suite) -> None:
    compiled = suite.comparison(
        "compiled",
        title="One CRC function, compiled: the build is repeated in another folder, then both remapped",
        kind="value",
        unit="s",
        metrics={
            "seconds": "s",
            "wheel_b": "B",
            "binary_b": "B",
            "tag": LABEL,
            "equal": LABEL,
            "remapped": LABEL,
        },
        tier="default",
        limit=300,
    )
    for label, (name, kind) in COMPILED.items():
        compiled.add(label, partial(_compiled, name, kind), baseline=label == "setuptools_c")
    suite.claim(
        "Cython's wheel is at least 5x as large as the limited-API wheel of the same function in C",
        ratio("compiled", "cython", "setuptools_c", metric="wheel_b") >= 5,
        tier="default",
        needs=("linux", "cython", "program:cc"),
    )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    for declare in (_contents, _sizes, _binaries):
        declare(suite)
