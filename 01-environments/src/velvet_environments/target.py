"""For which interpreter and platform a question is asked: a lock has one answer for each.

A marker such as `sys_platform == "win32"` is evaluated against a target, never against the machine
that happens to run the code, so that one Linux machine can say what Windows would install.

Source: the PyPA specification dependency-specifiers, environment markers.
"""

from __future__ import annotations

import sys
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

_SYSTEMS = {
    "linux": ("posix", "Linux", "x86_64", "linux"),
    "win32": ("nt", "Windows", "AMD64", "win"),
    "darwin": ("posix", "Darwin", "arm64", "macosx"),
}


@dataclass(frozen=True)
class Target:
    """An interpreter on a platform.

    Attributes:
        python: major and minor version, such as "3.12".
        platform: a value of `sys.platform`: linux, win32 or darwin; else a ValueError.
        micro: the last part of its version: redis needs async-timeout before 3.11.3 alone.
    """

    python: str = "3.12"
    platform: str = "linux"
    micro: int = 0

    def __post_init__(self) -> None:
        if self.platform not in _SYSTEMS:
            raise ValueError(f"platform {self.platform!r}: choose one of {', '.join(_SYSTEMS)}")

    @classmethod
    def here(cls) -> Target:
        """Return the running interpreter's target."""
        platform = sys.platform if sys.platform in _SYSTEMS else "linux"
        major, minor, micro, *_ = sys.version_info
        return cls(f"{major}.{minor}", platform, micro)

    def environment(
        self, extra: str = "", groups: frozenset[str] = frozenset()
    ) -> dict[str, str | AbstractSet[str]]:
        """Return the values of the marker variables, those of PEP 751 among them."""
        os_name, system, machine, _ = _SYSTEMS[self.platform]
        return {
            "python_version": self.python,
            "python_full_version": f"{self.python}.{self.micro}",
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.{self.micro}",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_version": "",
            "os_name": os_name,
            "sys_platform": self.platform,
            "platform_system": system,
            "platform_machine": machine,
            "extra": extra,
            "extras": frozenset({extra} - {""}),
            "dependency_groups": groups,
        }

    def wants(
        self,
        marker: Marker | str | None,
        extras: frozenset[str] = frozenset(),
        groups: frozenset[str] = frozenset(),
    ) -> bool:
        """Whether a marker holds here, for any of the extras and with the groups asked for.

        >>> Target(platform="win32").wants("sys_platform == 'win32'")
        True
        """
        if not marker:
            return True
        try:
            parsed = Marker(marker) if isinstance(marker, str) else marker
        except RecursionError:
            raise ValueError(f"a marker is nested too deeply: {str(marker)[:40]!r}") from None
        return any(
            parsed.evaluate(self.environment(extra, groups)) for extra in ("", *sorted(extras))
        )

    def accepts_python(self, specifier: str | None) -> bool:
        """Whether `requires-python` allows this interpreter."""
        return SpecifierSet(specifier or "").contains(f"{self.python}.{self.micro}")

    def accepts_tag(self, tag: str) -> bool:
        """Whether a wheel's platform tag fits this platform."""
        platform = tag.rpartition("-")[2]
        return platform == "any" or platform.startswith((self.platform, _SYSTEMS[self.platform][3]))


# What a lock file is asked for: does one file serve all four?
FOUR = (
    Target("3.10", "linux"),
    Target("3.12", "linux"),
    Target("3.12", "win32"),
    Target("3.12", "darwin"),
)
