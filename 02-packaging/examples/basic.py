"""Basic examples: a first wheel, a wheel by hand, what a file is made of, the order of versions."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

from velvet.examples import example, main
from velvet_packaging import programs, versions
from velvet_packaging.frontends import Hook
from velvet_packaging.metadata import static_project
from velvet_packaging.project import ProjectSpec
from velvet_packaging.record import RecordEntry, write_record
from velvet_packaging.rendering import render
from velvet_packaging.wheel import Wheel, verify


def install(path: Path, site: Path) -> None:
    """Install a wheel into a folder with pip."""
    words = ("-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", site)
    programs.run([sys.executable, *words, path]).demand("pip install")


@example("first_wheel")
def first_wheel() -> None:
    """Build a pure package, read the wheel without unpacking it, install it, run its script."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        project = render(ProjectSpec(modules=2, lines=20), "flit_core", work / "demo")
        static = static_project(project / "pyproject.toml")
        print(f"before building: {static.name} {static.version}, no code was run")
        made = Hook().build(project, "wheel", work / "dist")
        wheel = Wheel.open(made.path)
        print(f"{made.path.name}, {made.size:,} bytes")
        for entry in wheel.scan.entries:
            print(f"  {entry.size:6} -> {entry.compressed:5} bytes  {entry.name}")
        print(f"tags {sorted(wheel.tags)}, entry points {wheel.entry_points['console_scripts']}")
        print(f"findings: {verify(made.path).findings}")
        install(made.path, work / "site")
        env = programs.clean_env({"PYTHONPATH": str(work / "site")})
        code = "import sys; from velvet_demo.cli import main; sys.exit(main())"
        print("run:", programs.run([sys.executable, "-c", code], env=env).text.strip())


@example("wheel_by_hand")
def wheel_by_hand() -> None:
    """A valid wheel out of zipfile alone: three metadata files make a ZIP a wheel."""
    info = "byhand-1.0.dist-info"
    files = {
        "byhand.py": b"def main():\n    print('made by hand')\n",
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: byhand\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: me\nRoot-Is-Purelib: true\n"
        b"Tag: py3-none-any\n",
    }
    rows = [RecordEntry.of(name, data) for name, data in files.items()]
    files[f"{info}/RECORD"] = write_record([*rows, RecordEntry(f"{info}/RECORD")]).encode()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "byhand-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        for line in files[f"{info}/RECORD"].decode().splitlines():
            print(line[:60])
        print(f"our verifier: {verify(path).findings or 'nothing to remark'}")
        install(path, Path(scratch) / "site")
        env = programs.clean_env({"PYTHONPATH": str(Path(scratch) / "site")})
        code = "import byhand; byhand.main()"
        print("installed:", programs.run([sys.executable, "-c", code], env=env).text.strip())
    print("why: a backend is a program that writes these files; nothing else is secret.")


@example("versions_tour")
def versions_tour() -> None:
    """The order of versions, and the four traps in it, each with its reason."""
    released = ["1.0", "1.0.post1", "1.0rc1", "1.0.dev0", "1.0+local", "1!0.1", "1.10", "1.9"]
    print("oldest to newest:", "  ".join(versions.release_order(released)))
    for text in ("1.0.dev0", "1.0.post1", "1.0+local", "1!0.1"):
        told = list(versions.explain(text).items())[-1]
        print(f"  {text:10} {told[0]}: {told[1]}")
    print()
    questions = [("~=1.4", "2.0"), (">1.0", "1.0.post1"), ("==1.0", "1.0+local")]
    for specifier, version in [*questions, (">=1.0", "2.0rc1")]:
        print(f"  {version:10} for {specifier:6} {versions.explain_match(specifier, version)}")
    print()
    print("next of 1.2.3: ", [versions.next_version("1.2.3", p) for p in ("micro", "pre", "dev")])
    print("semver 1.2.0-beta.3 is", versions.from_semver("1.2.0-beta.3"))
    print("a public index takes 1.0+local:", versions.local_allowed_on_index("1.0+local"))


if __name__ == "__main__":
    main()
