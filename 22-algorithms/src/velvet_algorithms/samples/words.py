"""Pronounceable words made by seed, because no dictionary can be fetched by a program that runs offline.

A word is one to four syllables of onset, vowel and coda, each drawn with weights that fall off as
letter frequencies do in English. What matters to the structures here is kept: common beginnings, common
endings, near neighbours one letter apart, lengths of 2 to 18 around a mean of 7 to 8. Their frequencies
follow Zipf's law, as words in a text do.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import accumulate

# fmt: off
ONSETS = (
    "t", "s", "r", "n", "l", "d", "c", "m", "p", "b", "f", "h", "g", "w", "v", "st", "tr",
    "k", "br", "pr", "ch", "sh", "gr", "pl", "th", "cr", "fl", "sp", "cl", "bl", "j", "qu",
    "z",
)
# fmt: on
VOWELS = ("e", "a", "i", "o", "u", "ea", "ou", "ie", "y", "ai", "oo")
CODAS = ("", "n", "r", "s", "t", "l", "d", "m", "nd", "st", "ck", "ng", "p", "rt", "x")
SYLLABLES = (1, 2, 3, 4)
SYLLABLE_WEIGHTS = (3, 54, 36, 7)
OPEN_SYLLABLES = 1.5
"""Extra weight of the empty coda: as heavy as all the others together."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _falling(parts: Sequence[str]) -> list[float]:
    return list(accumulate(1.0 / (rank + 2) for rank in range(len(parts))))


def make_words(count: int, *, seed: int = 1) -> list[str]:
    """Return `count` different lower-case words in the order in which they were drawn.

    The words of a smaller count are the first ones of a larger count with the same seed. O(count)
    expected time up to a few hundred thousand words.

    Raises:
        ValueError: `count` is negative or over a million (there are not so many short words).

    >>> make_words(4, seed=1)
    ['prastir', 'titoutpre', 'plaitateci', 'sisam']
    """
    if not 0 <= count <= 1_000_000:
        raise ValueError(f"count must be between 0 and 1,000,000 words, got {count}")
    draw = random.Random(seed)
    onsets, vowels = _falling(ONSETS), _falling(VOWELS)
    codas = [OPEN_SYLLABLES + weight for weight in _falling(CODAS)]
    sizes = list(accumulate(SYLLABLE_WEIGHTS))
    words: dict[str, None] = {}
    while len(words) < count:
        size = draw.choices(SYLLABLES, cum_weights=sizes)[0]
        starts = draw.choices(ONSETS, cum_weights=onsets, k=size)
        middles = draw.choices(VOWELS, cum_weights=vowels, k=size)
        ends = draw.choices(CODAS, cum_weights=codas, k=size)
        words["".join(map("".join, zip(starts, middles, ends, strict=True)))] = None
    return list(words)


def zipf_weights(count: int, *, exponent: float = 1.0, scale: int = 1_000_000) -> list[int]:
    """Return falling frequencies for `count` ranks: `scale / rank**exponent`, at least 1 each.

    Raises:
        ValueError: `count` is negative, `exponent` or `scale` not positive.
    """
    if count < 0 or exponent <= 0 or scale < 1:
        raise ValueError(
            f"count must be >= 0, exponent > 0 and scale >= 1, got {count}, {exponent}, {scale}"
        )
    return [max(1, round(scale / rank**exponent)) for rank in range(1, count + 1)]


def zipf_stream(
    words: Sequence[str], length: int, *, exponent: float = 1.0, seed: int = 1
) -> list[str]:
    """Return `length` words drawn from `words` with Zipf frequencies, the first word most often.

    O(length log words).

    Raises:
        ValueError: there is no word to draw from, `length` is negative or `exponent` not positive.
    """
    if not words or length < 0 or exponent <= 0:
        raise ValueError(
            "a stream needs words, a length >= 0 and an exponent > 0, "
            f"got {len(words)} words, {length}, {exponent}"
        )
    weights = list(accumulate(1.0 / rank**exponent for rank in range(1, len(words) + 1)))
    return random.Random(seed).choices(words, cum_weights=weights, k=length)


def misspell(word: str, *, edits: int, seed: int) -> str:
    """Return `word` after `edits` random insertions, deletions, replacements or swaps of neighbours.

    The result is at most `edits` operations away; it may be the word itself.

    Raises:
        ValueError: `edits` is negative.
    """
    if edits < 0:
        raise ValueError(f"edits must be >= 0, got {edits}")
    draw = random.Random(f"{seed}:{word}")  # a string seed is hashed by SHA-512: equal everywhere
    for _ in range(edits):
        at = draw.randrange(len(word) + 1)
        kind = draw.choice("idrs") if word else "i"
        if kind == "i":
            word = word[:at] + draw.choice(LETTERS) + word[at:]
        elif kind == "d":
            word = word[:at] + word[at + 1 :]
        elif kind == "r":
            word = word[:at] + draw.choice(LETTERS) + word[at + 1 :] if at < len(word) else word
        else:
            word = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    return word
