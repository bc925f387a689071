"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from velvet_packaging import contenders
from velvet_packaging.errors import PackagingLabError
from velvet_packaging.forms import body_of
from velvet_packaging.frontends import BuildResult, Hook
from velvet_packaging.project import ProjectSpec
from velvet_packaging.publish import send, upload_form
from velvet_packaging.registry import StrictRegistry
from velvet_packaging.rendering import EPOCH, render
from velvet_packaging.repro import MATRIX, matrix
from velvet_packaging.samples import hostile
from velvet_packaging.sdist import Sdist
from velvet_packaging.wheel import Wheel

Event = dict[str, Any]
# The fastest first, so that the first figure comes at once.
ORDER = ("uv_build", "flit_core", "hatchling", "pdm_backend", "scikit_build_core", "poetry_core",
         "setuptools", "meson_python")  # fmt: skip
MAX_MODULES = 400


def backends(modules: int = 20, target: str = "wheel") -> Iterator[Event]:
    """Build one project with every backend that is here; tell each as it comes."""
    if not 1 <= modules <= MAX_MODULES or target not in ("wheel", "sdist"):
        raise ValueError(f"choose 1 to {MAX_MODULES} modules, and wheel or sdist")
    yield {"type": "plan", "total": len(ORDER)}
    for name in ORDER:
        found = contenders.detect(name)
        if not found.present:
            yield {"type": "absent", "name": name, "reason": found.reason}
            continue
        try:
            made, names = _built(name, modules, target)
        except PackagingLabError as error:  # git or a compiler is absent
            yield {"type": "absent", "name": name, "reason": str(error)}
            continue
        yield {
            "type": "built",
            "name": name,
            "version": found.version,
            "seconds": made.wall_s,
            "kb": made.size / 1e3,
            "data": any(one.endswith("data/t.json") for one in names),
            "tests": any(one.startswith("tests/") for one in names),
        }


def _built(name: str, modules: int, target: str) -> tuple[BuildResult, tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        project = render(ProjectSpec(modules=modules), name, work / "demo")
        made = Hook().build(project, target, work / "out")
        opened = Wheel.open(made.path) if target == "wheel" else Sdist.open(made.path)
        return made, opened.names


def lab(backend: str = "flit_core", epoch: bool = False, target: str = "wheel") -> Iterator[Event]:
    """Build twice with nothing changed, then for each axis, and tell each pair as it comes."""
    if backend not in ORDER or target not in ("wheel", "sdist"):
        raise ValueError(f"choose one of {', '.join(ORDER)}, and wheel or sdist")
    yield {"type": "plan", "total": len(MATRIX) + 1}
    for axis in ("same", *MATRIX):
        try:
            told = matrix(backend, (target,), (axis,), (EPOCH if epoch else None,))
        except PackagingLabError as error:
            raise ValueError(str(error)) from None
        for cell in told.cells:
            yield {
                "type": "cell",
                "axis": axis,
                "equal": cell.equal,
                "normalized": cell.normalized,
                "difference": cell.difference,
            }


def wire(mistake: str = "none") -> Iterator[Event]:
    """Upload a wheel with one mistake or none, then ask the index what it has."""
    mistakes = ("none", "duplicate", "bad digest", "wrong password", "hostile wheel", "yank")
    if mistake not in mistakes:
        raise ValueError(f"choose one of {', '.join(mistakes)}")
    yield {"type": "plan", "total": 4}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / hostile.FILENAME
        path.write_bytes(hostile.record_hash() if mistake == "hostile wheel" else hostile.clean())
        with StrictRegistry(Path(scratch) / "index") as index:
            form = upload_form(path)
            if mistake == "bad digest":
                form["sha256_digest"] = "0" * 64
            body = body_of(form.items(), path.name, b"[the wheel]", "boundary")
            yield {"type": "form", "text": body.decode().replace("\r\n", "\n")}
            token = "guessed" if mistake == "wrong password" else index.token
            status, said = send(index.upload_url, token, form, path)
            yield {"type": "answer", "step": "POST /legacy/", "status": status, "said": said}
            if mistake == "duplicate":
                status, said = send(index.upload_url, token, form, path)
                yield {"type": "answer", "step": "the same again", "status": status, "said": said}
            if mistake == "yank":
                index.yank(path.name, "broken on import")
                said = "PEP 592: pinned only"
                yield {"type": "answer", "step": "yank", "status": 0, "said": said}
            yield from _asked(index)


def _asked(index: StrictRegistry) -> Iterator[Event]:
    """Ask the simple API for what an installer would see."""
    import urllib.error
    import urllib.request

    for step, where in (
        ("GET /simple/", index.simple_url),
        ("GET /simple/velvet-demo/", index.simple_url + "velvet-demo/"),
    ):
        try:
            with urllib.request.urlopen(where, timeout=30) as got:  # noqa: S310 - loopback
                status, said = got.status, got.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                status, said = error.code, error.read().decode()
        told = " ".join(said.split("\n")[2:]) or said
        yield {"type": "answer", "step": step, "status": status, "said": told[:300]}
