"""Read and write CoNLL-U and CoNLL-U Plus, with an error that names the line and the rule.

Read: ten columns, or those that `# global.columns` names; multiword ranges (`1-2`) and empty nodes
(`1.1`), which are kept apart; `SpaceAfter=No`; `# newdoc`; a byte order mark; CRLF; a file without
its last blank line. Refused, because a guess would move labels to other words: a wrong number of
columns, ids with gaps, empty forms, a `# text` that the tokens do not spell.

Source: the format page of Universal Dependencies, version 2, and "CoNLL-U Plus".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from velvet_nlp.corpus import Document, Range, Sentence, Token

TEN = ["ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"]
NER = "VELVET:NER"
PLUS = ("ID", "FORM", "UPOS", "MISC", NER)
_ID = re.compile(r"([0-9]{1,9})(?:([-.])([0-9]{1,9}))?")


class ConlluError(ValueError):
    """A file breaks a rule of the format.

    Attributes:
        line_no: the line, counted from 1.
        rule: what holds for it.
    """

    def __init__(self, line_no: int, rule: str) -> None:
        self.line_no, self.rule = line_no, rule
        super().__init__(line_no, rule)

    def __str__(self) -> str:
        return f"line {self.line_no}: {self.rule}"


@dataclass
class _Block:
    """The lines of one sentence."""

    columns: list[str]
    comments: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


def _blocks(lines: Iterable[str]) -> Iterator[_Block]:
    columns, block = TEN, _Block(TEN)
    for number, raw in enumerate(lines, 1):
        line = (raw.lstrip("\ufeff") if number == 1 else raw).rstrip("\r\n")
        if not line.strip():
            if block.rows:
                yield block
                block = _Block(columns)
            continue
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            if key.strip() == "global.columns":
                columns = block.columns = value.split()
                if absent := {"ID", "FORM", "UPOS"} - set(columns):
                    raise ConlluError(number, f"global.columns lacks {', '.join(sorted(absent))}")
            block.comments[key.strip()] = value.strip()
            continue
        fields = line.split("\t")
        if len(fields) != len(columns):
            rule = f"{len(columns)} columns between tabs are expected, this line has {len(fields)}"
            raise ConlluError(number, rule)
        block.rows.append((number, dict(zip(columns, fields, strict=True))))
    if block.rows:
        yield block


def _sentence(block: _Block) -> Sentence:
    """Put tokens, ranges and empty nodes of one block in order."""
    rows: list[tuple[int, dict[str, str]]] = []
    ranges: list[tuple[Range, dict[str, str]]] = []
    empty: list[tuple[str, str]] = []
    for number, row in block.rows:
        found = _ID.fullmatch(row["ID"])
        if not found or not row["FORM"]:
            raise ConlluError(number, f"id {row['ID']!r} and form {row['FORM']!r} must be there")
        first, sign, last = int(found[1]), found[2], int(found[3] or 0)
        if sign == ".":
            empty.append((row["ID"], row["FORM"]))
        elif sign == "-":
            after = ranges[-1][0].last if ranges else 0
            if first != len(rows) + 1 or last < first or first <= after:
                rule = f"the range {row['ID']} must begin with the next id, after any other range"
                raise ConlluError(number, rule)
            ranges.append((Range(first, last, row["FORM"]), row))
        elif first != len(rows) + 1:
            raise ConlluError(number, f"id {len(rows) + 1} is expected, not {first}")
        else:
            rows.append((number, row))
    number = block.rows[-1][0]
    if ranges and ranges[-1][0].last > len(rows):
        raise ConlluError(number, f"the range {ranges[-1][0]} ends after the last token")
    tokens, text = _placed(rows, ranges, block.comments.get("text"))
    kept = tuple(one for one, _ in ranges)
    try:
        return Sentence(block.comments.get("sent_id", ""), text, tokens, kept, tuple(empty))
    except ValueError as error:
        raise ConlluError(number, str(error)) from None


def _placed(
    rows: list[tuple[int, dict[str, str]]],
    ranges: list[tuple[Range, dict[str, str]]],
    text: str | None,
) -> tuple[tuple[Token, ...], str]:
    """Return the tokens with their offsets, and the text that they spell."""
    opens = {one.first: (one, row) for one, row in ranges}
    spelled, tokens, until, span = "", [], 0, (0, 0)
    for at, (number, row) in enumerate(rows, 1):
        if at in opens:
            one, source = opens[at]
            until, form = one.last, one.form
        else:
            source, form = row, row["FORM"]
        if at in opens or at > until:
            begin = len(spelled)
            if text is not None:
                begin += len(text[begin:]) - len(text[begin:].lstrip())
                spelled = text[:begin]
            span = (begin, begin + len(form))
            spelled += form
            last = until if at in opens else at
            if text is None and last < len(rows) and "SpaceAfter=No" not in source.get("MISC", ""):
                spelled += " "
        if text is not None and text[span[0] : span[1]] != spelled[span[0] : span[1]]:
            raise ConlluError(number, f"the text has no {spelled[span[0] :]!r} at {span[0]}")
        tokens.append(Token(row["FORM"], *span, row["UPOS"], row.get(NER, "O")))
    return tuple(tokens), spelled if text is None else text


def read_conllu(lines: Iterable[str]) -> Iterator[Sentence]:
    """Yield the sentences of a file.

    Args:
        lines: an open text file, or any lines.

    Raises:
        ConlluError: a rule of the format is broken.
    """
    yield from map(_sentence, _blocks(lines))


def read_documents(lines: Iterable[str], *, domain: str = "") -> list[Document]:
    """Return documents as `# newdoc id` divides them; a file without one is one document."""
    found: list[tuple[str, str, list[Sentence]]] = []
    for block in _blocks(lines):
        comments = block.comments
        begins = next((comments[key] for key in ("newdoc id", "newdoc") if key in comments), None)
        if begins is not None or not found:
            name = begins or f"document-{len(found) + 1}"
            found.append((name, comments.get("domain", domain), []))
        found[-1][2].append(_sentence(block))
    return [Document(name, about, tuple(inside)) for name, about, inside in found]


def write_conllu(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Yield the lines of a CoNLL-U Plus file with the columns of this module's corpus.

    Raises:
        ValueError: a text or a form has a tab or an end of line, which the format cannot hold.
    """
    yield f"# global.columns = {' '.join(PLUS)}\n"
    for sentence in sentences:
        forms = (one[-1] for one in sentence.empty)
        for text in (sentence.sent_id, sentence.text, *sentence.words, *forms):
            if set(text) & set("\t\r\n"):
                raise ValueError(f"{text!r} has a tab or an end of line: no field may have one")
        yield f"# sent_id = {sentence.sent_id}\n"
        yield f"# text = {sentence.text}\n"
        opens = {one.first: one for one in sentence.ranges}
        empty: dict[int, list[tuple[str, str]]] = {}
        for name, form in sentence.empty:
            empty.setdefault(int(name.partition(".")[0]), []).append((name, form))
        for at in range(len(sentence.tokens) + 1):
            if at:
                if one := opens.get(at):
                    yield f"{one.first}-{one.last}\t{one.form}\t_\t_\t_\n"
                token = sentence.tokens[at - 1]
                glued = sentence.text[token.end : token.end + 1].strip()
                misc = "SpaceAfter=No" if glued else "_"
                yield f"{at}\t{token.text}\t{token.upos}\t{misc}\t{token.ner}\n"
            for name, form in empty.get(at, []):
                yield f"{name}\t{form}\t_\t_\t_\n"
        yield "\n"
