"""What can go wrong in this module, each with the place or the rule that it is about.

A tool that fails is not an exception: `lint.run` answers with a `Status`, because a matrix of ten
tools must not end at the first that is missing.
"""

from __future__ import annotations


class DevtoolsError(Exception):
    """The base of every error that this module raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class ToolMissing(DevtoolsError):
    """A program is not installed; the message holds the command that installs it."""

    def __init__(self, program: str) -> None:
        super().__init__(f"{program} is not here; `pip install {program}` installs it")


class ToolTimeout(DevtoolsError):
    """A program was ended, with its children, because it passed its time limit."""


class Located(DevtoolsError):
    """An error at a place in a text; `line` and `col` count from 1."""

    def __init__(self, message: str, line: int, col: int) -> None:
        super().__init__(f"{message} (line {line}, column {col})")
        self.line, self.col = line, col


class SourceError(Located):
    """A source file cannot be read or parsed; nothing was written."""


class JsoncError(Located):
    """A text is no JSON with comments."""


class CommitError(DevtoolsError):
    """A message is no conventional commit; `clause` is the number of what it breaks."""

    def __init__(self, message: str, clause: int) -> None:
        super().__init__(f"{message} (Conventional Commits 1.0.0, clause {clause})")
        self.clause = clause


class QueryError(DevtoolsError, ValueError):
    """A question to a trace is not one that may be asked."""


class DapError(DevtoolsError):
    """A debug adapter broke the protocol, refused a request, or did not answer in time."""


class ReleaseError(DevtoolsError):
    """A release stopped; everything that it had changed was put back."""
