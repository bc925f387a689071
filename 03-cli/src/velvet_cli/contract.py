"""The command line of `tasks` as data: what four front ends implement and every test reads.

Tests, completion scripts and the configuration's types are generated from `contract.json`, so "the
four behave alike" is a loop over a table. Named tuples and not dataclasses, whose import costs a
command-line tool more than this whole file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

Format = Literal["table", "json", "ndjson", "csv", "tsv"]
Order = Literal["id", "priority", "title", "created"]
Status = Literal["open", "done", "all"]
Color = Literal["auto", "always", "never"]
Shell = Literal["bash", "zsh", "fish", "powershell"]
FORMATS, ORDERS, STATUSES = get_args(Format), get_args(Order), get_args(Status)
COLORS, SHELLS = get_args(Color), get_args(Shell)
VERSION = "1.0.0"
HIDDEN = "********"
_SECRETS = (
    "token",
    "password",
    "passwd",
    "secret",
    "api_key",
    "apikey",
    "credential",
    "credentials",
)
_TYPES: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}
_TYPES_BY_NAME = {kind.__name__: kind for kind in _TYPES}
_TRUTHS = {
    word: at < 4 for at, word in enumerate(["1", "true", "yes", "on", "0", "false", "no", "off"])
}


class UsageError(Exception):
    """A command, option, value or argument is wrong: one form for four frameworks.

    The message names the option and the value; the hint is the next step, or empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class ConfigError(ValueError):
    """A configuration that cannot be used; its text is ``file:line: key: why (suggestion)``.

    The file is None when a variable or an argument is at fault, the line where it is unknown.
    """

    def __init__(
        self,
        why: str,
        *,
        file: Path | None = None,
        line: int | None = None,
        key: str = "",
        suggestion: str = "",
    ) -> None:
        self.file, self.line, self.key = file, line, key
        self.why, self.suggestion = why, suggestion
        where = str(file or "") + (f":{line}" if file and line is not None else "")
        text = ": ".join(part for part in (where, key, why) if part)
        super().__init__(f"{text} ({suggestion})" if suggestion else text)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the most similar known word, or an empty text."""
    # Only mistakes pay for this import.
    from difflib import get_close_matches

    found = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {found[0]!r}?" if found else ""


class Param(NamedTuple):
    """One argument, option or setting, and the rules for its values in every layer.

    `name`: the key in `ParsedCall.values` and in files, where dots name tables; `flags`: as typed,
    the long one first; `range`: smallest and largest allowed number, None is no bound; `multiple`:
    may be repeated, the value is a tuple; `env`: the variable that sets it, several values split at
    commas; `setting`: whether a file may set it; `dynamic`: where a shell finds values at Tab time.
    """

    name: str
    kind: Literal["argument", "option", "flag", "count"] = "option"
    help: str = ""
    flags: tuple[str, ...] = ()
    type: type = str
    choices: tuple[str, ...] = ()
    range: tuple[float | None, float | None] | None = None
    multiple: bool = False
    required: bool = False
    env: str | None = None
    default: Any = None
    setting: bool = False
    dynamic: Literal["tasks", "tags", "keys", "files", ""] = ""

    @property
    def long(self) -> str:
        """The long flag, or the argument's name as help shows it."""
        return self.flags[0] if self.flags else self.name.upper()

    @property
    def secret(self) -> bool:
        """Whether its value must never be shown: told by the last word of its name."""
        words = self.name.lower().replace("-", "_").replace(".", "_").split("_")
        return bool({words[-1], "_".join(words[-2:])} & set(_SECRETS))

    def parse(self, text: str) -> Any:
        """Read a value from text, as a command line or a variable gives it.

        Raises ValueError: the text is no value of this parameter; the message says what is.
        """
        if not self.multiple:
            return self.read(text)
        return tuple(self.read(part.strip()) for part in text.split(",") if part.strip())

    def read(self, text: str) -> Any:
        """Read one value from text; of a list, one item. Raises as `parse`."""
        try:
            value = _TRUTHS[text.strip().lower()] if self.type is bool else self.type(text)
        except (KeyError, ValueError):
            raise ValueError(f"must be {_TYPES[self.type]}, not {self._quoted(text)}") from None
        return self._checked(value)

    def accept(self, value: Any) -> Any:
        """Check a typed value, as TOML gives it; a whole number may stand for a float.

        Raises ValueError: its type, choice or range is wrong; the message says what is right.
        """
        if not self.multiple:
            return self._typed(value)
        if not isinstance(value, (list, tuple)):
            shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
            raise ValueError(f"must be a list, not {value!r}; write [{shown}]")
        return tuple(self._typed(item) for item in value)

    def shown(self, value: Any) -> str:
        """Return a value as text for people; a secret is covered."""
        if self.secret and value not in (None, ""):
            return HIDDEN
        if isinstance(value, (list, tuple)):
            return f"[{', '.join(map(str, value))}]"
        return (
            "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        )

    def _typed(self, value: Any) -> Any:
        if self.type is float and type(value) is int:
            value = float(value)
        # `bool` is a subclass of `int`, and `limit = true` is a mistake.
        if type(value) is not self.type:
            raise ValueError(f"must be {_TYPES[self.type]}, not {self._quoted(value)}")
        return self._checked(value)

    def _checked(self, value: Any) -> Any:
        if self.choices and value not in self.choices:
            hint = "" if self.secret else nearest(str(value), self.choices)
            rule = f"must be one of {', '.join(self.choices)}, not {self._quoted(value)}"
            raise ValueError(f"{rule}; {hint}" if hint else rule)
        low, high = self.range or (None, None)
        # Each comparison with NaN is false, so what is asked is whether a value is within.
        if not ((low is None or value >= low) and (high is None or value <= high)):
            bounds = f"{low:g} to {high:g}" if None not in (low, high) else ""
            bounds = bounds or (f"{low:g} or more" if high is None else f"{high:g} or less")
            raise ValueError(f"must be {bounds}, not {value!r}")
        return value

    def _quoted(self, value: Any) -> str:
        return HIDDEN if self.secret else repr(value)


class CommandSpec(NamedTuple):
    """One command: its words (``"config show"`` has two), its help and its parameters."""

    name: str
    help: str
    params: tuple[Param, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The command as typed, word by word."""
        return tuple(self.name.split())

    def param(self, name: str) -> Param:
        """Return one parameter; KeyError when the command has none of that name."""
        for param in self.params:
            if param.name == name:
                return param
        raise KeyError(f"{self.name} has no parameter {name!r}")


class Contract(NamedTuple):
    """A whole command line: its name, the options before the command, the commands."""

    prog: str
    help: str
    options: tuple[Param, ...]
    commands: tuple[CommandSpec, ...]

    def command(self, name: str) -> CommandSpec:
        """Return one command; KeyError when there is none of that name."""
        for command in self.commands:
            if command.name == name:
                return command
        raise KeyError(f"no command {name!r}")

    def params(self) -> Iterator[Param]:
        """Yield every parameter, those of the whole program first."""
        yield from self.options
        for command in self.commands:
            yield from command.params

    def settings(self) -> dict[str, Param]:
        """Return what configuration files may set, by name."""
        return {param.name: param for param in self.params() if param.setting}

    def groups(self) -> list[str]:
        """Return the first words that have commands of their own below them."""
        return list(dict.fromkeys(c.words[0] for c in self.commands if len(c.words) > 1))


class ParsedCall(NamedTuple):
    """What a front end understood: the command, and every value that was typed.

    What was not typed is absent, so that environment, files and defaults have their say.
    """

    command: str
    values: Mapping[str, Any]


def _param(about: dict[str, Any]) -> Param:
    about = {key: tuple(v) if isinstance(v, list) else v for key, v in about.items()}
    kind = _TYPES_BY_NAME[about.pop("type", "str")]
    # What may be repeated has no values by default.
    default = about.pop("default", () if about.get("multiple") else None)
    return Param(**about, type=kind, default=default)


def _contract() -> Contract:
    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    read = json.loads(text)
    commands = (
        CommandSpec(about["name"], about["help"], tuple(map(_param, about["params"])))
        for about in read["commands"]
    )
    return Contract(
        read["prog"], read["help"], tuple(map(_param, read["options"])), tuple(commands)
    )


CONTRACT = _contract()


def attached(argv: Sequence[str], contract: Contract = CONTRACT) -> list[str]:
    """Return the words with each option's value joined to it, up to ``--``; O(words).

    POSIX guideline 7: the word after ``--store`` is its value even where it begins with a dash,
    which argparse and Cyclopts take for another option.
    """
    takes = {flag: p.long for p in contract.params() if p.kind == "option" for flag in p.flags}
    words, rest = [], iter(argv)
    for word in rest:
        value = next(rest, None) if word in takes else None
        words.append(word if value is None else f"{takes[word]}={value}")
        if word == "--":
            return [*words, *rest]
    return words
