"""The same aliases in MLflow, for a team that has it already.

The adapter takes a client and imports nothing: `MlflowClient()` of mlflow or of mlflow-skinny. What
MLflow does not check, hash and signature of the file, stays with the manifest of ours, which travels
as tags of the version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from velvet_ml.errors import IntegrityError
from velvet_ml.registry import ALIASES, Manifest


class Client(Protocol):
    """The part of `mlflow.MlflowClient` that the adapter uses."""

    def search_registered_models(self, filter_string: str) -> Any: ...
    def create_registered_model(self, name: str) -> Any: ...
    def create_model_version(self, name: str, source: str, *, tags: Mapping[str, str]) -> Any: ...
    def get_model_version(self, name: str, version: str) -> Any: ...
    def get_registered_model(self, name: str) -> Any: ...
    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None: ...


class MlflowRegistry:
    """Versions and aliases in MLflow, with hash and signature as tags."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def register(self, manifest: Manifest, source: str) -> int:
        """Tell MLflow of a version whose file lies at `source`; returns its number there."""
        if not self._client.search_registered_models(f"name = '{manifest.name}'"):
            self._client.create_registered_model(manifest.name)
        tags = {"sha256": manifest.sha256, "signature": manifest.signature}
        made = self._client.create_model_version(manifest.name, source, tags=tags)
        return int(made.version)

    def promote(self, name: str, version: int, alias: str) -> None:
        """Let an alias name a version."""
        if alias not in ALIASES:
            raise ValueError(f"alias {alias!r} is none of {', '.join(ALIASES)}")
        self._client.set_registered_model_alias(name, alias, str(version))

    def version_of(self, name: str, alias: str) -> int | None:
        """Return the version that an alias names, None when it names nothing."""
        found = self._client.get_registered_model(name).aliases.get(alias)
        return None if found is None else int(found)

    def check(self, manifest: Manifest, version: int) -> None:
        """Raise IntegrityError when MLflow's version has another file or manifest."""
        tags = self._client.get_model_version(manifest.name, str(version)).tags
        for name in ("sha256", "signature"):
            if (found := str(tags.get(name))) != (right := getattr(manifest, name)):
                raise IntegrityError(f"MLflow: {name}", right, found)
