"""From profile to fix: a service at every stage of its repair, rebuilt from commit-sized diffs.

`samples/shop/shop.py` is the first day; each `.diff` beside it is one commit, named for what it
does, and its first line says which function the profiler had named. Stage n is the first day with
n commits applied, in memory, so every stage can be run, profiled and compared, and a diff that no
longer fits is an error and not a surprise.
"""

from __future__ import annotations

import re
import types
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from velvet_performance.programs import SlowProgram
from velvet_performance.samples import shop

FOLDER = Path(shop.__file__).parent
_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


@dataclass(frozen=True)
class Commit:
    """One repair.

    Attributes:
        touches: the function that the profile of the stage before had named.
        diff: the change as a unified diff.
    """

    number: int
    name: str
    touches: str
    diff: str

    @property
    def changed_lines(self) -> int:
        """How many lines it adds and removes."""
        return len(re.findall(r"^[+-](?![+-]{2} )", self.diff, re.MULTILINE))


@lru_cache(maxsize=1)
def commits() -> tuple[Commit, ...]:
    """Return the repairs in their order."""
    found = []
    for number, path in enumerate(sorted(FOLDER.glob("*.diff")), start=1):
        first, _, diff = path.read_text(encoding="utf-8").partition("\n")
        touches = first.removeprefix("Touches: ")
        found.append(Commit(number, path.stem[3:].replace("-", " "), touches, diff))
    return tuple(found)


def patched(source: str, diff: str) -> str:
    """Apply a unified diff to a text, exactly: no fuzz, no offset.

    Raises:
        ValueError: a line that the diff expects is not there.
    """
    old, new = source.splitlines(keepends=True), []
    at = 0
    for line in diff.splitlines(keepends=True):
        if hunk := _HUNK.match(line):
            start = int(hunk.group(1)) - 1
            if start < at:
                raise ValueError(f"the diff goes back: {line.strip()}")
            new += old[at:start]
            at = start
        elif line[0] in " -" and not line.startswith("--- "):
            if at >= len(old) or old[at] != line[1:]:
                raise ValueError(f"the diff does not fit at line {at + 1}: {line.strip()!r}")
            new += [old[at]] if line[0] == " " else []
            at += 1
        elif line[0] == "+" and not line.startswith("+++ "):
            new.append(line[1:])
    return "".join([*new, *old[at:]])


@cache
def source_of(stage: int) -> str:
    """Return the source of a stage, 0 for the first day.

    Raises:
        ValueError: there is no such stage.
    """
    if not 0 <= stage <= len(commits()):
        raise ValueError(f"stage is {stage}: choose 0 to {len(commits())}")
    if stage == 0:
        return (FOLDER / "shop.py").read_text(encoding="utf-8")
    return patched(source_of(stage - 1), commits()[stage - 1].diff)


@cache
def _module(stage: int) -> types.ModuleType:
    module = types.ModuleType(f"shop_stage_{stage}")
    file = f"shop_stage_{stage}.py" if stage else str(FOLDER / "shop.py")
    code = compile(source_of(stage), file, "exec")
    exec(code, module.__dict__)  # noqa: S102 - our own source with our own diffs
    return module


def as_program(stage: int, size: int | None = None) -> SlowProgram:
    """Return a stage as a program that a profiler can be run on; its size is requests."""
    module = _module(stage)
    following = commits()[stage].touches if stage < len(commits()) else "render"
    return SlowProgram(
        "service",
        module,
        hot=following,
        where=module.WHERE,
        measure=module.MEASURE,
        parts=tuple(module.STUBS),
        size=size or module.SIZE,
    )
