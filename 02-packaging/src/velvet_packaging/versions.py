"""PEP 440 made visible: what a version's parts mean, why a specifier matches, what comes next.

Thin over `packaging.version`, which every tool uses; what is added is the sentence. Source: the
PyPA specification version-specifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, get_args

from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.version import Version

from velvet_packaging.errors import BadSpec, UnknownName

Part = Literal["major", "minor", "micro", "pre", "post", "dev"]
_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-(alpha|beta|rc)(?:\.(0|[1-9]\d*))?)?(?:\+([0-9A-Za-z.-]+))?",
    re.ASCII,
)


def _version(text: str) -> Version:
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or a number too long to be read
        raise BadSpec(f"{text!r} is no version of PEP 440") from None


def explain(text: str) -> dict[str, str]:
    """Return a version's parts with their meaning, the normal form first.

    Raises:
        BadSpec: it is no version.

    >>> explain("v1.0-RC1")["normal form"]
    '1.0rc1'
    """
    version = _version(text)
    told = {"normal form": str(version), "release": ".".join(map(str, version.release))}
    if version.epoch:
        told["epoch"] = f"{version.epoch}: newer than everything of a lower epoch"
    if version.pre:
        word = {"a": "alpha", "b": "beta", "rc": "release candidate"}[version.pre[0]]
        told["pre-release"] = f"{word} {version.pre[1]}: before the release"
    if version.post is not None:
        told["post-release"] = f"{version.post}: after the release, the same code"
    if version.dev is not None:
        told["development"] = f"{version.dev}: before everything it leads to"
    if version.local:
        told["local"] = f"{version.local}: a rebuild, never accepted by a public index"
    return told


def explain_match(specifier: str, text: str) -> str:
    """Return whether a version matches a specifier, and the rule that decides.

    Raises:
        BadSpec: one of the two is not valid.

    >>> explain_match("~=1.4", "2.0")
    'no: ~=1.4 means >=1.4 and ==1.*'
    """
    version = _version(text)
    try:
        wanted = Specifier(specifier)
    except InvalidSpecifier:
        raise BadSpec(f"{specifier!r} is no specifier, such as >=1.0") from None
    if version.is_prerelease and not wanted.prereleases:
        inside = wanted.contains(version, prereleases=True)
        return f"no: {version} is a pre-release" + (", else it would match" if inside else "")
    answer = "yes" if wanted.contains(version, prereleases=True) else "no"
    return f"{answer}: {_rule(wanted, version)}"


def _rule(wanted: Specifier, version: Version) -> str:
    operator, text = wanted.operator, wanted.version
    if operator == "~=":
        return f"{wanted} means >={text} and =={_prefix(Version(text))}.*"
    if operator == "===":
        return "=== compares the text"
    if text.endswith(".*"):
        return f"the release begins with {text[:-2]}, or not"
    bound = Version(text)
    same_base = Version(version.base_version) == Version(bound.base_version)
    if operator == ">" and same_base and version > bound:
        if version.is_postrelease and not bound.is_postrelease:
            return f"> leaves out post-releases of {text}"
        if version.local:
            return f"> leaves out local versions of {text}"
    if operator in ("==", "!=", "<=", ">=") and version.local and Version(version.public) == bound:
        return f"{operator}{text} ignores the local part"
    side = "equal to" if version == bound else "after" if version > bound else "before"
    return f"{version} is {side} {text}"


def _prefix(bound: Version) -> str:
    """Return what a compatible release begins with: the release without its last number."""
    return f"{bound.epoch}!" * bool(bound.epoch) + ".".join(map(str, bound.release[:-1]))


def next_version(text: str, part: Part) -> str:
    """Return the version that follows when one part is raised.

    Raises:
        BadSpec: it is no version.
        UnknownName: `Part` has no such part.

    >>> next_version("1.2.3", "minor"), next_version("1.2.3", "pre"), next_version("1.0rc1", "pre")
    ('1.3.0', '1.2.4rc1', '1.0rc2')
    """
    if part not in get_args(Part):
        raise UnknownName("part", part, get_args(Part))
    version = _version(text)
    release = [*version.release, 0, 0][: max(3, len(version.release))]
    epoch = f"{version.epoch}!" if version.epoch else ""
    if part in ("major", "minor", "micro"):
        at = ("major", "minor", "micro").index(part)
        raised = [*release[:at], release[at] + 1, *(0 for _ in release[at + 1 :])]
        return epoch + ".".join(map(str, raised))
    base = epoch + ".".join(map(str, version.release))
    if part == "post":
        return f"{base}.post{(version.post or 0) + 1 if version.post is not None else 1}"
    if part == "pre" and version.pre:
        return f"{base}{version.pre[0]}{version.pre[1] + 1}"
    if part == "dev" and version.dev is not None:
        return f"{version.public.rpartition('.dev')[0]}.dev{version.dev + 1}"
    following = next_version(text, "micro")
    return f"{following}rc1" if part == "pre" else f"{following}.dev1"


def from_semver(text: str) -> str:
    """Return a semantic version in the form of PEP 440; the order of two is kept.

    Raises:
        BadSpec: it is none, or its pre-release has no counterpart.

    >>> from_semver("1.2.0-beta.3+build.7")
    '1.2.0b3+build.7'
    """
    found = _SEMVER.fullmatch(text)
    if not found:
        raise BadSpec(f"{text!r}: only 1.2.3 with -alpha, -beta or -rc has a counterpart")
    major, minor, micro, word, number, build = found.groups()
    short = {"alpha": "a", "beta": "b", "rc": "rc"}
    pre = f"{short[word]}{number or 0}" if word else ""
    local = f"+{re.sub('[.-]+', '.', build).strip('.').lower()}" if build else ""
    return str(_version(f"{major}.{minor}.{micro}{pre}{local}"))


def release_order(texts: Iterable[str]) -> list[str]:
    """Return versions from the oldest to the newest; equal ones keep their places.

    Raises:
        BadSpec: one of them is no version.

    >>> release_order(["1.0.post1", "1.0", "1!0", "1.0.dev0", "1.0+local"])
    ['1.0.dev0', '1.0', '1.0+local', '1.0.post1', '1!0']
    """
    return sorted(texts, key=_version)


def local_allowed_on_index(text: str) -> bool:
    """Return whether a public index takes a version: one with a local part is refused.

    Raises:
        BadSpec: it is no version.
    """
    return _version(text).local is None
