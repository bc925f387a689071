"""One answer to "can this run here?", for benchmarks, tests, examples and `velvet doctor`.

A need is a short string: a distribution with an optional range (``"limits>=4"``), a
service (``"redis"``), a platform (``"linux"``, ``"posix"``, ``"not windows"``), an interpreter
(``"python>=3.12"``), a number of usable processor cores (``"cores>=2"``), a program
(``"program:gcc"``) or ``"browser"``. An unmet need comes back as a reason and the
command that would meet it, so that a row is never absent in silence.
"""

from __future__ import annotations

import operator
import os
import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass

_PLATFORMS = {"linux": "linux", "macos": "darwin", "windows": "win32"}
_SERVICES = ("postgres", "redis", "rabbitmq", "mongodb")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_NUMBER = re.compile(r"^(python|cores)\s*(>=|<=|==|<|>)\s*([\d.]+)$")
_DISTRIBUTION = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*((?:>=|<=|==|<|>)\s*[\d.]+)?$")
_COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True)
class Unmet:
    """A need that this machine does not meet: why, and the way out."""

    need: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.remedy})" if self.remedy else self.reason


def usable_cores() -> int:
    """Return how many cores this process may use (affinity respected where readable)."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def numbers(version: str) -> tuple[int, ...]:
    """Return the leading numeric parts of a version, for comparing: ``"3.10rc1"`` -> (3, 10).

    Zeros at the end are dropped, because 2, 2.0 and 2.0.0 are one version.
    """
    leading = re.match(r"\d+(?:\.\d+)*", version.strip())
    parts = [int(part) for part in leading.group().split(".")[:4]] if leading else []
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def unmet(need: str) -> Unmet | None:
    """Return why a need is not met, or None when it is; ValueError for what is no need."""
    text = need.strip()
    if not text:
        raise ValueError("a need is a non-empty string such as 'numpy', 'redis' or 'cores>=2'")
    number = _NUMBER.match(text)
    if number:
        return _compare_number(text, *number.groups())
    if text in _SERVICES:
        from velvet.services import probe  # not at every start

        problem = probe(text)
        return Unmet(text, problem.reason, problem.remedy) if problem else None
    if text in (*_PLATFORMS, "posix") or text.startswith("not "):
        return _platform(text)
    if text.startswith("program:"):
        name = text.removeprefix("program:")
        return None if shutil.which(name) else Unmet(text, f"no {name} here", f"install {name}")
    if text == "browser":
        return None if browser() else Unmet(text, "no Chromium here", "install Chromium or Chrome")
    return _distribution(text)


def all_unmet(needs: Iterable[str]) -> list[Unmet]:
    """Return every need of several that is not met here, in order."""
    return [problem for need in needs if (problem := unmet(need))]


def browser() -> str | None:
    """Return the path of a Chromium-like browser, or None."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def version_of(need: str) -> str | None:
    """Return the installed version of the distribution that a need names, or None."""
    from importlib import metadata  # not at every start

    match = _DISTRIBUTION.match(need.strip())
    try:
        return metadata.version(match.group(1)) if match else None
    except metadata.PackageNotFoundError:
        return None


def _compare_number(need: str, what: str, sign: str, wanted: str) -> Unmet | None:
    parts = wanted.count(".") + 1
    have = tuple(sys.version_info[:parts]) if what == "python" else (usable_cores(),)
    if _COMPARE[sign](numbers(".".join(map(str, have))), numbers(wanted)):
        return None
    shown = ".".join(map(str, have))
    remedy = f"run it with Python {wanted}" if what == "python" else ""
    return Unmet(need, f"needs {what} {sign} {wanted}, here {shown}", remedy)


def _platform(need: str) -> Unmet | None:
    name = need.removeprefix("not ").strip()
    if name == "posix":
        here = os.name == "posix"
    elif name in _PLATFORMS:
        here = sys.platform == _PLATFORMS[name]
    else:
        raise ValueError(f"unknown platform {name!r} in the need {need!r}")
    if here is not need.startswith("not "):
        return None
    return Unmet(need, f"only for {need}; this is {sys.platform}", "")


def _distribution(need: str) -> Unmet | None:
    match = _DISTRIBUTION.match(need)
    if match is None:
        raise ValueError(f"unknown need {need!r}; see velvet.needs for the vocabulary")
    name, rule = match.group(1), (match.group(2) or "").replace(" ", "")
    found = version_of(name)
    if found is None:
        return Unmet(need, f"{name} is not installed", f'pip install "{name}{rule}"')
    if rule:
        sign = re.match(r"[<>=]+", rule)
        if sign and not _COMPARE[sign.group()](numbers(found), numbers(rule[sign.end() :])):
            return Unmet(need, f"{name} {found} is not {rule}", f'pip install "{name}{rule}"')
    return None
