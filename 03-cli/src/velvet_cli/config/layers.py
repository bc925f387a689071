"""Layers of one configuration and the rule which of them wins.

Nearest wins: the command line, the environment, the profile in the project's file, that file,
the profile in the user's file, that file, the system's, the default. Each layer keeps the place
of each value, because "where does this come from?" is the first question about a setting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from velvet_cli.config.errors import ConfigError, ConfigNotFound, nearest
from velvet_cli.config.settings import Setting

if TYPE_CHECKING:
    from velvet_cli.config.toml_text import Lines

PROFILES = "profile"
# What ends the key of a list that is appended to those of lower layers: "tags+" = ["home"].
APPEND = "+"


class Origin(NamedTuple):
    """One layer's word about one setting.

    Attributes:
        layer: such as ``env`` or ``profile work in project``.
        source: ``file:line``, the variable's name, or empty.
        value: as text for people; secrets are covered.
        won: whether it is (a part of) the value in force.
    """

    layer: str
    source: str
    value: str
    won: bool


class Layer(NamedTuple):
    """Values of one source.

    Attributes:
        name: what people call it.
        source: the file, or empty.
        values: setting -> checked value.
        places: setting -> where it stands; the source itself where nothing finer is known.
        appended: the settings whose list is added to those of lower layers.
    """

    name: str
    source: str
    values: Mapping[str, Any]
    places: Mapping[str, str] = MappingProxyType({})
    appended: frozenset[str] = frozenset()


class Settings(Mapping[str, Any]):
    """The values in force; immutable, so safe to share between threads.

    Args:
        spec: the settings that exist.
        layers: nearest first.
    """

    def __init__(self, spec: Sequence[Setting], layers: Sequence[Layer]) -> None:
        self._spec = {setting.name: setting for setting in spec}
        self.layers = tuple(layers)
        self._values = {name: self._value(name) for name in self._spec}

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        shown = (f"{name}={self._spec[name].shown(value)!r}" for name, value in self.items())
        return f"Settings({', '.join(shown)})"

    def shown(self, key: str) -> str:
        """Return a value as text for people; a secret is covered."""
        return self._setting(key).shown(self[key])

    def explain(self, key: str) -> list[Origin]:
        """Tell every layer that has a word about a setting, nearest first; O(layers).

        Raises:
            ConfigError: there is no such setting; the nearest is suggested.
        """
        setting = self._setting(key)
        chosen = self._chosen(key)
        return [
            Origin(
                layer.name,
                layer.places.get(key, layer.source),
                ("+ " if key in layer.appended else "") + setting.shown(layer.values[key]),
                layer in chosen,
            )
            for layer in self.layers
            if key in layer.values
        ]

    def _setting(self, key: str) -> Setting:
        if key not in self._spec:
            raise ConfigError("no such setting", key=key, suggestion=nearest(key, self._spec))
        return self._spec[key]

    def _chosen(self, key: str) -> list[Layer]:
        """Return the layers that make the value: appending ones down to the first that replaces."""
        chosen = []
        for layer in self.layers:
            if key in layer.values:
                chosen.append(layer)
                if key not in layer.appended:
                    break
        return chosen

    def _value(self, key: str) -> Any:
        chosen = self._chosen(key)
        if not self._spec[key].multiple:
            return chosen[0].values[key] if chosen else None
        return tuple(item for layer in reversed(chosen) for item in layer.values[key] or ())


def file_layers(
    name: str, path: Path, spec: Mapping[str, Setting], *, must_exist: bool = False
) -> tuple[Layer, dict[str, Layer]]:
    """Read a file into its own layer and one for each of its profiles.

    Args:
        name: the layer's name, such as ``user``.
        must_exist: whether the user named it; a default file may be absent.

    Raises:
        ConfigNotFound: it must exist and does not.
        ConfigError: it is no TOML, has an unknown key or a wrong value.
        OSError: it exists and cannot be read.
    """
    if not must_exist and not path.exists():
        return Layer(name, str(path), {}), {}
    # Most starts find no file at all, and the parser costs more than the rest of this module.
    from velvet_cli.config.toml_text import parse, read_whole

    try:
        document, lines = parse(read_whole(path), path)
    except FileNotFoundError:
        if must_exist:
            raise ConfigNotFound(path) from None
        return Layer(name, str(path), {}), {}
    profiles = document.pop(PROFILES, {})
    if not isinstance(profiles, dict) or not all(isinstance(p, dict) for p in profiles.values()):
        raise ConfigError(
            "must hold a table for each profile",
            file=path,
            line=lines.get((PROFILES,)),
            key=PROFILES,
            suggestion=f"write [{PROFILES}.NAME]",
        )
    own = _layer(name, path, document, (), spec, lines)
    return own, {
        profile: _layer(
            f"profile {profile} in {name}", path, table, (PROFILES, profile), spec, lines
        )
        for profile, table in profiles.items()
    }


def _layer(
    name: str,
    path: Path,
    table: Mapping[str, Any],
    within: tuple[str, ...],
    spec: Mapping[str, Setting],
    lines: Lines,
) -> Layer:
    values, places, appended = {}, {}, set()
    for keys, raw in _leaves(table, (), spec):
        line = lines.get((*within, *keys))
        key = ".".join(keys)
        target = key.removesuffix(APPEND)
        setting = spec.get(target)
        why, hint = "", ""
        if setting is None or (target != key and not setting.multiple):
            why, hint = "unknown key", nearest(target, spec)
            if setting is not None:
                why, hint = "only a list can be appended to", f"write {target} = ..."
        elif target in values:
            why = "is given twice: once replaced, once appended"
        else:
            try:
                values[target] = setting.accept(raw)
            except ValueError as error:
                why = str(error)
        if why:
            raise ConfigError(why, file=path, line=line, key=key, suggestion=hint)
        places[target] = f"{path}:{line}" if line is not None else str(path)
        if target != key:
            appended.add(target)
    return Layer(name, str(path), values, places, frozenset(appended))


def _leaves(
    table: Mapping[str, Any], above: tuple[str, ...], spec: Mapping[str, Setting]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield what is no table, and tables where nothing below them could be a setting."""
    for key, value in table.items():
        keys = (*above, key)
        inner = ".".join(keys) + "."
        if isinstance(value, dict) and any(name.startswith(inner) for name in spec):
            yield from _leaves(value, keys, spec)
        else:
            yield keys, value
