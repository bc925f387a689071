"""Advanced examples: hostile wheels, equal bytes, compiled code, proofs, this very project."""

from __future__ import annotations

import sys
import tempfile
import zlib
from pathlib import Path

from velvet.examples import example, main
from velvet_packaging import attest, contenders, programs, repro
from velvet_packaging.detectors import objects
from velvet_packaging.errors import PackagingLabError
from velvet_packaging.frontends import Hook
from velvet_packaging.project import ProjectSpec
from velvet_packaging.publish import PUBLISHERS
from velvet_packaging.registry import StrictRegistry
from velvet_packaging.rendering import render
from velvet_packaging.samples import hostile
from velvet_packaging.wheel import Wheel, verify

SHOWN = ("ours", "uv")
ROOT = Path(__file__).resolve().parents[2]


@example("twenty_bad_wheels")
def twenty_bad_wheels() -> None:
    """Twenty hostile wheels, and what our verifier and uv say; the benchmark asks more tools."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = hostile.write_all(Path(scratch))
        counts = dict.fromkeys(SHOWN, 0)
        print(f"{'':20}{'ours':>6}{'uv':>6}  what we say")
        for name, path in paths.items():
            told = {tool: objects(tool, path) for tool in SHOWN}
            for tool, said in told.items():
                counts[tool] += said
            first = str(verify(path).findings[0])
            marks = "".join(f"{'x' if told[tool] else '.':>6}" for tool in SHOWN)
            print(f"{name:20}{marks}  {first[:45]}")
    print(f"flagged: {', '.join(f'{tool} {count} of 20' for tool, count in counts.items())}")
    print("why: an installer's job is to install; uv does not compare files with RECORD.")


@example("byte_for_byte")
def byte_for_byte() -> None:
    """Build twice with one thing changed, name the field that differs, then normalise."""
    axes = ("mtime", "mode", "path")
    both = (None, repro.EPOCH)
    plan = {
        "hatchling": (axes, both[:1]),
        "flit_core": (axes, both),
        "setuptools": (axes[:1], both[:1]),
    }
    for backend, (changed, epochs) in plan.items():
        try:
            told = repro.matrix(backend, ("wheel",), changed, epochs)
        except PackagingLabError as error:
            print(f"{backend}: {error}")
            continue
        print(
            f"{backend}: {told.equal} of {len(told.cells)} equal as built, "
            f"{told.normalized} after normalising"
        )
        for epoch in epochs:
            row = [one for one in told.cells if one.epoch == epoch]
            marks = "  ".join(f"{one.axis} {'=' if one.equal else 'X'}" for one in row)
            print(f"  epoch {'set  ' if epoch else 'unset'}  {marks}")
        for cell in [one for one in told.cells if one.difference][:1]:
            print(f"  first difference ({cell.axis}): {cell.difference}"[:80])
    print("why: content hardly ever differs; dates, modes and order do, and each has one")
    print("     canonical value, so a rewrite is enough.")


CRC_OF = b"velvet"


@example("compiled_three_ways")
def compiled_three_ways() -> None:
    """One C function through two backends, its Rust twin through a third; zlib knows the answer."""
    rows = [("setuptools", "c"), ("scikit_build_core", "c"), ("maturin", "rust-bin")]
    print(f"{'':18}{'seconds':>8}{'bytes':>9}  tag; the same CRC as zlib")
    for name, kind in rows:
        found = contenders.detect(name, kind)
        if not found.present:
            print(f"{name:18} {found.reason}")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            work = Path(scratch)
            project = render(ProjectSpec(modules=0, kind=kind), name, work / "demo")
            try:
                made = Hook().build(project, "wheel", work / "dist")
            except PackagingLabError as error:
                print(f"{name:18} {error}"[:80])
                continue
            words = ("install", "-q", "--no-index", "--no-deps", "--target", work / "site")
            programs.run([programs.find("uv"), "pip", *words, made.path]).demand("install")
            code = f"from velvet_demo._crc import crc; print(crc({CRC_OF!r}))"
            argv = [sys.executable, "-c", code]
            if kind == "rust-bin":
                argv = [str(next((work / "site" / "bin").glob("*"))), CRC_OF.decode()]
            env = programs.clean_env({"PYTHONPATH": str(work / "site")})
            same = programs.run(argv, env=env).text.strip() == str(zlib.crc32(CRC_OF))
            tag = made.path.name.removesuffix(".whl").split("-", 2)[2]
        print(f"{name:18}{made.wall_s:8.2f}{made.size:9}  {tag[:28]}; {same}")
    print("meson-python and Cython are in: velvet bench 02 --filter compiled")
    print("why: the limited API makes one wheel serve every Python from 3.10 on.")


@example("prove_it")
def prove_it() -> None:
    """A signature over name and digest: good, tampered, another key; then a real attestation."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / hostile.FILENAME
        path.write_bytes(hostile.clean())
        try:
            signer, other = attest.LocalSigner(), attest.LocalSigner()
        except PackagingLabError as error:
            print(error)
            return
        envelope = signer.sign(path)
        print(f"statement: {envelope.payload.decode()[:60]}...")
        print(f"as signed:    {attest.verify(path, envelope, signer.public_key) or 'OK'}")
        print(f"another key:  {attest.verify(path, envelope, other.public_key)}")
        path.write_bytes(path.read_bytes() + b"\0")
        print(f"one byte on:  {attest.verify(path, envelope, signer.public_key)}")
    try:
        print(f"\n{attest.INDEX_FILE}, attested by its own workflow, checked offline")
        print(f"real digest:  {attest.verify_index_attestation() or 'OK'}")
        told = attest.verify_index_attestation(sha256="0" * 64)
        print(f"another file: {told}")
        told = attest.verify_index_attestation(repository="somewhere/else")
        print(f"another repo: {told[:60]}...")
    except PackagingLabError as error:
        print(error)
    print("why: a local key says 'the same key as before'; a certificate says which")
    print("     repository built it.")


@example("our_own_wheel")
def our_own_wheel() -> None:
    """This repository's own package: built, checked, uploaded, installed by name, and run."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        made = Hook().build(ROOT, "wheel", work / "dist")
        wheel = Wheel.open(made.path)
        print(f"{made.path.name}: {len(wheel.names)} files, {made.size / 1e6:.1f} MB")
        print(f"findings: {[str(one) for one in verify(made.path).findings] or 'none'}")
        print(f"entry points: {wheel.entry_points['console_scripts']}")
        with StrictRegistry(work / "index") as index:
            print(f"upload: {PUBLISHERS['raw'].publish([made.path], index).log}")
            env = work / "fresh"
            uv = programs.find("uv")
            programs.run([uv, "venv", "-q", env]).demand("uv venv")
            # Without dependencies: those are on no index here. What needs none of them must run.
            words = ("pip", "install", "-q", "--no-deps", "--default-index", index.simple_url)
            programs.run([uv, *words, "--prefix", env, "velvet-python"]).demand("install")
            asked = [one.path.rsplit("/", 1)[-1] for one in index.requests if one.status == 200]
            print(f"asked of the index: {len(asked)} answers")
        python = env / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        code = "import velvet, velvet_packaging.record as r; print('runs:', r.parse_record(''))"
        print(programs.run([python, "-c", code], cwd=work).text.strip())


if __name__ == "__main__":
    main()
