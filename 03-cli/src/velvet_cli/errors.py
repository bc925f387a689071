"""What is wrong with a command line, in one form for all four frameworks.

Each framework has an exception of its own for "used wrongly", with its own wording and its
own way to print it. The front ends turn each into a `UsageError`, so that the runner answers
them alike: what is wrong on one line, what to do about it on the next.
"""

from __future__ import annotations

from collections.abc import Iterable


class UsageError(Exception):
    """A command, option, value or argument is wrong or missing.

    Attributes:
        message: what is wrong; names the option and the value.
        hint: the next step, or empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest of the known words, or an empty text."""
    # Only mistakes pay for this import.
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {found[0]!r}?" if found else ""
