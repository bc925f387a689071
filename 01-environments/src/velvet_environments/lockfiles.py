"""How lock files are read: seven formats by six functions, found by the file's name.

Requirements with and without hashes share one. Each function knows where its tool keeps markers: uv
beside the dependency that needs them, Poetry at the package, PDM in a field, pip nowhere.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from velvet_environments.errors import LockError
from velvet_environments.locks import Lock, LockedPackage, checked, complete
from velvet_environments.wheelsmith import normalize

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Reader = Callable[[Path, str], Lock]
_HASH_OPTION = re.compile(r"--hash[= ](\S+)")


def toml_of(path: Path, text: str) -> dict[str, Any]:
    """Parse TOML; an error names the line.

    Raises:
        LockError: the text is not TOML.
    """
    try:
        given: dict[str, Any] = tomllib.loads(text)
        return given
    except (ValueError, RecursionError) as error:  # of TOML, of a number or a table too long
        told = str(error)
        if "line" not in told:
            told += f" (line {text.count(chr(10)) + 1})"
        raise LockError(path, "", f"not TOML: {told}") from None


def _entry(path: Path, given: Mapping[str, Any], **fields: Any) -> LockedPackage:
    name, version = given.get("name"), given.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise LockError(path, str(name or "an entry"), "name and version are missing")
    return checked(path, name, LockedPackage(normalize(name), version, **fields))


def _tables(path: Path, given: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = given.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise LockError(path, key, "must be an array of tables")
    return found


def _version_is(path: Path, told: object, allowed: tuple[str, ...], key: str) -> None:
    if str(told) not in allowed:
        raise LockError(path, key, f"unsupported {key} {told!r}: known are {', '.join(allowed)}")


def read_requirements(path: Path, text: str) -> Lock:
    """Read a requirements file; every line that names a package must pin it."""
    packages = []
    for written in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*$", "", written).strip()
        if not line or line.startswith("-"):
            continue
        hashes = frozenset(_HASH_OPTION.findall(line))
        try:
            one = Requirement(line.partition(" --hash")[0])
        except InvalidRequirement as error:
            raise LockError(path, line[:40], str(error).splitlines()[0]) from None
        pins = [spec.version for spec in one.specifier if spec.operator == "=="]
        if len(pins) != 1 or "*" in pins[0]:
            raise LockError(path, one.name, "is not pinned: a lock has one == for each package")
        about = {"name": one.name, "version": pins[0]}
        marker = str(one.marker or "")
        packages.append(_entry(path, about, marker=marker, hashes=hashes))
    universal = any(one.marker for one in packages)
    hashed = any(one.hashes for one in packages)
    kind = "requirements with hashes" if hashed else "requirements"
    return Lock(kind, tuple(packages), universal, path=path)


def _files(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [*given.get("wheels", []), *given.get("files", [])]
    return [*found, given["sdist"]] if isinstance(given.get("sdist"), dict) else found


def read_pylock(path: Path, text: str) -> Lock:
    """Read PEP 751's format."""
    given = toml_of(path, text)
    _version_is(path, given.get("lock-version"), ("1.0",), "lock-version")
    packages = []
    for one in _tables(path, given, "packages"):
        files = _files(one)
        hashes = {f"{k}:{v}" for file in files for k, v in file.get("hashes", {}).items()}
        packages.append(
            _entry(
                path,
                one,
                marker=one.get("marker", ""),
                hashes=frozenset(hashes),
                urls=tuple(file["url"] for file in files if "url" in file),
                index=one.get("index", ""),
            )
        )
    # pip writes no markers and no environments: it resolved for itself.
    universal = given.get("created-by") != "pip"
    python = str(given.get("requires-python", ""))
    groups = frozenset(given.get("default-groups", ()))
    return Lock("pylock.toml", tuple(packages), universal, python, groups, path)


def read_uv(path: Path, text: str) -> Lock:
    """Read `uv.lock`: markers stand at dependencies, so a package's own are joined from them."""
    given = toml_of(path, text)
    _version_is(path, given.get("version"), ("1",), "version")
    tables = _tables(path, given, "package")
    root = [one for one in tables if {"virtual", "editable"} & one.get("source", {}).keys()]
    reach = _uv_markers(tables, root)
    packages = []
    for one in tables:
        if one in root:
            continue
        files = _files(one)
        name = normalize(str(one.get("name", "")))
        packages.append(
            _entry(
                path,
                one,
                marker=reach.get((name, str(one.get("version", ""))), ""),
                hashes=frozenset(file["hash"] for file in files if "hash" in file),
                urls=tuple(file["url"] for file in files if "url" in file),
                index=one.get("source", {}).get("registry", ""),
                requires=tuple(dep["name"] for dep in one.get("dependencies", [])),
            )
        )
    python = str(given.get("requires-python", ""))
    return Lock("uv.lock", tuple(packages), True, python, path=path)


def _uv_markers(
    tables: list[dict[str, Any]], roots: list[dict[str, Any]]
) -> dict[tuple[str, str], str]:
    """Return each package's marker: along a path all must hold, of several paths any."""
    versions: dict[str, list[str]] = {}
    for one in tables:
        versions.setdefault(one["name"], []).append(str(one.get("version", "")))
    by_key = {(one["name"], str(one.get("version", ""))): one for one in tables}
    # The conditions under which a package is reached: () is always; each set is one path's.
    found: dict[tuple[str, str], set[frozenset[str]]] = {}
    queue = [((one["name"], str(one.get("version", ""))), frozenset[str]()) for one in roots]
    while queue:
        key, condition = queue.pop()
        known = found.setdefault(key, set())
        if any(one <= condition for one in known):
            continue  # reached already under a weaker condition
        known.add(condition)
        for dep in by_key[key].get("dependencies", []):
            names = [dep["version"]] if "version" in dep else versions.get(dep["name"], [])
            more = condition | {dep["marker"]} if "marker" in dep else condition
            queue += [((dep["name"], version), more) for version in names]
    made = {}
    for key, conditions in found.items():
        if frozenset() in conditions:
            continue
        paths = [" and ".join(f"({text})" for text in sorted(one)) for one in conditions]
        made[key] = " or ".join(f"({text})" for text in sorted(paths))
    return made


def read_poetry(path: Path, text: str) -> Lock:
    """Read `poetry.lock`."""
    given = toml_of(path, text)
    meta = given.get("metadata", {})
    _version_is(path, meta.get("lock-version"), ("2.0", "2.1"), "lock-version")
    packages = []
    for one in _tables(path, given, "package"):
        marker = one.get("markers", "")
        if isinstance(marker, dict):  # by dependency group
            marker = marker.get("main", "")
        packages.append(
            _entry(
                path,
                one,
                marker=marker,
                hashes=frozenset(file["hash"] for file in one.get("files", [])),
                index=one.get("source", {}).get("url", ""),
                requires=tuple(one.get("dependencies", {})),
            )
        )
    python = str(meta.get("python-versions", ""))
    return Lock("poetry.lock", tuple(packages), True, python, path=path)


def read_pdm(path: Path, text: str) -> Lock:
    """Read `pdm.lock`."""
    given = toml_of(path, text)
    meta = given.get("metadata", {})
    version = str(meta.get("lock_version", ""))
    _version_is(path, version.partition(".")[0], ("4",), "lock_version")
    packages = [
        _entry(
            path,
            one,
            marker=one.get("marker", ""),
            hashes=frozenset(file["hash"] for file in one.get("files", [])),
            urls=tuple(file["url"] for file in one.get("files", []) if "url" in file),
            requires=tuple(Requirement(dep).name for dep in one.get("dependencies", [])),
        )
        for one in _tables(path, given, "package")
        if not one.get("extras")
    ]
    targets = meta.get("targets", [{}])
    python = str(targets[0].get("requires_python", ""))
    bound = any("platform" in one for one in targets)
    return Lock("pdm.lock", tuple(packages), not bound, python, path=path)


def read_pipfile(path: Path, text: str) -> Lock:
    """Read `Pipfile.lock`."""
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise LockError(path, "", f"not JSON: {error}") from None
    meta = given.get("_meta", {}) if isinstance(given, dict) else {}
    _version_is(path, meta.get("pipfile-spec"), ("6",), "pipfile-spec")
    packages = [
        _entry(
            path,
            {"name": name, "version": str(about.get("version", "")).removeprefix("==")},
            marker=about.get("markers", ""),
            hashes=frozenset(about.get("hashes", ())),
            index=about.get("index", ""),
        )
        for name, about in given.get("default", {}).items()
    ]
    return Lock("Pipfile.lock", tuple(packages), False, path=path)


READERS: dict[str, Reader] = {
    "uv.lock": read_uv,
    "poetry.lock": read_poetry,
    "pdm.lock": read_pdm,
    "Pipfile.lock": read_pipfile,
}


def reader_of(path: Path) -> Reader:
    """Return the reader of a file by its name.

    Raises:
        LockError: no format has files of that name.
    """
    if path.name in READERS:
        return READERS[path.name]
    if re.fullmatch(r"pylock(\.[^.]+)?\.toml", path.name):
        return read_pylock
    if path.suffix == ".txt":
        return read_requirements
    known = ", ".join(["*.txt", "pylock.toml", *READERS])
    raise LockError(path, "", f"unknown kind of lock: known are {known}")


def load(path: Path | str) -> Lock:
    """Read a lock file of any of the seven formats; the file's name says which.

    Raises:
        LockError: it is none of them, cut, contradictory, or of an unknown version.
        OSError: it cannot be read.
    """
    place = Path(path)
    reader = reader_of(place)
    try:
        return complete(reader(place, place.read_text(encoding="utf-8")))
    except UnicodeDecodeError:
        raise LockError(place, "", "not UTF-8") from None
    except LockError:
        raise
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # What a tool never writes: a number for a table, a name that no entry has.
        why = f"an entry is absent or of another type ({type(error).__name__}: {error})"
        raise LockError(place, "", why) from None
