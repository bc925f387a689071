"""What can be wrong with a configuration: always a place, a reason and a way out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class ConfigError(ValueError):
    """A configuration that cannot be used; its text is ``file:line: key: why (suggestion)``.

    Attributes:
        file: the file, or None when an environment variable or an argument is at fault.
        line: counted from 1, or None where it is unknown.
        key: the key or variable, or empty where the file is no TOML at all.
        why: the rule that was broken, with the value.
        suggestion: what to write instead; may be empty.
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
        where = str(file) if file is not None else ""
        if where and line is not None:
            where += f":{line}"
        text = ": ".join(part for part in (where, key, why) if part)
        super().__init__(f"{text} ({suggestion})" if suggestion else text)


class ConfigNotFound(FileNotFoundError):
    """A configuration file that was named explicitly does not exist; a default one may be absent."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"no configuration file {path}: create it, or leave --config out")
        self.path = path


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the most similar known word, else what is known."""
    # Imported by the mistake: a start without one should not pay for it.
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known are: {', '.join(names)}" if names else ""
