"""Predict first: the reader's guesses about comparisons, and how well they are calibrated.

A guess names a winner and a factor before anything is measured. Both stand beside the result
afterwards, in a file of the reader's own under `.velvet`, which git ignores.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from velvet import catalog


@dataclass(frozen=True)
class Guess:
    """What the reader thought, and what came out.

    Attributes:
        factor: how many times better than the baseline the winner was thought to be; where the
            baseline wins, than the runner-up. 1 is a tie.
        won: the best contender and all that are tied with it.
        measured: the factor as measured; at least 1.
    """

    module: str
    comparison: str
    winner: str
    factor: float
    won: tuple[str, ...]
    measured: float
    created: str = ""

    @property
    def hit(self) -> bool:
        """Whether the guessed winner won or shares the first place."""
        return self.winner in self.won

    @property
    def off(self) -> float:
        """How many times the factor was too large or too small; 1 is exact."""
        return math.exp(abs(math.log(self.factor / self.measured)))


def file() -> Path:
    """Return where guesses are kept."""
    return catalog.own_folder() / "guesses.jsonl"


def add(guess: Guess) -> None:
    """Append a guess to the reader's file."""
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as lines:
        lines.write(json.dumps(asdict(guess), ensure_ascii=False) + "\n")


def kept() -> list[Guess]:
    """Return all guesses; lines that are none are passed over."""
    path = file()
    found = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                values = json.loads(line)
                guess = Guess(**{**values, "won": tuple(values["won"])})
                if min(guess.factor, guess.measured) > 0:
                    found.append(guess)
            except (ValueError, TypeError, KeyError):
                continue
    return found


def calibration(guesses: Sequence[Guess]) -> str:
    """Say how often the winner was right and how far off the factors are; empty without guesses."""
    if not guesses:
        return ""
    hits = sum(guess.hit for guess in guesses)
    off = statistics.median(guess.off for guess in guesses)
    return (
        f"Your guesses so far: {hits} of {len(guesses)} winners right; "
        f"the typical factor is {off:.2g}x off."
    )
