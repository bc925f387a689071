"""Intermediate examples: eight backends, the end of setup.py, an upload, and what weighs."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from velvet.examples import example, main
from velvet_packaging import contenders, legacy, programs
from velvet_packaging.errors import PackagingLabError
from velvet_packaging.frontends import Hook
from velvet_packaging.project import ProjectSpec
from velvet_packaging.publish import PUBLISHERS
from velvet_packaging.pypiserver_process import PypiServerProcess
from velvet_packaging.registry import StrictRegistry
from velvet_packaging.rendering import render
from velvet_packaging.sdist import Sdist
from velvet_packaging.sizes import CLASSES, weigh, what_if
from velvet_packaging.wheel import Wheel

WITH_SDIST = ("uv_build", "hatchling")


@example("eight_backends")
def eight_backends() -> None:
    """One project through each backend that is here: seconds, size, what was kept and what not."""
    print(f"{'':18}{'seconds':>8}{'bytes':>8}  metadata  data  tests in sdist")
    for name in contenders.PURE:
        found = contenders.detect(name)
        if not found.present:
            print(f"{name:18} {found.reason}")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            work = Path(scratch)
            try:
                project = render(ProjectSpec(modules=5), name, work / "demo")
                made = Hook().build(project, "wheel", work / "dist")
                wheel = Wheel.open(made.path)
                has_sdist = name in WITH_SDIST  # the others: velvet bench 02 --filter kept
                sdist = Hook().build(project, "sdist", work / "dist").path if has_sdist else None
                tests = "-" if sdist is None else "yes" if in_sdist(sdist) else "no"
            except PackagingLabError as error:
                print(f"{name:18} {error}"[:80])
                continue
            version = wheel.metadata.version
        kept = "kept" if "velvet_demo/data/t.json" in wheel.names else "LOST"
        print(f"{name:18}{made.wall_s:8.2f}{made.size:8}  {version:8}  {kept:4}  {tests}")
    print("why: all write the same package; they differ in start-up time, in what they")
    print("     take for granted about data and tests, and in the metadata version.")


def in_sdist(path: Path) -> bool:
    """Return whether an sdist holds the tests."""
    return "tests/test_demo.py" in Sdist.open(path).names


@example("why_not_setup_py")
def why_not_setup_py() -> None:
    """Five experiments that fail with setup.py, each beside the same project in pyproject.toml."""
    with ThreadPoolExecutor(2) as pool:
        running = {name: pool.submit(legacy.experiment, name) for name in legacy.EXPERIMENTS}
    for name, answer in running.items():
        try:
            seen = answer.result()
        except PackagingLabError as error:
            print(f"{name}: cannot be shown here: {error}"[:80])
            continue
        print(f"{name}: {'as told' if seen.holds else 'NOT AS TOLD'}")
        for word, text in (("setup.py", seen.before), ("pyproject", seen.after)):
            print(f"  {word:10} {text}"[:80])
        print(f"  so         {seen.verdict}")
    print("why: a file that is data can be read by any tool; a program must be run, on a")
    print("     machine, with a Python, and what it says may depend on all three.")


@example("publish_and_install")
def publish_and_install() -> None:
    """Publish with twine, uv and plain HTTP to two indexes on loopback, then install by name."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        project = render(ProjectSpec(modules=1, lines=20), "uv_build", work / "demo")
        path = Hook().build(project, "wheel", work / "dist").path
        for name, publisher in PUBLISHERS.items():
            with StrictRegistry(work / name) as strict:
                first = publisher.publish([path], strict)
                again = publisher.publish([path], strict)
                skipped = publisher.publish([path], strict, skip_existing=True)
                asked = [f"{one.method} {one.status}" for one in strict.requests]
            told = [one.status for one in (first, again, skipped)]
            print(f"{name:6} new, again, skip existing: {told}  {', '.join(asked)}")
        with StrictRegistry(work / "index") as strict, PypiServerProcess(work / "py") as lax:
            for registry in (strict, lax):
                sent = PUBLISHERS["raw"].publish([path], registry)
                words = ("pip", "install", "-q", "--no-deps", "--target", work / "site")
                where = ("--default-index", registry.simple_url, "velvet-demo")
                ran = programs.run([programs.find("uv"), *words, *where])
                print(f"{type(registry).__name__:18} upload {sent.status}, install {ran.rc}")
            print("the strict index was asked:")
            for one in strict.requests:
                print(f"  {one.method:5} {one.path:50} {one.status}")
    print("why: an upload is one form; an index is safe by what it checks, and by never")
    print("     replacing a file.")


@example("what_is_in_there")
def what_is_in_there() -> None:
    """What the bytes of a wheel and of an sdist are, as bars, and what leaving data out saves."""
    spec = ProjectSpec(modules=60, lines=40, data_files=20)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        project = render(spec, "hatchling", work / "demo")
        paths = [Hook().build(project, kind, work / "dist").path for kind in ("wheel", "sdist")]
        for path in paths:
            told = weigh(path)
            print(f"{path.name}: {told.total:,} bytes")
            for kind in CLASSES:
                if told.raw[kind]:
                    bar = "#" * max(1, round(40 * told.packed[kind] / told.total))
                    print(f"  {kind:9}{told.packed[kind]:7} {bar}")
            bar = "#" * round(40 * told.overhead / told.total)
            print(f"  {'container':9}{told.overhead:7} {bar}")
        print(f"wheel without data: {what_if(paths[0], ('data',)):,} bytes of content")
        print(f"wheel at level 1:   {what_if(paths[0], (), 1):,} bytes of content")
    print("why: ZIP compresses each file alone and names it twice; tar.gz compresses")
    print("     across files.")


if __name__ == "__main__":
    main()
