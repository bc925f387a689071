"""The answers to "what is the value of this parameter now?" for one call.

What was typed wins, then the layers of `velvet_cli.config`. These are read only when a
command asks for a setting that was not typed, because most starts of a command-line tool
should not pay for a configuration that they do not use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from velvet_cli.contract import CONTRACT, ParsedCall

if TYPE_CHECKING:
    from velvet_cli.color import Decision
    from velvet_cli.config import Files, Settings


class Answers:
    """The values of one call.

    Args:
        call: what was typed.
        env: the environment.
        cwd: where the search for a project's configuration begins.
        plain: take defaults for what was not typed, and look nowhere else.
    """

    def __init__(
        self, call: ParsedCall, env: Mapping[str, str], cwd: Path, *, plain: bool = False
    ) -> None:
        self._typed, self._env, self._cwd, self._plain = call.values, env, cwd, plain
        self._params = {param.name: param for param in CONTRACT.options}
        self._params |= {param.name: param for param in CONTRACT.command(call.command).params}

    def __getitem__(self, name: str) -> Any:
        """Return a value.

        Raises:
            KeyError: this command has no such parameter.
            ConfigError, ConfigNotFound: a layer below the command line is wrong.
        """
        if name in self._typed:
            return self._typed[name]
        param = self._params[name]
        if self._plain or not param.setting:
            named = self._env.get(param.env) if param.env and not self._plain else None
            return named or param.default
        return self._settings[name]

    def get(self, name: str) -> Any:
        """Return a value, or None where this command has no such parameter."""
        return self[name] if name in self._params else None

    def color(self, stream: TextIO) -> Decision:
        """Decide about colour on a stream."""
        from velvet_cli.color import decide

        return decide(stream, flag=self["color"], env=self._env)

    def explain(self, name: str) -> Iterator[dict[str, str]]:
        """Yield the rows of one setting that say where its value comes from."""
        for origin in self._settings.explain(name):
            if origin.won:
                yield {
                    "setting": name,
                    "value": origin.value,
                    "layer": origin.layer,
                    "source": origin.source,
                }

    def shown(self, name: str) -> str:
        """Return a setting as text for people.

        Raises:
            ConfigError: there is no such setting.
        """
        self._settings.explain(name)
        return self._settings.shown(name)

    def write(self, name: str, text: str) -> Path:
        """Write a setting into the named file, or the user's; return which.

        Raises:
            ConfigError: there is no such setting, or the text is no value of it.
        """
        from velvet_cli.config import ConfigError, settings_of
        from velvet_cli.config.write import write_value

        self._settings.explain(name)
        files = self._files
        path = files.project if files.explicit else files.user
        setting = next(one for one in settings_of() if one.name == name)
        try:
            value = setting.parse(text)
        except ValueError as error:
            raise ConfigError(str(error), key=name) from None
        assert path is not None
        write_value(path, setting, value, profile=self["profile"])
        return path

    def paths(self) -> list[Path]:
        """Return the files that are read, nearest first, existing or not."""
        files = self._files
        return [path for path in (files.project, files.user, files.system) if path is not None]

    @cached_property
    def _files(self) -> Files:
        from velvet_cli.config import find_files

        named = self["config"]
        return find_files(self._env, cwd=self._cwd, explicit=Path(named) if named else None)

    @cached_property
    def _settings(self) -> Settings:
        from velvet_cli.config import load, settings_of

        known = CONTRACT.settings()
        typed = {name: value for name, value in self._typed.items() if name in known}
        return load(
            settings_of(),
            cli=typed,
            env=self._env,
            files=self._files,
            profile=self["profile"],
        )
