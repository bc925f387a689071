"""The errors of this package: each names the value, the rule and the way out.

All of them keep their constructor's arguments in `args`, so that they survive pickling on the
way back from a worker process.
"""

from __future__ import annotations


class TextError(ValueError):
    """A text or pattern that a function refuses."""


class DecodeError(TextError):
    """Bytes that no permitted encoding decodes.

    Attributes:
        encoding: the encoding that was tried first.
        start, end: the offsets of the bytes that it does not know.
        bytes_hex: these bytes, as hexadecimal digits.
        hint: what to do.
    """

    def __init__(self, encoding: str, start: int, end: int, bytes_hex: str, hint: str) -> None:
        super().__init__(encoding, start, end, bytes_hex, hint)
        self.encoding, self.start, self.end = encoding, start, end
        self.bytes_hex, self.hint = bytes_hex, hint

    def __str__(self) -> str:
        return f"{self.encoding}: bytes {self.bytes_hex} at {self.start}:{self.end}; {self.hint}"


class UnsupportedPattern(TextError):
    """A pattern that one engine lacks a feature for.

    Attributes:
        engine: the engine's name.
        feature: its own words about what it does not support.
    """

    def __init__(self, engine: str, feature: str) -> None:
        super().__init__(engine, feature)
        self.engine, self.feature = engine, feature

    def __str__(self) -> str:
        return f"{self.engine} does not support this pattern: {self.feature}"


class PatternTimeout(TextError):
    """A match that was stopped at its budget.

    Attributes:
        budget_s: the seconds that it was given.
    """

    def __init__(self, budget_s: float) -> None:
        super().__init__(budget_s)
        self.budget_s = budget_s

    def __str__(self) -> str:
        return f"no answer within {self.budget_s:g} s; audit the pattern or shorten the text"


class TemplateError(TextError):
    """A template that does not render: wrong syntax, a forbidden access, or too much output."""


class LineTooLong(TextError):
    """A stream that sends more than a line's limit without a line end.

    Attributes:
        limit: characters that one line may have.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"more than {self.limit:,} characters without a line end; raise max_line or refuse"


class WorkerFailed(TextError):
    """A worker that died while it parsed a part of a file.

    Attributes:
        start, end: the byte range that it was given.
    """

    def __init__(self, path: str, start: int, end: int, cause: str) -> None:
        super().__init__(path, start, end, cause)
        self.path, self.start, self.end, self.cause = path, start, end, cause

    def __str__(self) -> str:
        return f"{self.path}: the worker for bytes {self.start}:{self.end} failed: {self.cause}"
