"""Which module holds which command, and the one line that help shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import NamedTuple


class Entry(NamedTuple):
    """Where a command is. Without `help`, a list of commands has to import it to know."""

    module: str
    help: str | None = None


Manifest = Mapping[str, Entry]


class StaleManifest(ValueError):
    """A manifest says something else than the modules do."""


def load(entry: Entry) -> ModuleType:
    """Import the module of a command.

    Raises:
        ImportError: it cannot be imported; the message names it.
    """
    return import_module(entry.module)


def summary(module: ModuleType) -> str:
    """Return the first line of a module's docstring, without its full stop."""
    return (module.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def build_manifest(modules: Mapping[str, str]) -> dict[str, Entry]:
    """Import every module and return the manifest with their summaries; for a build or a test.

    Args:
        modules: command -> module.

    Raises:
        ImportError: one cannot be imported.
    """
    return {name: Entry(path, summary(import_module(path))) for name, path in modules.items()}


def check_manifest(manifest: Manifest) -> None:
    """Compare a stored manifest with the modules; for a test, which keeps it current.

    Raises:
        StaleManifest: a summary differs; names the command, what is stored and what is true.
        ImportError: a module cannot be imported.
    """
    true = build_manifest({name: entry.module for name, entry in manifest.items()})
    for name, entry in manifest.items():
        if entry.help != true[name].help:
            raise StaleManifest(
                f"{name}: the manifest says {entry.help!r}, {entry.module} says "
                f"{true[name].help!r}; build it again"
            )
