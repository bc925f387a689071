"""Sending files to an index: twine, uv, and the protocol alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from velvet.bench import Outcome, Suite, ratio
from velvet_packaging.publish import PUBLISHERS
from velvet_packaging.pypiserver_process import PypiServerProcess
from velvet_packaging.registry import StrictRegistry
from velvet_packaging.samples.hostile import METADATA, contents, pack


def wheels(folder: Path, count: int) -> list[Path]:
    """Write as many small wheels of one project, a version each."""
    made = []
    for number in range(count):
        version = f"1.{number}"
        told = METADATA.replace(b"1.0", version.encode())
        path = folder / f"velvet_demo-{version}-py3-none-any.whl"
        path.write_bytes(pack(contents(f"velvet_demo-{version}.dist-info", told)))
        made.append(path)
    return made


def _sent(name: str, index: str, files: int) -> Iterator[Callable[[], Outcome]]:
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        paths = wheels(work, files)
        where = work / "index"
        strict = index == "strict"
        registry: Any = StrictRegistry(where) if strict else PypiServerProcess(where)
        stack.enter_context(registry)

        def run() -> Outcome:
            told = PUBLISHERS[name].publish(paths, registry)
            if told.status:
                raise ValueError(f"{name} ended with {told.status}: {told.log[-200:]}")
            return Outcome(seconds=told.seconds, result=len(list(where.glob("*.whl"))))

        yield run


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claim."""
    sent: Any = suite.comparison(
        "publish",
        title="Uploading small wheels to an index on loopback",
        kind="run",
        sizes=[
            {"index": "strict", "files": 1},
            {"index": "strict", "files": 20},
            {"index": "pypiserver", "files": 1},
        ],
        quick=lambda index, files: index == "strict" and files == 1,
        rounds={"quick": 3, "default": 3},
    )
    for name in PUBLISHERS:
        sent.add(
            name,
            lambda index, files, chosen=name: _sent(chosen, index, files),
            baseline=name == "twine",
            note="the protocol alone, in this process" if name == "raw" else "",
        )
    sent.same_result()
    suite.claim(
        "uv publishes one file at least 1.5x faster than twine",
        ratio("publish", "twine", "uv", index="strict", files=1) >= 1.5,
    )
