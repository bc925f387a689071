"""A configuration that exists only while it is explained, and the decision about colour beside it."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from velvet_cli.color import Decision, decide
from velvet_cli.completion import split
from velvet_cli.config import ConfigError, Files, Origin, load, settings_of

FILES = ("project", "user", "system")
SAMPLES = {
    "project": 'limit = 20\n"tags+" = ["garden"]\n\n[profile.work]\norder = "priority"\n',
    "user": 'limit = 5\norder = "title"\ntags = ["home"]\n',
    "system": 'format = "json"\npriority = 2\n',
}
SAMPLE_ENV = "TASKS_LIMIT=7 TERM=xterm-256color"
SAMPLE_CLI = "color=auto"
MOST_LETTERS = 4000


class Explained(NamedTuple):
    """What the layers amount to.

    Attributes:
        rows: setting -> its origins, nearest first.
        values: setting -> the value in force, as text.
        problem: why there are none; empty when all is well.
    """

    rows: Mapping[str, list[Origin]]
    values: Mapping[str, str]
    problem: str = ""


class Terminal(io.StringIO):
    """A stream that says of itself whether it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        """Say so."""
        return self._terminal


def pairs(text: str) -> dict[str, str]:
    """Read ``NAME=value`` words, quoted as in a shell.

    Raises:
        ValueError: a word has no name or no equals sign.
    """
    found = {}
    for word in split(f"{text} ").prefix_words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ValueError(f"write NAME=value, not {word!r}")
        found[name] = value
    return found


def explain(
    texts: Mapping[str, str], *, env: str = "", cli: str = "", profile: str = ""
) -> Explained:
    """Put layers together that were typed as text, and tell where each value comes from.

    Args:
        texts: ``project``, ``user`` and ``system`` as TOML.
        env: the environment, as ``NAME=value`` words.
        cli: what was typed on the command line, as ``setting=value`` words.
        profile: its name, or empty.
    """
    try:
        if any(len(text) > MOST_LETTERS for text in (*texts.values(), env, cli)):
            raise ValueError(f"a layer has at most {MOST_LETTERS} letters")
        return _explained(texts, pairs(env), pairs(cli), profile)
    except (ConfigError, ValueError) as error:
        return Explained({}, {}, str(error))


def _explained(
    texts: Mapping[str, str], env: Mapping[str, str], cli: Mapping[str, str], profile: str
) -> Explained:
    spec = settings_of()
    known = {setting.name: setting for setting in spec}
    typed = {key: known[key].parse(v) if key in known else v for key, v in cli.items()}
    with tempfile.TemporaryDirectory(prefix="velvet-cli-") as made:
        folder = Path(made)
        for name in FILES:
            (folder / f"{name}.toml").write_text(texts.get(name, ""), encoding="utf-8")
        project, user, system = (folder / f"{name}.toml" for name in FILES)
        files = Files(project, user, system)
        try:
            settings = load(spec, cli=typed, env=env, files=files, profile=profile or None)
        except ConfigError as error:
            raise ValueError(str(error).replace(f"{made}{os.sep}", "")) from None
        rows = {
            name: [
                origin._replace(source=origin.source.replace(f"{made}{os.sep}", ""))
                for origin in settings.explain(name)
            ]
            for name in settings
        }
        return Explained(rows, {name: settings.shown(name) for name in settings})


def colour(flag: str, env: str, *, terminal: bool) -> Decision:
    """Decide about colour in a typed environment.

    Raises:
        ValueError: the environment is no list of pairs, or the flag is unknown.
    """
    # Linux' rules, wherever the page runs: a typed environment has no console to be switched.
    return decide(Terminal(terminal), flag=flag, env=pairs(env), platform="linux")
