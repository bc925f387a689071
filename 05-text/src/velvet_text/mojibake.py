# ruff: noqa: RUF001, RUF002 - letters that look alike are its subject
"""Repair mojibake, and above all do no harm.

`Ã©` is UTF-8 that was read as cp1252. Writing it back and reading it again repairs it, and so it
repairs, and thereby damages, many a correct text that happens to survive the round trip. The guard
here accepts a step only when a score of suspicious pairs falls and no replacement character
appears. In production use ftfy, which knows far more; read this to see why it has to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from velvet_text.errors import TextError

CODECS = ("cp1252", "latin-1", "cp1250", "cp1251", "cp437", "mac_roman")
MAX_ROUNDS = 4


def _view(codec: str, low: int, high: int) -> str:
    """Return bytes of a range as a codec shows them, ready for a character class."""
    shown = (_sloppy_byte(value, codec) for value in range(low, high + 1))
    return "".join(re.escape(c) for c in shown)


def _sloppy_byte(value: int, codec: str) -> str:
    """Decode one byte; the holes of a code page stand for themselves, as in browsers."""
    return bytes([value]).decode(codec, "replace").replace("\ufffd", chr(value))


_TAIL = _view("cp1252", 0x80, 0xBF) + "\x80-\x9f"
# What a pair that looks like mojibake counts for. The strong ones hardly occur in any language.
_SIGNS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(f"(?<![A-ZÀ-ÖØ-Þ])[ÂÃ][{_TAIL}]"), 2.0),
    (re.compile(f"(?<=[A-ZÀ-ÖØ-Þ])[ÂÃ][{_TAIL}](?=[A-Za-zÂ])"), 2.0),
    (re.compile(f"â[€‚„†‡ˆ‰™œ\x80-\x9f][{_TAIL}]"), 3.0),
    (re.compile(f"[à-ï][{_TAIL}][{_TAIL}]"), 2.0),
    (re.compile(f"ðŸ[{_TAIL}][{_TAIL}]|ð\x9f[{_TAIL}][{_TAIL}]"), 4.0),
    (re.compile(f"(?:[ÐÑ][{_TAIL}]){{2}}|(?:[ÎÏ][{_TAIL}]){{2}}"), 3.0),
    (re.compile(f"(?<=[a-z])[ÄÅ][{_TAIL}]|[ÄÅ][{_TAIL}](?=[a-z])"), 2.0),
    (re.compile(f"(?:[×Ø-Ü][{_TAIL}]){{2}}"), 3.0),
    (re.compile(f"[┬├┼─╞╨╤╬╧Φπσµτ][{_view('cp437', 0x80, 0xAF)}]"), 2.5),
    (re.compile(f"Γ[ÇÖ£¥ä][{_view('cp437', 0x80, 0xBF)}]"), 2.5),
    (re.compile("ï»¿|ï¿½|√[©°®¢ßº±≥¥∂§†´ºüü≤]|‚Ä[ôúùîì¶]"), 3.0),
    (re.compile("[РС][\u0080-\u00bf‚„…†‡ˆ‰‹“”•–—™›ЂЃ-Џѓєѕіјљњћќўџ°±ґµ¶·№»]{1}[РС]"), 3.0),
    (re.compile("вЂ[\u0080-\u00bf™њќ“”¦ў]|Г[©ЁЎ¤¶јњ]|[\u0080-\u009f]"), 1.5),
    (re.compile("[ĂÄĹ][\u0080-\u00bfˇ˘Ł¤§¨©ŞŤŹ­®Ż°±˛ł´µ¶·¸ąşť»Ľ˝ľżŤś‰“”„]"), 1.5),
)  # fmt: skip


@dataclass(frozen=True)
class Repaired:
    """A text after repair.

    Attributes:
        steps: pairs of codecs: written back with the first, read again with the second.
        confidence: 1 where nothing was to do, else the share of suspicion that is gone.
    """

    text: str
    steps: tuple[tuple[str, str], ...] = ()
    confidence: float = 1.0


def encode_sloppy(s: str, codec: str) -> bytes:
    """Encode with a code page whose holes stand for the controls U+0080 to U+009F.

    Raises:
        UnicodeEncodeError: a character that the code page does not have.
    """
    try:
        return s.encode(codec)
    except UnicodeEncodeError:
        parts = []
        for c in s:
            hole = "\x80" <= c <= "\x9f" and _sloppy_byte(ord(c), codec) == c
            parts.append(bytes([ord(c)]) if hole else c.encode(codec))
        return b"".join(parts)


def badness(s: str) -> float:
    """Return how much a text looks like mojibake; 0 for plain text, O(n)."""
    if s.isascii():
        return 0.0
    return sum(weight * len(sign.findall(s)) for sign, weight in _SIGNS) + 2.0 * s.count("\ufffd")


def repair_naive(s: str) -> str:
    """Write as cp1252 and read as UTF-8 whenever that works: the wrong way, kept to be measured."""
    try:
        return encode_sloppy(s, "cp1252").decode("utf-8")
    except UnicodeError:
        return s


def repair(s: str, *, max_rounds: int = MAX_ROUNDS) -> Repaired:
    """Undo wrong decodings, one at a time, as long as each makes the text less suspicious.

    Idempotent; never changes ASCII, and never introduces a replacement character.

    >>> repair("cafÃƒÂ©").text, repair("naïve – fine").text
    ('café', 'naïve – fine')
    """
    if not max_rounds >= 1:
        raise TextError(f"max_rounds must be at least 1, not {max_rounds}")
    first = score = badness(s)
    steps: list[tuple[str, str]] = []
    while score > 0 and len(steps) < max_rounds:
        found = _best_step(s, score)
        if found is None:
            break
        score, s, codec = found
        steps.append((codec, "utf-8"))
    if not steps:
        return Repaired(s)
    return Repaired(s, tuple(steps), round((first - score) / first, 3))


def _best_step(s: str, score: float) -> tuple[float, str, str] | None:
    """Return the step that leaves the least suspicion; the earlier codec where two are equal."""
    best: tuple[float, str, str] | None = None
    for codec in CODECS:
        try:
            text = encode_sloppy(s, codec).decode("utf-8")
        except UnicodeError:
            continue
        if text.count("\ufffd") > s.count("\ufffd") or text == s:
            continue
        after = badness(text)
        if after < (best[0] if best else score):
            best = (after, text, codec)
    return best


def plan(s: str) -> str:
    """Return the chain of codecs that repairs a text, in words."""
    done = repair(s)
    if not done.steps:
        return "nothing to do"
    chain = " -> ".join(f"encode {written} -> decode {read}" for written, read in done.steps)
    return f"{chain} (confidence {done.confidence:.2f})"


def apply_plan(s: str, steps: Sequence[tuple[str, str]]) -> str:
    """Replay a chain on another text that took the same way.

    Raises:
        UnicodeError: this text took another way.
    """
    for written, read in steps:
        s = encode_sloppy(s, written).decode(read)
    return s


def repair_ftfy(s: str) -> str:
    """Repair with ftfy, encoding faults only; lone surrogates, which it refuses, stay as they are.

    Raises:
        ImportError: ftfy is absent.
    """
    import ftfy

    try:
        return str(ftfy.fix_encoding(s))
    except UnicodeEncodeError:
        return s
