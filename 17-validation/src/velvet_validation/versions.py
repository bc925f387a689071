"""Read stored payloads of every version: migrate the raw dictionary, then check the latest model.

Expand and contract on stored data: a writer adds the new field and keeps the old one, readers
move over, then the old field goes. Each step is a function on plain dictionaries, because models
of old versions do not exist any more.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from velvet_validation.contender import Compiled, validate

Step = Callable[[dict[str, Any]], dict[str, Any]]


class VersionError(ValueError):
    """The payload's version cannot be read."""


@dataclass(eq=False)
class MigrationGap(VersionError):
    """No migration leads from one version to the next."""

    found: int
    wanted: int

    def __str__(self) -> str:
        return f"no migration leads from version {self.found} to {self.wanted}: write one"


@dataclass(eq=False)
class FutureVersion(VersionError):
    """The payload was written by newer code."""

    found: int
    known: int

    def __str__(self) -> str:
        return f"the payload has version {self.found}, this code knows {self.known}: update it"


@dataclass(eq=False)
class NoVersion(VersionError):
    """The payload says no version, or something that is no version."""

    found: Any

    def __str__(self) -> str:
        return f"version is {self.found!r:.40}: a whole number from 1 is needed"


@dataclass(eq=False)
class Unmigratable(VersionError):
    """A payload is not of the version that it claims; ``__cause__`` is what its step tripped over."""

    version: int

    def __str__(self) -> str:
        return f"the payload is no valid version {self.version}: its migration failed"


@dataclass
class Versioned:
    """The versions of one kind of payload.

    Args:
        name: what is versioned, for messages.
        latest: the newest version.
        unversioned: the version of payloads without the field `version`; None refuses them.
    """

    name: str
    latest: int
    unversioned: int | None = None
    _up: dict[int, Step] = field(default_factory=dict)
    _down: dict[int, Step] = field(default_factory=dict)

    def migration(self, old: int, new: int) -> Callable[[Step], Step]:
        """Register the step from one version to the next."""
        return self._register(self._up, old, new, 1)

    def downgrade(self, new: int, old: int) -> Callable[[Step], Step]:
        """Register the step back, for readers that are not updated yet."""
        return self._register(self._down, new, old, -1)

    def _register(
        self, steps: dict[int, Step], start: int, end: int, by: int
    ) -> Callable[[Step], Step]:
        if end - start != by or not 1 <= min(start, end) < self.latest or start in steps:
            raise ValueError(
                f"a step of {self.name} goes once between neighbours, not from {start} to {end}"
            )

        def keep(step: Step) -> Step:
            steps[start] = step
            return step

        return keep

    def check_complete(self) -> None:
        """Raise `MigrationGap` when a version cannot reach the latest; call it at import."""
        for version in range(1, self.latest):
            if version not in self._up:
                raise MigrationGap(version, version + 1)

    def version_of(self, payload: dict[str, Any]) -> int:
        """Return the payload's version.

        Raises:
            NoVersion: it has none, or none that is a whole number from 1.
            FutureVersion: it is newer than the latest.
        """
        if not isinstance(payload, dict):
            raise NoVersion(payload)
        found = payload.get("version", self.unversioned)
        if type(found) is not int or found < 1:
            raise NoVersion(found)
        if found > self.latest:
            raise FutureVersion(found, self.latest)
        return found

    def migrate(self, payload: dict[str, Any], to: int | None = None) -> dict[str, Any]:
        """Return a new payload of the wanted version, the latest by default.

        Raises:
            MigrationGap: a step on the way is missing.
            Unmigratable: a step finds no payload of its version.
        """
        wanted = self.latest if to is None else to
        if not 1 <= wanted <= self.latest:
            raise ValueError(f"version {wanted} of {self.name} is unknown: 1 to {self.latest}")
        version, made = self.version_of(payload), copy.deepcopy(payload)
        while version != wanted:
            steps, stride = (self._up, 1) if version < wanted else (self._down, -1)
            if version not in steps:
                raise MigrationGap(version, version + stride)
            try:
                made = steps[version](made)
            except (LookupError, TypeError, AttributeError, ValueError) as error:
                raise Unmigratable(version) from error
            version += stride
            made["version"] = version
        return made

    def load_any(self, payload: dict[str, Any], model: Compiled) -> Any:
        """Return the latest model of a payload of any version; the version field is taken off."""
        made = self.migrate(payload)
        del made["version"]
        return validate(model, made)
