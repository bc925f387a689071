"""What a setting is, and how a raw value becomes one: one set of rules for every layer.

A file brings typed values and an environment brings text; both end in the same check, so that
``TASKS_LIMIT=abc`` and ``limit = "abc"`` are refused with the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from velvet_cli.config.errors import nearest
from velvet_cli.contract import CONTRACT, Contract

HIDDEN = "********"
_SECRET = re.compile(r"(^|[._-])(token|password|passwd|secret|api[_-]?key|credentials?)$")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_WORDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
}


class Setting(NamedTuple):
    """One setting that layers may give.

    Attributes:
        name: the key in a file; dots name tables, as TOML's dotted keys do.
        type: ``str``, ``int``, ``float``, ``bool`` or ``Path``, of each item where `multiple`.
        choices: the only texts allowed; empty allows all.
        range: the lowest and highest number, both allowed; None is no bound.
        multiple: a tuple of values, a list in a file. Lists replace those of lower layers; the key ``"name+"`` appends.
        env: the environment variable that gives it, or None.
    """

    name: str
    type: type = str
    default: Any = None
    choices: Sequence[str] = ()
    range: tuple[float | None, float | None] | None = None
    multiple: bool = False
    env: str | None = None

    @property
    def secret(self) -> bool:
        """Whether its value must never be shown: told by the last word of its name."""
        return bool(_SECRET.search(self.name.lower()))

    def parse(self, text: str) -> Any:
        """Read a value from text, as an environment or a command line gives it.

        A list is split at white space, as Click does it.

        Raises:
            ValueError: the text is no value of this setting; the message says what is.
        """
        if not self.multiple:
            return self._checked(_READ[self.type](self, text))
        return tuple(self._checked(_READ[self.type](self, part)) for part in text.split())

    def accept(self, value: Any) -> Any:
        """Check a typed value, as TOML gives it; a path may be text, a whole number a float.

        Raises:
            ValueError: its type, choice or range is wrong; the message says what is right.
        """
        if not self.multiple:
            return self._checked(self._typed(value))
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"must be a list, not {value!r}; write [{_toml_like(value)}]")
        return tuple(self._checked(self._typed(item)) for item in value)

    def shown(self, value: Any) -> str:
        """Return a value as text for people; a secret is covered."""
        if self.secret and value not in (None, ""):
            return HIDDEN
        if isinstance(value, (list, tuple)):
            return "[" + ", ".join(map(str, value)) + "]"
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None else str(value)

    def _typed(self, value: Any) -> Any:
        if self.type is Path and isinstance(value, (str, Path)):
            return Path(value)
        if self.type is float and type(value) is int:
            return float(value)
        # `bool` is a subclass of `int`, and `limit = true` is a mistake.
        if type(value) is not self.type:
            raise ValueError(f"must be {_WORDS[self.type]}, not {self._quoted(value)}")
        return value

    def _checked(self, value: Any) -> Any:
        if self.choices and value not in self.choices:
            hint = nearest(str(value), map(str, self.choices)) if not self.secret else ""
            hint = f"; {hint}" if hint.startswith("did") else ""
            allowed = ", ".join(map(str, self.choices))
            raise ValueError(f"must be one of {allowed}, not {self._quoted(value)}{hint}")
        low, high = self.range or (None, None)
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"must be {_between(low, high)}, not {value!r}")
        return value

    def _quoted(self, value: Any) -> str:
        return HIDDEN if self.secret else repr(value)

    def _number(self, text: str, read: Callable[[str], Any]) -> Any:
        try:
            return read(text)
        except ValueError:
            raise ValueError(f"must be {_WORDS[self.type]}, not {self._quoted(text)}") from None

    def _truth(self, text: str) -> bool:
        word = text.strip().lower()
        if word not in (*_TRUE, *_FALSE):
            raise ValueError(f"must be true or false, not {self._quoted(text)}")
        return word in _TRUE


_READ: Mapping[type, Callable[[Setting, str], Any]] = {
    str: lambda _, text: text,
    Path: lambda _, text: Path(text),
    int: lambda setting, text: setting._number(text, int),
    float: lambda setting, text: setting._number(text, float),
    bool: lambda setting, text: setting._truth(text),
}


def settings_of(contract: Contract = CONTRACT) -> tuple[Setting, ...]:
    """Return what configuration files may set, with the types of a command line's contract."""
    return tuple(
        Setting(p.name, p.type, p.default, p.choices, p.range, p.multiple, p.env)
        for p in contract.settings().values()
    )


def _between(low: float | None, high: float | None) -> str:
    if high is None:
        return f"{low:g} or more"
    return f"{high:g} or less" if low is None else f"{low:g} to {high:g}"


def _toml_like(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
