"""Seven lock formats, one view: names, versions, markers, hashes, and for whom they hold.

A lock file is read by its own rules (`lockfiles`) into a `Lock`, and then the questions are the
same for all: which packages does this platform get (`select`), what changed (`diff`), what would a
careful reader object to (`audit`).

Sources: the PyPA specification pylock-toml (PEP 751); the tools' own files.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.version import InvalidVersion, Version

from velvet_environments.errors import LockError
from velvet_environments.target import FOUR, Target
from velvet_environments.wheelsmith import normalize

_HEX_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128, "md5": 32, "sha1": 40}
_WEAK = ("md5", "sha1")


@dataclass(frozen=True)
class LockedPackage:
    """One entry.

    Attributes:
        marker: for whom it holds; empty when it always holds.
        hashes: texts such as `sha256:…`, one a file.
        index: the index that it comes from; empty where the format does not say.
    """

    name: str
    version: str
    marker: str = ""
    hashes: frozenset[str] = frozenset()
    urls: tuple[str, ...] = ()
    index: str = ""
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lock:
    """A lock file's content.

    Attributes:
        universal: whether its tool resolved for all platforms.
        requires_python: the interpreters that it promises to fit; empty where it says nothing.
        groups: the dependency groups that are installed by default (PEP 751).
    """

    format: str
    packages: tuple[LockedPackage, ...]
    universal: bool
    requires_python: str = ""
    groups: frozenset[str] = frozenset()
    path: Path = field(default=Path(), compare=False)


def checked(path: Path, name: str, package: LockedPackage) -> LockedPackage:
    """Return an entry whose version, marker and hashes are well formed.

    Raises:
        LockError: one of them is not.
    """
    try:
        Version(package.version)
        if package.marker:
            Marker(package.marker)
    except (InvalidVersion, InvalidMarker, RecursionError) as error:
        raise LockError(path, name, str(error).splitlines()[0]) from None
    for text in package.hashes:
        kind, _, digits = text.partition(":")
        wanted = _HEX_DIGITS.get(kind, len(digits))
        if len(digits) != wanted or not re.fullmatch("[0-9a-f]+", digits):
            raise LockError(path, name, f"bad hash {text!r}: {kind} has {wanted} digits")
    return package


def complete(lock: Lock) -> Lock:
    """Return a lock after the check that no two entries claim one place.

    Raises:
        LockError: a package stands there twice without markers.
    """
    bare = Counter(normalize(one.name) for one in lock.packages if not one.marker)
    for name, count in bare.items():
        if count > 1:
            raise LockError(lock.path, name, f"two entries for {name} without markers")
    return lock


def select(lock: Lock, target: Target) -> dict[str, str]:
    """Return name -> version of what a target installs; O(packages).

    Raises:
        LockError: two entries hold for the target with different versions.
    """
    chosen: dict[str, str] = {}
    for one in lock.packages:
        name = normalize(one.name)
        if not target.wants(one.marker, groups=lock.groups):
            continue
        if chosen.setdefault(name, one.version) != one.version:
            raise LockError(lock.path, name, f"{chosen[name]} and {one.version} both hold")
    return chosen


@dataclass(frozen=True)
class LockDiff:
    """What differs between two locks: names, and for `changed` both versions."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[tuple[str, str, str], ...]
    rehashed: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed or self.rehashed)


def diff(before: Lock, after: Lock) -> LockDiff:
    """Compare by name; the same version with other hashes is `rehashed`, which should alarm."""
    old, new = _by_name(before), _by_name(after)
    both = sorted(old.keys() & new.keys())
    versions = {name: (_versions(old[name]), _versions(new[name])) for name in both}
    return LockDiff(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple((n, *versions[n]) for n in both if versions[n][0] != versions[n][1]),
        rehashed=tuple(
            name
            for name in both
            if versions[name][0] == versions[name][1] and _clash(old[name], new[name])
        ),
    )


def _by_name(lock: Lock) -> dict[str, list[LockedPackage]]:
    found: dict[str, list[LockedPackage]] = defaultdict(list)
    for one in lock.packages:
        found[normalize(one.name)].append(one)
    return found


def _versions(entries: list[LockedPackage]) -> str:
    return ", ".join(sorted({one.version for one in entries}))


def _clash(old: list[LockedPackage], new: list[LockedPackage]) -> bool:
    """Whether hashes are given on both sides and none is common."""
    before = {text for one in old for text in one.hashes}
    after = {text for one in new for text in one.hashes}
    return bool(before and after and not before & after)


@dataclass(frozen=True)
class Finding:
    """What a careful reader objects to."""

    kind: str
    package: str
    words: str


def audit(lock: Lock) -> list[Finding]:
    """Return what is doubtful about a lock that is well formed."""
    found = []
    homes: dict[str, set[str]] = defaultdict(set)
    for one in lock.packages:
        if not one.hashes:
            found.append(Finding("unhashed", one.name, "a changed file would be accepted"))
        weak = {text.partition(":")[0] for text in one.hashes} & set(_WEAK)
        found += [Finding("weak-hash", one.name, f"{kind} is broken") for kind in sorted(weak)]
        for url in one.urls:
            host = urlsplit(url).hostname or "this machine"
            if host in ("127.0.0.1", "localhost", "this machine"):
                found.append(Finding("local-url", one.name, f"its file lies on {host}"))
                break
        if one.index:
            homes[normalize(one.name)].add(one.index)
    found += [
        Finding("two-indexes", name, "whichever answers first decides: dependency confusion")
        for name, indexes in homes.items()
        if len(indexes) > 1
    ]
    if not lock.universal:
        found.append(Finding("platform-bound", "", f"{lock.format} was resolved on one platform"))
    if not lock.requires_python:
        found.append(Finding("no-requires-python", "", "it does not say which Pythons it fits"))
    return found


def platforms(lock: Lock) -> list[int]:
    """Return how many packages each of four common targets would get."""
    return [len(select(lock, target)) for target in FOUR]
