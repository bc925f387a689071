"""Run a profiler on a program in a child, and bring back what it said and what it cost.

A `Profiler` is a file of `contenders` with one of its settings. Where it cannot run, `available`
says why, and a table has a row with that reason instead of a gap.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from velvet_performance import contenders, programs, service
from velvet_performance.children import LIMIT_S, run_child
from velvet_performance.contenders import Watch
from velvet_performance.errors import ChildFailed, ProfilerOutputError, Unavailable
from velvet_performance.profiles import Profile

SOURCE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Outcome:
    """What one run in a child was: its cost, its answer, and the profile where a tool watched.

    Attributes:
        cpu_s: CPU seconds of the program's process while the program ran.
        inflated: what timers around the parts saw meanwhile, as shares; empty without timers.
        version: of the tool.
    """

    cpu_s: float
    wall_s: float
    digest: str
    inflated: dict[str, float]
    profile: Profile | None = None
    version: str = ""


@dataclass(frozen=True)
class Profiler:
    """A profiler with one of its settings."""

    name: str
    file: str
    variant: str

    @property
    def contender(self) -> contenders.Contender:
        """The file behind it."""
        return contenders.load(self.file)

    @property
    def kind(self) -> str:
        """How it works: call-trace, line-trace, sampling or memory."""
        return self.contender.KIND

    @property
    def measures(self) -> str:
        """What it counts: cpu, wall or bytes; a variant called so says otherwise."""
        variants = {"wall": "wall", "idle": "wall"}
        return variants.get(self.variant, self.contender.MEASURES)

    @property
    def version(self) -> str:
        """The installed version; Python's own for a tool of the standard library."""
        package = self.contender.PACKAGE
        if not package:
            return ".".join(map(str, sys.version_info[:3]))
        return "" if contenders.missing(package) else importlib.metadata.version(package)

    def available(self) -> str:
        """Return why it cannot run here; empty when it can."""
        return self.contender.available()

    def size_of(self, program: programs.SlowProgram) -> int:
        """Return the size of a program that it can watch in bearable time."""
        return max(2, int(program.size * self.contender.SCALE))

    def run(
        self,
        program: str,
        size: int | None = None,
        *,
        step: int = 0,
        sections: bool = False,
        limit_s: float = LIMIT_S,
    ) -> Outcome:
        """Run a program under this profiler.

        Args:
            size: of the input; what suits this profiler by default.
            step: of the service, which is profiled at every step of its repair.
            sections: also put timers around the parts.

        Raises:
            Unavailable: it cannot run here.
            ChildFailed: the child ended badly or ran past the limit.
            ProfilerOutputError: what it wrote is not understood.
        """
        if reason := self.available():
            raise Unavailable(reason)
        self._know_version()
        return _run(self, program, size, step, sections, limit_s)

    def _know_version(self) -> None:
        if int(self.version.partition(".")[0]) not in self.contender.MAJORS:
            _warn_once(self.name, self.version)


@cache
def _warn_once(name: str, version: str) -> None:
    message = f"{name} {version} is newer than its adapter, which tries all the same"
    warnings.warn(message, stacklevel=4)


@lru_cache(maxsize=1)
def profilers() -> dict[str, Profiler]:
    """Return every profiler by name; a setting that is not its default is part of the name."""
    found = {}
    for file in contenders.NAMES:
        for variant in contenders.load(file).VARIANTS:
            name = f"{file}_{variant}" if variant else file
            found[name] = Profiler(name, file, variant)
    return found


def bare(
    program: str,
    size: int | None = None,
    *,
    step: int = 0,
    sections: bool = False,
    python: str = sys.executable,
) -> Outcome:
    """Run a program in a child that nothing watches."""
    return _run(None, program, size, step, sections, LIMIT_S, python)


def under_python(python: str, profiler: Profiler, program: str, size: int) -> Outcome:
    """Run a profiler of the standard library under another interpreter of this machine."""
    return _run(profiler, program, size, 0, True, LIMIT_S, python)


def _run(
    profiler: Profiler | None,
    program: str,
    size: int | None,
    step: int,
    sections: bool,
    limit_s: float,
    python: str = sys.executable,
) -> Outcome:
    about = service.as_program(step, size) if program == "service" else programs.get(program)
    if size is None:
        size = profiler.size_of(about) if profiler else about.size
    inside = profiler is not None and hasattr(profiler.contender, "record")
    job: dict[str, Any] = {"program": program, "step": step, "size": size, "sections": sections}
    job |= {"tool": "", "variant": ""}
    if profiler is not None and inside:
        job |= {"tool": profiler.file, "variant": profiler.variant}
    with tempfile.TemporaryDirectory(prefix="velvet-profile-") as folder:
        place = Path(folder)
        (place / "job.json").write_text(json.dumps(job), encoding="utf-8")
        argv = [python, "-m", "velvet_performance.target", str(place / "job.json")]
        watch = Watch(
            tuple(about.functions()), place, profiler.variant if profiler else "", program
        )
        if profiler is not None and not inside:
            argv = profiler.contender.command(argv, watch)
        run_child(argv, place, limit_s=limit_s, env={"PYTHONPATH": str(SOURCE)})
        outcome = place / "outcome.json"
        if not outcome.is_file():
            raise ChildFailed("the program ended before it told its result")
        told = json.loads(outcome.read_text(encoding="utf-8"))
        profile = None
        if profiler is not None:
            try:
                profile = profiler.contender.read(watch)
            except ProfilerOutputError as error:
                raise ProfilerOutputError(profiler.name, profiler.version, error) from None
        return Outcome(
            told["cpu_s"],
            told["wall_s"],
            told["digest"],
            told["inflated"] if sections else {},
            profile,
            profiler.version if profiler else "",
        )
