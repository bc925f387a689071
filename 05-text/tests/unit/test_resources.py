"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from velvet.hostile_resources import Resource, ResourceTests, at_once
from velvet_text import logs


def a_log(folder: Path) -> Path:
    (folder / "log").write_bytes(b"a\nb\nc\n")
    return folder / "log"


def is_whole(path: Path) -> bool:
    return path.read_bytes() == b"a\nb\nc\n"


def read_one(path: Path) -> None:
    lines: Any = logs.parse_file(path, lambda line: line)  # type: ignore[arg-type, return-value]
    with closing(lines):
        assert next(lines) == "a"


class TestResources(ResourceTests):
    resources = (
        Resource(
            "logs.parse_file",
            a_log,
            use=lambda path: at_once(lambda: read_one(path)),
            free=is_whole,
        ),
        Resource(
            "logs.parts",
            a_log,
            use=lambda path: at_once(lambda: logs.parts(path, 2)),
            free=is_whole,
        ),
    )
