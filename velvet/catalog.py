"""The catalogue of modules, read from the `module.toml` of each numbered folder.

Every other room asks this one where a module lies and what it is called, so that a new
folder is known everywhere at once. A damaged `module.toml` is reported with its file, its
line and the rule it breaks; a module that the roadmap promises but no folder holds is
listed as planned, never as working.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from velvet.errors import UsageError, VelvetError, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PHASES = {
    1: "Foundation Layer",
    2: "Core Skills",
    3: "Data Science and ML",
    4: "Web Development",
    5: "Quality and Performance",
    6: "Advanced Topics",
}
DIFFICULTIES = ("Beginner", "Intermediate", "Advanced", "Expert")
REQUIRED = ("title", "phase", "difficulty", "hours", "summary", "question")
SERVICES = ("postgres", "redis", "rabbitmq", "mongodb")
FOLDER = re.compile(r"^(0[1-9]|[1-9][0-9])-([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$")
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "title": str,
    "phase": int,
    "difficulty": str,
    "hours": (int, float),
    "summary": str,
    "question": str,
    "prerequisites": list,
    "services": list,
    "test_processes": int,
    "headline": str,
    "pictures": list,
    "budget": dict,
}
# How large a module may be; see velvet/budget.py.
LIMITS = {
    "lesson_lines": 3000,
    "lesson_files": 35,
    "comparisons_lines": 1200,
    "dashboard_lines": 800,
    "examples_lines": 600,
    "publish_seconds": 600,
}
# What `[budget]` may raise, with a `reason` beside it.
BUDGETS = (*LIMITS, "tests_lines")
# What makes a folder a whole module; anything missing is named by `velvet info`.
PARTS = (
    "README.md",
    "requirements.txt",
    "app.py",
    "examples/basic.py",
    "examples/intermediate.py",
    "examples/advanced.py",
    "benchmarks/measure.py",
    "tests",
)


@dataclass(frozen=True)
class Picture:
    """A picture of a dashboard: which tab it shows, and its file in the folder `pictures`."""

    tab: str
    file: str


@dataclass(frozen=True)
class Module:
    """One numbered module, existing or planned.

    Attributes:
        number: 1 to 99, unique.
        topic: the part of the folder's name after the number.
        hours: the time a reader should plan, in hours.
        test_processes: over how many processes its whole test suite is spread; 1 is not at all.
        headline: one sentence for people, with marks that the results fill.
        pictures: of its dashboard; the first is the README's.
        budget: limits of its own, by a name of `BUDGETS`, with `reason`.
        path: its folder, or None while it is only planned.
    """

    number: int
    topic: str
    title: str
    phase: int
    difficulty: str
    hours: float
    summary: str
    question: str
    prerequisites: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    test_processes: int = 1
    headline: str = ""
    pictures: tuple[Picture, ...] = ()
    budget: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None

    @property
    def slug(self) -> str:
        """The folder's name, such as ``09-concurrency``."""
        return f"{self.number:02d}-{self.topic}"

    @property
    def package(self) -> str:
        """The importable package in its `src`, such as ``velvet_concurrency``."""
        return "velvet_" + self.topic.replace("-", "_")

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts of a whole module that its folder lacks."""
        if self.path is None:
            return PARTS
        parts = (*PARTS, f"src/{self.package}/__init__.py")
        return tuple(part for part in parts if not (self.path / part).exists())

    @property
    def state(self) -> str:
        """``working``, ``incomplete`` or ``planned``; derived from what is on disk."""
        if self.path is None:
            return "planned"
        return "incomplete" if self.missing else "working"

    @property
    def folder(self) -> Path:
        """The module's folder; a planned module has none, which is a UsageError."""
        if self.path is None:
            raise UsageError(
                f"module {self.slug} is planned and has no folder yet; "
                "`velvet list` shows the modules that work"
            )
        return self.path

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready view, as `velvet list --json` prints it; paths are relative."""
        told = "number slug title phase difficulty hours state question summary package"
        return {
            **{name: getattr(self, name) for name in told.split()},
            "phase_title": PHASES[self.phase],
            "prerequisites": list(self.prerequisites),
            "services": list(self.services),
            "folder": self.slug if self.path else None,
        }


def repository(start: Path | None = None) -> Path:
    """Return the root of the clone: above this package, else above the current folder.

    A toolkit that was installed without a clone around it has none: VelvetError.
    """
    here = Path(__file__).resolve().parent.parent
    candidates = [here] if start is None else []
    base = (start or Path.cwd()).resolve()
    candidates += [base, *base.parents]
    for candidate in candidates:
        if (candidate / "pyproject.toml").is_file() and (candidate / "velvet").is_dir():
            return candidate
    raise VelvetError(
        "the Velvet Python repository was not found above this folder; clone it and run the "
        "command inside the clone"
    )


def own_folder() -> Path:
    """Return the reader's own folder in the clone, which git ignores."""
    return repository() / ".velvet"


def load(path: Path) -> Module:
    """Read and validate one `module.toml`; a VelvetError names file, line and broken rule."""
    match = FOLDER.match(path.parent.name)
    if match is None:
        raise VelvetError(f"{path}: a module's folder is called NN-topic, not {path.parent.name!r}")
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except FileNotFoundError:
        raise VelvetError(
            f"{path}: missing; every module has one (see CONTRIBUTING.md, 'Add a module')"
        ) from None
    except OSError as error:
        raise VelvetError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise VelvetError(f"{path}: line {line}: not valid UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise VelvetError(f"{path}: not valid TOML: {error}") from None
    for name, rule in _faults(table):
        raise VelvetError(f"{path}: line {_line_of(name, text)}: {name!r} {rule}")
    return Module(int(match.group(1)), match.group(2), path=path.parent, **_values(table))


def _values(table: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(table)
    for name in ("prerequisites", "services"):
        values[name] = tuple(values.get(name, ()))
    values["pictures"] = tuple(Picture(**one) for one in values.get("pictures", ()))
    return values


def _faults(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the field and the broken rule of what is wrong; only the first is sure to be."""
    for name, kind in _FIELDS.items():
        value = table.get(name)
        if value is None:
            if name in REQUIRED:
                yield name, "is missing"
        elif not isinstance(value, kind) or isinstance(value, bool):
            wanted = kind.__name__ if isinstance(kind, type) else "number"
            yield name, f"must be {wanted}, not {type(value).__name__}"
    for name in table:
        if name not in _FIELDS:
            yield name, f"is not a known field.{nearest(name, _FIELDS)}"
    if table["phase"] not in PHASES:
        yield "phase", f"must be 1 to {len(PHASES)}, not {table['phase']}"
    if table["difficulty"] not in DIFFICULTIES:
        yield "difficulty", f"must be one of {', '.join(DIFFICULTIES)}"
    if not 0 < table["hours"] <= 100:
        yield "hours", f"must be over 0 and at most 100, not {table['hours']}"
    if not 1 <= table.get("test_processes", 1) <= 16:
        yield "test_processes", f"must be 1 to 16, not {table['test_processes']}"
    for service in table.get("services", ()):
        if service not in SERVICES:
            yield "services", f"names {service!r}; known are {', '.join(SERVICES)}"
    for one in table.get("pictures", ()):
        named = isinstance(one, dict) and set(one) == {"tab", "file"}
        if not named or not all(isinstance(value, str) for value in one.values()):
            yield "pictures", "has entries of `tab` and `file`, both text"
        if not re.fullmatch(r"[a-z0-9-]+\.png", one["file"]):
            yield "pictures", f"names {one['file']!r}; a file is like start-up.png"
    limits = dict(table.get("budget", {}))
    reason = limits.pop("reason", "")
    if table.get("budget") and not (isinstance(reason, str) and reason.strip()):
        yield "budget", "needs a `reason`: a sentence that says why"
    for name, limit in limits.items():
        if name not in BUDGETS:
            yield "budget", f"knows no {name!r}.{nearest(name, BUDGETS)}"
        if isinstance(limit, bool) or not isinstance(limit, int | float) or limit <= 0:
            yield "budget", f"{name} must be a number over 0, not {limit!r}"


def _line_of(field: str, text: str) -> int:
    name = re.escape(field)
    key = re.compile(rf"\s*[\"']?{name}[\"']?\s*[=.\]]|\s*\[+\s*{name}\s*\]")
    return next((n for n, line in enumerate(text.splitlines(), 1) if key.match(line)), 1)


def modules(root: Path | None = None) -> list[Module]:
    """Return the modules that exist, in order of number.

    A broken `module.toml`, or a number that two share, is a VelvetError.
    """
    folders = sorted((root or repository()).iterdir())
    found = [load(it / "module.toml") for it in folders if it.is_dir() and FOLDER.match(it.name)]
    for first, second in pairwise(found):
        if first.number == second.number:
            raise VelvetError(f"{first.slug} and {second.slug} share the number {first.number:02d}")
    return found


@lru_cache(maxsize=1)
def _planned() -> tuple[Module, ...]:
    table = tomllib.loads((Path(__file__).parent / "roadmap.toml").read_text(encoding="utf-8"))
    planned = []
    for slug, values in table.items():
        match = FOLDER.match(slug)
        if match is None:
            raise VelvetError(f"velvet/roadmap.toml: {slug!r} is not of the form NN-topic")
        planned.append(Module(int(match.group(1)), match.group(2), **_values(values)))
    return tuple(planned)


def everything(root: Path | None = None) -> list[Module]:
    """Return existing and planned modules together, in order of number."""
    known = {module.number: module for module in (*_planned(), *modules(root))}
    return [known[number] for number in sorted(known)]


def find(text: str, root: Path | None = None) -> Module:
    """Return the module meant by a number (``9``, ``09``), a name or a unique prefix.

    Where nothing or more than one matches, a UsageError suggests the nearest.
    """
    wanted = text.strip().strip("/\\").lower()
    known = everything(root)
    if re.fullmatch("[0-9]{1,4}", wanted):
        hits = [module for module in known if module.number == int(wanted)]
    else:
        hits = [m for m in known if wanted in (m.slug, m.topic, m.package)]
        hits = hits or [m for m in known if wanted and m.topic.startswith(wanted)]
        hits = hits or [m for m in known if wanted and m.slug.startswith(wanted)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        names = ", ".join(module.slug for module in hits)
        raise UsageError(f"{text!r} fits more than one module: {names}")
    names_known = [module.topic for module in known] + [module.slug for module in known]
    raise UsageError(
        f"there is no module {text!r}.{nearest(wanted, names_known)} `velvet list` shows them all"
    )
