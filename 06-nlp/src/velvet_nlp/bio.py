"""Labels on tokens and spans over tokens: conversions between the two, and a reader of files.

A span is `(first, end, label)` with `end` exclusive. Three schemes are read: BIO, in which each
span begins with `B-`; IOB1 of CoNLL-2000, in which `B-` only parts neighbours of one type; BILUO of
spaCy, in which the last token and the single token have letters of their own. A classifier that
labels each token alone writes sequences which are none of them; `repair` has the one rule for that.

Source: Ramshaw and Marcus (1995); Tjong Kim Sang and Buchholz (2000).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

Scheme = Literal["BIO", "IOB1", "BILUO"]
LETTERS: dict[str, str] = {"BIO": "BI", "IOB1": "BI", "BILUO": "BILU"}


class Span(NamedTuple):
    """Tokens `first` to `end` (exclusive) with one label."""

    first: int
    end: int
    label: str


def split_tag(tag: str, scheme: Scheme = "BIO") -> tuple[str, str]:
    """Return the letter and the label of a tag.

    >>> split_tag("B-PER"), split_tag("O")
    (('B', 'PER'), ('O', ''))

    Raises:
        ValueError: the tag is none of the scheme, or there is no such scheme.
    """
    if scheme not in LETTERS:
        raise ValueError(f"unknown scheme {scheme!r}: choose one of {', '.join(LETTERS)}")
    if tag == "O":
        return "O", ""
    letter, dash, label = tag.partition("-")
    if len(letter) != 1 or letter not in LETTERS[scheme] or not dash or not label:
        raise ValueError(f"{tag!r} is no {scheme} tag: write O or a letter of {LETTERS[scheme]}-X")
    return letter, label


def spans_from_bio(tags: Sequence[str], scheme: Scheme = "BIO") -> list[Span]:
    """Return the spans that tags describe; O(n).

    >>> spans_from_bio(["B-PER", "I-PER", "O", "B-LOC"])
    [Span(first=0, end=2, label='PER'), Span(first=3, end=4, label='LOC')]

    Raises:
        ValueError: a tag is unknown, or stands where the scheme does not allow it.
    """
    found: list[Span] = []
    first, inside = 0, ""
    for at, tag in enumerate(tags):
        letter, label = split_tag(tag, scheme)
        goes_on = letter in "IL" and label == inside and letter != "O"
        if letter in "IL" and label != inside and scheme != "IOB1":
            before = repr(tags[at - 1]) if at else "nothing"
            raise ValueError(f"tag {at} is {tag!r} after {before}: it continues no span")
        if scheme == "BILUO" and inside and not goes_on:
            raise ValueError(f"tag {at} is {tag!r}, but the span of {inside} has no L-")
        if inside and not goes_on:
            found.append(Span(first, at, inside))
            inside = ""
        if letter in "BU" or (letter in "IL" and not goes_on):
            first, inside = at, label
        if letter in "LU":
            found.append(Span(first, at + 1, label))
            inside = ""
    if inside:
        if scheme == "BILUO":
            raise ValueError(f"the span of {inside} at the end has no L-")
        found.append(Span(first, len(tags), inside))
    return found


def bio_from_spans(spans: Iterable[Span], length: int, scheme: Scheme = "BIO") -> list[str]:
    """Return the tags of spans over `length` tokens; the inverse of `spans_from_bio`.

    Raises:
        ValueError: a span is empty, outside, or overlaps another.
    """
    tags, before = ["O"] * length, Span(0, 0, "")
    for span in sorted(spans):
        first, end, label = span
        if not before.end <= first < end <= length:
            raise ValueError(f"span {tuple(span)} is empty, overlaps, or leaves {length} tokens")
        touches = before.end == first and before.label == label and before.end > 0
        opening = "B" if scheme != "IOB1" or touches else "I"
        tags[first:end] = [f"I-{label}"] * (end - first)
        tags[first] = f"{opening}-{label}"
        if scheme == "BILUO":
            tags[end - 1] = f"L-{label}"
            if end - first == 1:
                tags[first] = f"U-{label}"
        before = Span(first, end, label)
    return tags


def repair(tags: Sequence[str]) -> list[str]:
    """Return legal BIO: an `I-X` that continues no span of X becomes `B-X`, nothing else changes.

    >>> repair(["O", "I-PER", "I-LOC"])
    ['O', 'B-PER', 'B-LOC']
    """
    legal: list[str] = []
    for tag in tags:
        before = legal[-1] if legal else "O"
        breaks = tag.startswith("I-") and before[1:] != tag[1:]
        legal.append(f"B-{tag[2:]}" if breaks else tag)
    return legal


def read_bio(
    lines: Iterable[str], *, columns: tuple[int, int] = (0, -1)
) -> Iterator[list[tuple[str, str]]]:
    """Yield sentences of (token, tag) from lines of tokens with columns, blank lines between.

    A byte order mark, CRLF, several blank lines in a row, blank lines of spaces or tabs, and
    `-DOCSTART-` lines are accepted, because published files have them all.

    Args:
        columns: where the token and its tag stand.

    Raises:
        ValueError: a line has too few columns; the message has its number.
    """
    sentence: list[tuple[str, str]] = []
    for number, line in enumerate(lines, 1):
        fields = line.lstrip("\ufeff" if number == 1 else "").rstrip("\r\n").split("\t")
        if len(fields) == 1:
            fields = fields[0].split()
        if not any(field.strip() for field in fields) or fields[0] == "-DOCSTART-":
            if sentence:
                yield sentence
            sentence = []
            continue
        if len(fields) < 2 or not all(-len(fields) <= at < len(fields) for at in columns):
            raise ValueError(f"line {number}: {line.rstrip()!r} has no column for a tag")
        sentence.append((fields[columns[0]].strip(), fields[columns[1]].strip()))
    if sentence:
        yield sentence
