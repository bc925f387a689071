"""The errors of this module: each says which value, which rule, and what to do about it.

All derive from `EnvToolError`, so that one `except` is enough at the edge of a program, and none
lets a `KeyError` or a parser's own exception through.
"""

from __future__ import annotations

from pathlib import Path


class EnvToolError(Exception):
    """The base of everything that this module raises."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class BadSpec(EnvToolError, ValueError):
    """A package's description breaks PEP 440 or PEP 508."""


class UnknownProject(EnvToolError, LookupError):
    """An index has no project of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the index has no project {name!r}: add a PackageSpec of that name")


class DuplicateFile(EnvToolError, ValueError):
    """An index already holds a file of that name, and a file never changes its bytes."""

    def __init__(self, filename: str) -> None:
        super().__init__(f"{filename} is already in the index: raise the version")


class LockError(EnvToolError, ValueError):
    """A lock file cannot be trusted.

    Attributes:
        path: the file.
        key: the entry concerned; empty where it is the whole file.
        why: the broken rule.
    """

    def __init__(self, path: Path | str, key: str, why: str) -> None:
        self.path, self.key, self.why = Path(path), key, why
        super().__init__(f"{self.path.name}{f', {key}' if key else ''}: {why}")


class NotAnEnvironment(EnvToolError, ValueError):
    """A folder is no virtual environment."""

    def __init__(self, path: Path | str, why: str = "no pyvenv.cfg") -> None:
        super().__init__(f"{path} is not an environment: {why}")


class ScriptError(EnvToolError, ValueError):
    """A script's metadata block breaks PEP 723."""


class ToolMissing(EnvToolError):
    """A tool is not installed; the message ends with the command that installs it."""

    def __init__(self, tool: str, hint: str) -> None:
        super().__init__(f"{tool} is not installed: {hint}")


class ToolTimeout(EnvToolError, TimeoutError):
    """A tool did not end in time; its whole process group was ended."""

    def __init__(self, argv: list[str], seconds: float) -> None:
        super().__init__(f"{Path(argv[0]).name} {' '.join(argv[1:3])} did not end in {seconds:g} s")


class ToolFailed(EnvToolError):
    """A tool ended with an error where success was needed; the message ends with its last line."""


class Unsupported(EnvToolError, NotImplementedError):
    """A tool has no such operation."""

    def __init__(self, tool: str, operation: str) -> None:
        super().__init__(f"{tool} has no operation {operation!r}")


class TooDeep(EnvToolError):
    """A resolver used up its rounds."""
