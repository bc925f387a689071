"""The same packages as a conda channel: `repodata.json` and archives.

conda asks one file for everything instead of a page per project: that file is the channel's index,
and what the solver sees. So it is written here by hand, for a graph of ours.

Source: conda's documentation of channels and repodata; `MatchSpec` for the specifications.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from velvet_environments.wheelsmith import PackageSpec, build_conda

PATH = "/conda"


class CondaChannel:
    """A channel whose packages are all `noarch`; the platforms' own subfolders are empty."""

    def __init__(self, specs: Iterable[PackageSpec]) -> None:
        packages: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        for spec in specs:
            made = build_conda(spec)
            packages[made.filename] = {
                **json.loads(made.metadata),
                "md5": hashlib.md5(made.data, usedforsecurity=False).hexdigest(),
                "sha256": made.sha256,
                "size": len(made.data),
            }
            self.files[f"noarch/{made.filename}"] = made.data
        self._repodata("noarch", packages)
        for platform in ("linux-64", "osx-arm64", "win-64"):
            self._repodata(platform, {})

    def _repodata(self, subdir: str, packages: dict[str, Any]) -> None:
        told: dict[str, Any] = {"info": {"subdir": subdir}, "packages": packages}
        told |= {"packages.conda": {}, "repodata_version": 1}
        self.files[f"{subdir}/repodata.json"] = json.dumps(told, sort_keys=True).encode()

    def served(self) -> dict[str, bytes]:
        """Return path -> bytes for `IndexServer(files=…)`."""
        return {f"{PATH}/{name}": data for name, data in self.files.items()}
