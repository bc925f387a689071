"""The errors of this module: each says which value, which rule, and the way out.

All derive from `PackagingLabError`. What is wrong with an *artefact* is never an error but a
`Finding`: a verifier that stops at the first fault hides the second.
"""

from __future__ import annotations


class PackagingLabError(Exception):
    """The base of everything that this module raises."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class BadSpec(PackagingLabError, ValueError):
    """A project's description breaks a rule of the specifications."""


class UnknownName(PackagingLabError, LookupError):
    """There is no backend, front end, tool or axis of that name."""

    def __init__(self, what: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown {what} {name!r}: choose one of {', '.join(known)}")


class BackendMissing(PackagingLabError):
    """A backend, or a program that it needs, is not installed."""


class BuildFailed(PackagingLabError):
    """A build ended with an error.

    Attributes:
        stage: what was being built.
        rc: the exit code of the child.
        tail: the last lines that it wrote.
    """

    def __init__(self, stage: str, rc: int, tail: str) -> None:
        self.stage, self.rc, self.tail = stage, rc, tail
        last = tail.strip().splitlines()[-1:] or ["it wrote nothing"]
        super().__init__(f"{stage} ended with {rc}: {last[0]}")


class BuildTimeout(PackagingLabError, TimeoutError):
    """A program did not end in time; its whole process group was ended."""


class NotAnArchive(PackagingLabError, ValueError):
    """A file cannot be opened as a wheel or as an sdist."""


class EntryUnreadable(PackagingLabError, ValueError):
    """An archive's entry does not inflate to what its header promises."""


class RecordError(PackagingLabError, ValueError):
    """A row of a RECORD breaks a rule.

    Attributes:
        row: the number of the row, from 1.
    """

    def __init__(self, row: int, why: str) -> None:
        self.row = row
        super().__init__(f"RECORD row {row}: {why}")


class FieldCount(RecordError):
    """A row has other than three fields."""


class EmptyPath(RecordError):
    """A row names no file."""


class AbsolutePath(RecordError):
    """A path begins at the root or at a drive."""


class NonNormalizedPath(RecordError):
    """A path holds a backslash, `.`, `..` or an empty part."""


class MalformedDigest(RecordError):
    """A digest is not `algorithm=urlsafe-base64-without-padding` of the algorithm's length."""


class UnknownAlgorithm(RecordError):
    """hashlib does not know the algorithm."""


class WeakDigest(RecordError):
    """The algorithm is weaker than sha256."""


class MissingDigest(RecordError):
    """A file other than RECORD and its signatures has no digest."""


class MissingSize(RecordError):
    """A file other than RECORD and its signatures has no size."""


class MalformedSize(RecordError):
    """A size is no decimal number."""


class ConflictingEntry(RecordError):
    """Two rows say different things about one path."""


class UploadRefused(PackagingLabError):
    """A registry refused an upload.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)
