"""Layers of one configuration and the rule which of them wins.

Nearest wins: the command line, the environment, the project's profile and file, the user's profile
and file, the system's, the default. Each value keeps its place, because that is the first question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from velvet_cli.contract import ConfigError, Param, nearest

if TYPE_CHECKING:
    from velvet_cli.config.toml_text import Lines

PROFILES = "profile"
# What ends the key of a list that is appended to those of lower layers: "tags+" = ["home"].
APPEND = "+"


class ConfigNotFound(FileNotFoundError):
    """A configuration file that the user named cannot be read; a default one may be absent."""

    def __init__(self, path: Path, why: str = "") -> None:
        what = f"{path} ({why}): name a file" if why else f"{path}: create it"
        super().__init__(f"no configuration file {what}, or leave --config out")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {"args": self.args}


def suggest(word: str, known: Iterable[str]) -> str:
    """Return the nearest known word as a question, else what is known; empty where nothing is."""
    names = sorted(known)
    return nearest(word, names) or (f"known are: {', '.join(names)}" if names else "")


class Origin(NamedTuple):
    """What one layer says about one setting: the source is ``file:line`` or a variable's name, the
    value text for people with secrets covered, `won` whether it is in force.
    """

    layer: str
    source: str
    value: str
    won: bool


class Layer(NamedTuple):
    """Values of one source, where each stands, and which are added to lower ones."""

    name: str
    source: str
    values: Mapping[str, Any]
    places: Mapping[str, str] = MappingProxyType({})
    appended: frozenset[str] = frozenset()


class Settings(Mapping[str, Any]):
    """The values in force; immutable, so safe to share between threads. Layers are nearest first."""

    def __init__(self, spec: Mapping[str, Param], layers: Sequence[Layer]) -> None:
        self._spec, self._layers = spec, tuple(layers)
        self._values = {name: self._value(name) for name in spec}

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={self.shown(name)!r}' for name in self)})"

    def param(self, key: str) -> Param:
        """Return the rules of a setting.

        Raises ConfigError: there is no such setting; the nearest is suggested.
        """
        if key not in self._spec:
            raise ConfigError("no such setting", key=key, suggestion=suggest(key, self._spec))
        return self._spec[key]

    def shown(self, key: str) -> str:
        """Return a value as text for people; a secret is covered. Raises as `param`."""
        return self.param(key).shown(self[key])

    def explain(self, key: str) -> list[Origin]:
        """Return what every layer says about a setting, nearest first; O(layers). Raises as `param`."""
        param, chosen = self.param(key), self._chosen(key)
        return [
            Origin(
                layer.name,
                layer.places.get(key, layer.source),
                ("+ " if key in layer.appended else "") + param.shown(layer.values[key]),
                layer in chosen,
            )
            for layer in self._layers
            if key in layer.values
        ]

    def _chosen(self, key: str) -> list[Layer]:
        """Return the layers that make the value: appending ones down to the first that replaces."""
        chosen = []
        for layer in self._layers:
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
    name: str, path: Path, spec: Mapping[str, Param], *, must_exist: bool = False
) -> tuple[Layer, dict[str, Layer]]:
    """Read a file into its own layer and one for each of its profiles.

    Raises ConfigNotFound: it must exist, as one that the user named, and is missing, a folder, or
    closed; ConfigError: it is no TOML, has an unknown key or a wrong value; OSError: a default one
    cannot be.
    """
    nothing = Layer(name, str(path), {}), dict[str, Layer]()
    if not must_exist and not path.exists():
        return nothing
    # Most starts find no file at all, and the parser costs more than the rest of this module.
    from velvet_cli.config.toml_text import parse, read_whole

    try:
        document, lines = parse(read_whole(path), path)
    except FileNotFoundError:
        if must_exist:
            raise ConfigNotFound(path) from None
        return nothing
    except OSError as error:
        if must_exist and error.strerror:
            raise ConfigNotFound(path, error.strerror) from None
        raise
    profiles = document.pop(PROFILES, {})
    if not isinstance(profiles, dict) or not all(isinstance(p, dict) for p in profiles.values()):
        why, hint = "must hold a table for each profile", f"write [{PROFILES}.NAME]"
        line = lines.get((PROFILES,))
        raise ConfigError(why, file=path, line=line, key=PROFILES, suggestion=hint)
    return _layer(name, path, document, (), spec, lines), {
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
    spec: Mapping[str, Param],
    lines: Lines,
) -> Layer:
    values, places, appended = {}, {}, set()
    for keys, raw in _leaves(table, (), spec):
        line = lines.get((*within, *keys))
        key = ".".join(keys)
        target = key.removesuffix(APPEND)
        param = spec.get(target)
        why, hint = "", ""
        if param is None:
            why, hint = "unknown key", suggest(target, spec)
        elif target != key and not param.multiple:
            why, hint = "only a list can be appended to", f"write {target} = ..."
        elif target in values:
            why = "is given twice: once replaced, once appended"
        else:
            try:
                values[target] = param.accept(raw)
            except ValueError as error:
                why = str(error)
        if why:
            raise ConfigError(why, file=path, line=line, key=key, suggestion=hint)
        places[target] = f"{path}:{line}" if line is not None else str(path)
        if target != key:
            appended.add(target)
    return Layer(name, str(path), values, places, frozenset(appended))


def _leaves(
    table: Mapping[str, Any], above: tuple[str, ...], spec: Mapping[str, Param]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield what is no table, and tables where nothing below them could be a setting."""
    for key, value in table.items():
        keys = (*above, key)
        inner = ".".join(keys) + "."
        if isinstance(value, dict) and any(name.startswith(inner) for name in spec):
            yield from _leaves(value, keys, spec)
        else:
            yield keys, value
