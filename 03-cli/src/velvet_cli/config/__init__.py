"""Layered configuration that can say where each value comes from: finding, loading and writing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from velvet_cli.config.layers import (
    APPEND,
    PROFILES,
    ConfigNotFound,
    Layer,
    Origin,
    Settings,
    file_layers,
    suggest,
)
from velvet_cli.contract import ConfigError, Param

__all__ = ["ConfigError", "ConfigNotFound", "Files", "Layer", "Origin", "Settings", "find_files"]
__all__ += ["load", "write_value"]
APP = "tasks"
PROJECT_NAME = "tasks.toml"
USER_NAME = "config.toml"


class Files(NamedTuple):
    """Where each layer's file would be, whether or not it exists.

    `explicit` tells whether the project's file was named by the user and must exist.
    """

    project: Path | None = None
    user: Path | None = None
    system: Path | None = None
    explicit: bool = False


def find_files(env: Mapping[str, str], *, cwd: Path, explicit: Path | None = None) -> Files:
    """Return the files that count: the one named, or the nearest of each layer.

    A file that the user named stands alone: what it does not say is default, on every machine. The
    project's is looked for upwards. The user's is ``$XDG_CONFIG_HOME/tasks/config.toml`` on every
    system, else in what platformdirs calls the user's folder; the system's is the first found below
    ``$XDG_CONFIG_DIRS`` (``/etc/xdg``). Relative paths are ignored (XDG 0.8).
    """
    if explicit is not None:
        return Files(project=explicit, explicit=True)
    above = (folder / PROJECT_NAME for folder in (cwd, *cwd.parents))
    folders = [Path(part) for part in (env.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)]
    systems = [folder / APP / USER_NAME for folder in folders if folder.is_absolute()]
    return Files(
        project=next((path for path in above if path.is_file()), None),
        user=user_folder(env) / USER_NAME,
        system=next((path for path in systems if path.is_file()), None),
    )


def user_folder(env: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder of the user's configuration, existing or not; see `find_files`."""
    named = Path(env.get("XDG_CONFIG_HOME") or ".")
    if named.is_absolute():
        return named / APP
    if env.get("HOME") and platform not in ("win32", "darwin"):
        return Path(env["HOME"], ".config", APP)
    # Only here, because this import costs more than the rest of a start.
    from platformdirs import user_config_path

    return user_config_path(APP, appauthor=False)


_NO_FILES = Files()


def load(
    spec: Iterable[Param],
    *,
    cli: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    files: Files = _NO_FILES,
    profile: str | None = None,
) -> Settings:
    """Put the layers together; nearest wins, O(layers x keys).

    `cli`: setting -> value as parsed, None means not given; `env`: only variables that a setting
    names are read, and empty ones count as unset; `profile`: which ``[profile.NAME]`` tables to lay
    over their files. Raises ConfigNotFound: a file named by the user cannot be read; ConfigError: a
    value cannot be used, or no file has the profile.
    """
    known = {param.name: param for param in spec}
    layers = [_given(cli or {}, known), _environment(env or {}, known)]
    profiles: set[str] = set()
    for name, path in (("project", files.project), ("user", files.user), ("system", files.system)):
        if path is not None:
            must = files.explicit and path == files.project
            own, found = file_layers(name, path, known, must_exist=must)
            profiles.update(found)
            layers += [found[profile]] if profile in found else []
            layers.append(own)
    if profile is not None and profile not in profiles:
        hint = suggest(profile, profiles) or "no configuration file has profiles"
        raise ConfigError(f"no profile {profile!r}", key="profile", suggestion=hint)
    fallback = {name: param.default for name, param in known.items()}
    return Settings(known, [*layers, Layer("default", "", fallback)])


def _given(cli: Mapping[str, Any], known: Mapping[str, Param]) -> Layer:
    values, places = {}, {}
    for key, value in cli.items():
        if value is None:
            continue
        if key not in known:
            raise ConfigError("no such setting", key=key, suggestion=suggest(key, known))
        places[key] = f"--{key.replace('_', '-')}"
        try:
            values[key] = known[key].accept(value)
        except ValueError as error:
            raise ConfigError(str(error), key=places[key]) from None
    return Layer("cli", "command line", values, places)


def _environment(env: Mapping[str, str], known: Mapping[str, Param]) -> Layer:
    values, places = {}, {}
    for name, param in known.items():
        if param.env and env.get(param.env):
            places[name] = param.env
            try:
                values[name] = param.parse(env[param.env])
            except ValueError as error:
                raise ConfigError(str(error), key=param.env) from None
    return Layer("env", "environment", values, places)


def write_value(path: Path, param: Param, value: Any, *, profile: str | None = None) -> None:
    """Set one key in a file, making the file and its folder where they are missing.

    A reader sees either version whole; of two writers at once the last one wins. Raises ValueError:
    the setting refuses the value; ConfigError: the file is no TOML, or has a value where a table is
    needed; or OSError.
    """
    import tomlkit  # every other command would pay for these

    from velvet_cli.config.toml_text import parse, read_whole
    from velvet_cli.files import atomic_write

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
