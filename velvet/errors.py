"""The errors that the toolkit raises for its user's mistakes.

The command turns each into one sentence on standard error and an exit code, never a
traceback: 2 when the command was used wrongly, 1 when a check failed or the machine lacks
something. Anything else that escapes is a defect of ours and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class VelvetError(Exception):
    """A failure the user can act on; the message names the value, the rule and the way out."""

    exit_code = 1

    def __reduce__(self) -> tuple[Any, ...]:
        # By default the class is called with `args`, which for a subclass with arguments of its
        # own are not those of its `__init__`; a worker process then dies of its own answer.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[VelvetError], args: tuple[Any, ...], attributes: dict[str, Any]
) -> VelvetError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(attributes)
    return error


class UsageError(VelvetError):
    """The command or an argument was wrong; nothing was done."""

    exit_code = 2


def nearest(text: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the closest known name, or an empty string."""
    matches = difflib.get_close_matches(text, list(known), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""
