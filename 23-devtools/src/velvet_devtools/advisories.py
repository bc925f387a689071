"""Known vulnerabilities of pinned requirements, from a folder of OSV files and without a network.

A tool that asks a mirror which does not know the question answers "no known vulnerabilities" and
exits with 0. Here the outcome has three parts, and what could not be judged is one of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from velvet_devtools.errors import DevtoolsError


@dataclass(frozen=True)
class Audit:
    """What is affected (requirement, advisory, version that mends it), fine, and not audited."""

    affected: tuple[tuple[str, str, str], ...]
    fine: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 when all is fine, 1 for a vulnerability, 2 when something could not be judged."""
        return 1 if self.affected else 2 if self.unknown else 0


def pins(file: Path, seen: frozenset[Path] = frozenset()) -> Iterator[tuple[str, str, str]]:
    """Yield name, version, and why there is none, for each line; `-r` is followed, a circle is not."""
    here = file.resolve()
    if here in seen:
        yield str(file.name), "", "includes itself"
        return
    for raw in file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        if not line:
            continue
        if found := re.match(r"(?:-r|--requirement)[ =](.+)", line):
            more = file.parent / found[1].strip()
            if more.is_file():
                yield from pins(more, seen | {here})
            else:
                yield line, "", "the file is not there"
            continue
        try:
            need = Requirement(re.split(r"\s--hash", line)[0])
        except InvalidRequirement:
            yield line, "", "not a name with a version"
            continue
        exact = [one.version for one in need.specifier if one.operator in ("==", "===")]
        if need.marker is not None and not need.marker.evaluate():
            continue  # not for this machine
        if need.url or not exact or "*" in exact[0]:
            yield need.name, "", "a link" if need.url else "not pinned"
        else:
            yield canonicalize_name(need.name), exact[0], ""


def load(folder: Path) -> dict[str, list[Mapping[str, Any]]]:
    """Read OSV files and return package -> its advisories.

    Raises:
        DevtoolsError: a file is no OSV record; a database with a hole is no database.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for file in sorted(folder.glob("*.json")):
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            if record.get("withdrawn"):
                continue
            for one in record["affected"]:
                if one["package"]["ecosystem"] == "PyPI":
                    name = canonicalize_name(one["package"]["name"])
                    found.setdefault(name, []).append({**one, "id": record["id"]})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DevtoolsError(f"{file.name} is no OSV record: {error}") from None
    return found


def affected(version: str, entry: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether a version is affected, and the version that mends it.

    OSV 1.6, "evaluation": listed in `versions`, or between an `introduced` and the next event.
    """
    wanted = Version(version)
    if version in entry.get("versions", ()):
        return True, ""
    for one in entry.get("ranges", ()):
        if one["type"] != "ECOSYSTEM":
            continue
        inside, mended = False, ""
        events = [(_version(at), kind, at) for e in one["events"] for kind, at in e.items()]
        for at, kind, text in sorted(events):
            if kind == "introduced" and at <= wanted:
                inside, mended = True, ""
            elif (kind == "fixed" and inside and at <= wanted) or (
                kind == "last_affected" and at < wanted
            ):
                inside = False
            elif kind == "fixed" and inside and not mended:
                mended = text
        if inside:
            return True, mended
    return False, ""


def _version(text: str) -> Version:
    return Version("0.dev0" if text == "0" else text)


def audit(requirements: Path, database: Path) -> Audit:
    """Judge each line of a requirements file by a folder of OSV files."""
    known = load(database)
    hit, fine, unknown = [], [], []
    for name, version, why in pins(requirements):
        if why:
            unknown.append(f"{name}: {why}")
            continue
        try:
            judged = [(one["id"], *affected(version, one)) for one in known.get(name, ())]
        except InvalidVersion:
            unknown.append(f"{name}: {version!r} is no version")
            continue
        hits = [(f"{name}=={version}", number, mended) for number, bad, mended in judged if bad]
        hit += hits
        fine += [] if hits else [f"{name}=={version}"]
    return Audit(tuple(hit), tuple(fine), tuple(unknown))
