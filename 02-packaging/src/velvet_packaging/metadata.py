"""Core metadata: what a project says about itself, validated field by field.

`packaging.metadata` knows the grammar of each field and the version that it came with. What it
leaves to its caller is what to do with a version from the future, with two licenses, with an
extension that the whole world wrote for years, and with a file made to take for ever.

Sources: PyPA core-metadata 2.6, pyproject-toml, license-expression; PEP 566, 621, 639, 643, 685.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.metadata import Metadata, RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from velvet_packaging.errors import BadSpec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KNOWN_VERSIONS = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6")
# setuptools wrote License-File for years before PEP 639, so many published wheels have it.
_WITHOUT_LICENSE_FILES = KNOWN_VERSIONS[: KNOWN_VERSIONS.index("2.4")]
MAX_NAMES = 200  # of fields; the mail parser's time grows with their square
_BLANK = re.compile(rb"(?:\r\n|\r(?!\n)|\n){2}")
_PROJECT = frozenset(
    (
        *("authors", "classifiers", "dependencies", "description", "dynamic", "entry-points"),
        *("gui-scripts", "import-names", "import-namespaces", "keywords", "license"),
        *("license-files", "maintainers", "name", "optional-dependencies", "readme"),
        *("requires-python", "scripts", "urls", "version"),
    )
)
_TABLES = ("entry-points", "gui-scripts", "optional-dependencies", "scripts", "urls")
_LISTS = ("dynamic", "dependencies", "classifiers", "license-files", "keywords")


@dataclass(frozen=True)
class MetadataReport:
    """What validation found.

    Attributes:
        version: the Metadata-Version; empty where there is none.
        parsed: the fields under the names that `packaging` gives them.
    """

    version: str
    errors: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    parsed: RawMetadata = field(default_factory=RawMetadata)


def validate(raw: bytes) -> MetadataReport:
    """Return what is wrong with a METADATA or PKG-INFO file; never raises.

    A minor version that is unknown is a warning and its fields are read as the newest known; an
    unknown major version is an error, since it may mean anything.

    >>> validate(b"Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n").errors
    ()
    """
    lines = _BLANK.split(raw, maxsplit=1)[0].splitlines()
    if len({line.partition(b":")[0] for line in lines if line[:1] not in b" \t"}) > MAX_NAMES:
        return MetadataReport("", (f"not readable: more than {MAX_NAMES} names of fields",))
    try:
        parsed, unparsed = parse_email(raw)
    except (ValueError, LookupError) as error:
        return MetadataReport("", (f"not readable: {error}",))
    version = parsed.get("metadata_version", "")
    errors = [f"{name}: not readable" for name in unparsed if name in ("name", "version")]
    warnings = [f"{name}: unknown or repeated" for name in sorted(unparsed)]
    fields: dict[str, Any] = dict(parsed)
    if not version:
        errors.append("metadata-version: missing")
    elif version not in KNOWN_VERSIONS:
        warnings.append(f"metadata-version: {version!r} is unknown")
        if version.partition(".")[0] not in ("1", "2"):
            errors.append(f"metadata-version: major version of {version!r} is unknown")
        fields["metadata_version"] = KNOWN_VERSIONS[-1]
    elif version in _WITHOUT_LICENSE_FILES and fields.pop("license_files", None):
        warnings.append(f"license-files: came with 2.4, not legal in {version}")
    if {"license", "license_expression"} <= fields.keys():
        errors.append("license: License and License-Expression exclude each other")
    errors += _invalid(fields)
    return MetadataReport(version, tuple(dict.fromkeys(errors)), tuple(warnings), parsed)


def _invalid(fields: dict[str, Any]) -> list[str]:
    """Return what `packaging` refuses, a sentence each."""
    try:
        Metadata.from_raw(RawMetadata(**fields), validate=True)  # type: ignore[typeddict-item]
    except Exception as error:  # noqa: BLE001 - an ExceptionGroup of its own on Python 3.10
        inner = getattr(error, "exceptions", (error,))
        return [f"{getattr(one, 'field', 'metadata')}: {one}".splitlines()[0] for one in inner]
    return []


@dataclass(frozen=True)
class StaticProject:
    """What pyproject.toml says without a line of code being run.

    Attributes:
        dynamic: the fields that only the backend can tell.
    """

    name: str
    version: str | None
    dependencies: tuple[str, ...]
    requires_python: str | None
    dynamic: tuple[str, ...]
    build_requires: tuple[str, ...]
    build_backend: str


def static_project(path: Path) -> StaticProject:
    """Read a pyproject.toml.

    Raises:
        BadSpec: a key breaks PEP 621 or PEP 639; the message names key and rule.
    """
    project, system = _tables(path)
    if unknown := sorted(set(project) - _PROJECT):
        raise BadSpec(f"project.{unknown[0]}: no such key (PEP 621)")
    _typed(project, system)
    dynamic = tuple(project.get("dynamic", ()))
    for key in dynamic:
        if key not in _PROJECT:
            raise BadSpec(f"project.dynamic: {key!r} is no key (PEP 621)")
        if key in project and key != "name":
            raise BadSpec(f"project.{key}: stated or dynamic, one of the two (PEP 621)")
    name = project.get("name")
    if not isinstance(name, str) or "name" in dynamic:
        raise BadSpec("project.name: must be stated, and may never be dynamic (PEP 621)")
    try:
        canonicalize_name(name, validate=True)
    except ValueError:
        raise BadSpec(f"project.name: {name!r} is no valid name (PEP 508)") from None
    version = project.get("version")
    if (version is None) != ("version" in dynamic):
        raise BadSpec("project.version: must be stated or dynamic, one of the two (PEP 621)")
    try:
        Version("0" if version is None else version)
        SpecifierSet(project.get("requires-python", ""))
    except (InvalidVersion, InvalidSpecifier) as error:
        key = "version" if isinstance(error, InvalidVersion) else "requires-python"
        raise BadSpec(f"project.{key}: {error} (PEP 440)") from None
    for text in project.get("dependencies", ()):
        try:
            Requirement(text)
        except InvalidRequirement:
            raise BadSpec(f"project.dependencies: {text!r} is no requirement (PEP 508)") from None
    _license(project)
    return StaticProject(
        name,
        version,
        tuple(project.get("dependencies", ())),
        project.get("requires-python"),
        dynamic,
        tuple(system.get("requires", ("setuptools>=40.8.0",))),
        build_backend(path),
    )


def _typed(project: dict[str, Any], system: dict[str, Any]) -> None:
    for key in ("version", "requires-python"):
        if not isinstance(project.get(key, ""), str):
            raise BadSpec(f"project.{key}: must be a string (PEP 621)")
    lists = {f"project.{key}": project.get(key, []) for key in _LISTS}
    for key, told in {**lists, "build-system.requires": system.get("requires", [])}.items():
        if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
            raise BadSpec(f"{key}: must be a list of strings (PEP 621, PEP 518)")
    for key in _TABLES:
        if not isinstance(project.get(key, {}), dict):
            raise BadSpec(f"project.{key}: must be a table (PEP 621)")
    if not isinstance(project.get("license", ""), (str, dict)):
        raise BadSpec("project.license: must be a string or a table (PEP 639)")


def _tables(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSpec(f"{path.name}: {error}") from None
    project, system = table.get("project", {}), table.get("build-system", {})
    if not isinstance(project, dict) or not isinstance(system, dict):
        raise BadSpec("project and build-system must be tables (PEP 621, PEP 518)")
    return project, system


def build_backend(path: Path) -> str:
    """Return the object that a pyproject.toml names as its backend; setuptools without one.

    Raises:
        BadSpec: the file is no TOML.
    """
    return str(_tables(path)[1].get("build-backend", "setuptools.build_meta:__legacy__"))


def _license(project: dict[str, Any]) -> None:
    told = project.get("license")
    if isinstance(told, dict) and "license-files" in project:
        raise BadSpec("project.license: a table and license-files exclude each other (PEP 639)")
    if isinstance(told, dict) and len(told.keys() & {"file", "text"}) != 1:
        raise BadSpec("project.license: a table has one of file and text (PEP 621)")
    if isinstance(told, str) and not license_ok(told):
        raise BadSpec(f"project.license: {told!r} is no SPDX expression (PEP 639)")
    named = [one for one in project.get("classifiers", ()) if one.startswith("License ::")]
    if isinstance(told, str) and named:
        raise BadSpec(f"project.license: an expression excludes {named[0]!r} (PEP 639)")


def license_ok(expression: str) -> bool:
    """Return whether a text is an SPDX license expression.

    >>> license_ok("MIT OR Apache-2.0"), license_ok("Use at will")
    (True, False)
    """
    try:
        canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return False
    return True
