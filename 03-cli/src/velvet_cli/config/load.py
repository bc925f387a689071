"""Finding the files of each layer and putting the layers together."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from velvet_cli.config.errors import ConfigError, nearest
from velvet_cli.config.layers import Layer, Settings, file_layers
from velvet_cli.config.settings import Setting

APP = "tasks"
PROJECT_NAME = "tasks.toml"
USER_NAME = "config.toml"


class Files(NamedTuple):
    """Where each layer's file would be, whether or not it exists.

    Attributes:
        explicit: whether the project's file was named by the user and must exist.
    """

    project: Path | None = None
    user: Path | None = None
    system: Path | None = None
    explicit: bool = False


def find_files(
    env: Mapping[str, str], *, cwd: Path, home: Path | None = None, explicit: Path | None = None
) -> Files:
    """Return the files that count: the one named, or the nearest of each layer.

    A file that the user named stands alone: what it does not say is default, on every machine.
    The user's is ``$XDG_CONFIG_HOME/tasks/config.toml`` on every system, else what platformdirs
    calls the user's folder; the system's is the first found below ``$XDG_CONFIG_DIRS``
    (``/etc/xdg``). XDG Base Directory Specification 0.8: relative paths are ignored.

    Args:
        cwd: where the search for ``tasks.toml`` begins; it goes up, as far as the root.
        home: the user's home; ``HOME`` of `env` by default.
    """
    if explicit is not None:
        return Files(project=explicit, explicit=True)
    above = (folder / PROJECT_NAME for folder in (cwd, *cwd.parents))
    folders = [Path(part) for part in (env.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)]
    systems = [folder / APP / USER_NAME for folder in folders if folder.is_absolute()]
    return Files(
        project=next((path for path in above if path.is_file()), None),
        user=user_folder(env, home=home) / USER_NAME,
        system=next((path for path in systems if path.is_file()), None),
    )


def user_folder(
    env: Mapping[str, str], *, home: Path | None = None, platform: str = sys.platform
) -> Path:
    """Return the folder of the user's configuration, existing or not; see `find_files`."""
    named = Path(env.get("XDG_CONFIG_HOME") or ".")
    if named.is_absolute():
        return named / APP
    if home is None and env.get("HOME") and platform not in ("win32", "darwin"):
        home = Path(env["HOME"])
    if home is not None:
        return home / ".config" / APP
    # Only here, because this import costs more than the rest of a start.
    from platformdirs import user_config_path

    return user_config_path(APP, appauthor=False)


_NO_FILES = Files()


def load(
    spec: Sequence[Setting],
    *,
    cli: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    files: Files = _NO_FILES,
    profile: str | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Settings:
    """Put the layers together; nearest wins, O(layers x keys).

    Args:
        spec: the settings that exist.
        cli: setting -> value as parsed; None means that it was not given.
        env: the environment; only variables that a setting names are read, and empty ones count
            as unset.
        files: see `find_files`.
        profile: which ``[profile.NAME]`` tables to lay over their files.
        defaults: over the settings' own defaults.

    Raises:
        ConfigNotFound: a file named by the user does not exist.
        ConfigError: a value cannot be used, or no file has the profile.
    """
    known = {setting.name: setting for setting in spec}
    layers = [_given(cli or {}, known), _environment(env or {}, spec)]
    profiles: set[str] = set()
    for name, path in (("project", files.project), ("user", files.user), ("system", files.system)):
        if path is not None:
            must = files.explicit and path == files.project
            own, found = file_layers(name, path, known, must_exist=must)
            profiles.update(found)
            layers += [found[profile]] if profile in found else []
            layers.append(own)
    if profile is not None and profile not in profiles:
        hint = nearest(profile, profiles) or "no configuration file has profiles"
        raise ConfigError(f"no profile {profile!r}", key="profile", suggestion=hint)
    fallback = {setting.name: setting.default for setting in spec} | dict(defaults or {})
    layers.append(Layer("default", "", fallback))
    return Settings(spec, layers)


def _given(cli: Mapping[str, Any], known: Mapping[str, Setting]) -> Layer:
    values, places = {}, {}
    for key, value in cli.items():
        if value is None:
            continue
        if key not in known:
            raise ConfigError("no such setting", key=key, suggestion=nearest(key, known))
        places[key] = f"--{key.replace('_', '-')}"
        try:
            values[key] = known[key].accept(value)
        except ValueError as error:
            raise ConfigError(str(error), key=places[key]) from None
    return Layer("cli", "command line", values, places)


def _environment(env: Mapping[str, str], spec: Sequence[Setting]) -> Layer:
    values, places = {}, {}
    for setting in spec:
        if setting.env and env.get(setting.env):
            places[setting.name] = setting.env
            try:
                values[setting.name] = setting.parse(env[setting.env])
            except ValueError as error:
                raise ConfigError(str(error), key=setting.env) from None
    return Layer("env", "environment", values, places)
