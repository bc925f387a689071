"""Changing one key of a configuration file: comments stay, and the file is never half-written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from velvet_cli.config.layers import APPEND, PROFILES
from velvet_cli.config.toml_text import parse, read_whole
from velvet_cli.contract import ConfigError, Param
from velvet_cli.files import atomic_write


def write_value(path: Path, param: Param, value: Any, *, profile: str | None = None) -> None:
    """Set one key in a file, making the file and its folder where they are missing.

    A reader sees either version whole; of two writers at once the last one wins. Raises ValueError:
    the setting refuses the value; ConfigError: the file is no TOML, or has a value where a table is
    needed; or OSError.
    """
    checked = param.accept(value)
    content = read_whole(path) if path.exists() else b""
    parse(content, path)  # its mistakes are named with their lines
    document: Any = tomlkit.parse(content.decode("utf-8-sig"))
    *tables, last = [*([PROFILES, profile] if profile else []), *param.name.split(".")]
    table = document
    for key in tables:
        table = table.setdefault(key, tomlkit.table())
        if not isinstance(table, Mapping):
            raise ConfigError("is a value where a table is needed", file=path, key=key)
    # A list that is set replaces; left beside it, what appended would contradict.
    table.pop(last + APPEND, None)
    table[last] = list(checked) if param.multiple else checked
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(tomlkit.dumps(document))
