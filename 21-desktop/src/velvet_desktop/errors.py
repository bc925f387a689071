"""What can go wrong, each with the next step in its sentence."""

from __future__ import annotations

from collections.abc import Iterable


class DesktopError(Exception):
    """The base of this module's errors."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class NoDisplay(DesktopError):
    """No screen can be reached, real or virtual."""


class UnknownToolkit(DesktopError):
    """No view has that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown toolkit {name!r}: choose one of {', '.join(known)}")


class UnknownTheme(DesktopError):
    """No theme has that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown theme {name!r}: choose one of {', '.join(known)}")


class WrongThread(DesktopError):
    """A property was changed outside the UI thread."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} belongs to the UI thread: change it through dispatcher.post()")


class JobLost(DesktopError):
    """A worker process died before it answered."""

    def __init__(self, exitcode: int | None) -> None:
        super().__init__(f"the worker died with exit code {exitcode}: submit the job again")
        self.exitcode = exitcode


class InvalidTask(DesktopError, ValueError):
    """A task breaks a rule of the board."""


class StoreBusy(DesktopError):
    """Another process holds the database."""

    def __init__(self) -> None:
        super().__init__("another program is writing to this board: try again in a moment")


class NoBoard(DesktopError):
    """A file is not a board."""

    def __init__(self, path: str, why: object) -> None:
        super().__init__(f"{path} is not a board ({why}): choose another folder")


class StoreFull(DesktopError):
    """The board cannot grow: the disk is full or must not be written."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the board cannot be written ({why}): make room and try again")


class ImportRemoved(DesktopError):
    """The rows of a running import were removed by another window."""

    def __init__(self) -> None:
        super().__init__("another window has opened this board and removed the unfinished import")


class ChildFailed(DesktopError):
    """A program with a window ended without what was expected of it."""

    def __init__(self, sentence: str, code: int | None = None, stderr: str = "") -> None:
        super().__init__(f"{sentence}{': ' if stderr else ''}{stderr.strip()[-600:]}")
        self.code = code


class BundleError(DesktopError):
    """A packager did not produce a program that starts."""
