"""The shape of a statement: what is left of SQL when its values are taken out.

A page with an N+1 problem sends a hundred statements that differ in one number. To see that they
are one statement, literals and placeholders become `?`, lists of values become one value, and
case, whitespace and comments are made uniform. PostgreSQL does the same to its parsed trees in
pg_stat_statements (https://www.postgresql.org/docs/current/pgstatstatements.html); here it is done
to the text, so that it works for every driver and needs no server.

One pass of a scanner makes parts, a second folds them, a third joins them with uniform spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from string import ascii_lowercase, ascii_uppercase

_SPELLED = (
    "ALL ALTER ANALYZE AND ANY ARRAY AS ASC BEGIN BETWEEN BY CASCADE CASE CAST CHECK COLLATE "
    "COLUMN COMMIT CONFLICT CONSTRAINT COPY CREATE CROSS DEFAULT DELETE DESC DISTINCT DO DROP "
    "ELSE END EXCEPT EXISTS EXPLAIN FETCH FIRST FOR FOREIGN FROM FULL GROUP HAVING IF ILIKE "
    "IN INDEX INNER INSERT INTERSECT INTO IS JOIN KEY LATERAL LEFT LIKE LIMIT LOCK NATURAL "
    "NOT NOTHING NULLS OFFSET ON ONLY OR ORDER OUTER OVER PARTITION PRAGMA PRIMARY RECURSIVE "
    "REFERENCES RELEASE RETURNING RIGHT ROLLBACK ROWS SAVEPOINT SELECT SET SHARE SIMILAR "
    "START TABLE THEN TO TRANSACTION UNION UNIQUE UPDATE USING VALUES WHEN WHERE WITH"
)
_KEYWORDS = frozenset(_SPELLED.split())
_VALUE_WORDS = frozenset(("NULL", "TRUE", "FALSE"))
# `IS NULL`, `NOT NULL` and `SET NULL` are parts of the statement; elsewhere NULL is a value.
_STRUCTURAL_BEFORE = frozenset(("IS", "NOT", "SET"))
# The names of savepoints follow these words at the beginning of a statement.
_BEFORE = ("SAVEPOINT", "RELEASE", "ROLLBACK TO", "ROLLBACK work TO", "ROLLBACK TRANSACTION TO")
_NAMING = frozenset((*one.split(), *more) for one in _BEFORE for more in ((), ("SAVEPOINT",)))
# What may follow the number of a column in ORDER BY and GROUP BY; else it is a value.
_AFTER = "ASC DESC NULLS LIMIT OFFSET FETCH FOR UNION EXCEPT INTERSECT HAVING ORDER , ) ;"
_AFTER_POSITION = frozenset(("", *_AFTER.split()))
# Standard SQL joins strings that stand on lines of their own.
_NEXT_LINE = r"[^\S\n]*(?:--[^\n]*)?\n(?:\s|--[^\n]*\n)*'"
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<comment>--[^\n]*)
    |(?P<block>/\*)
    |(?P<escaped>[eE]'(?:[^'\\]|\\.|'')*(?:\\?\Z|'(?:{_NEXT_LINE}(?:[^'\\]|\\.|'')*(?:\\?\Z|'))*))
    |(?P<string>(?:[nNbBxX]|[uU]&)?'(?:[^']|'')*(?:\Z|'(?:{_NEXT_LINE}(?:[^']|'')*(?:'|\Z))*))
    |(?P<dollar>\$(?:[^\W\d]\w*)?\$)
    |(?P<quoted>"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z))
    |(?P<number>0[xXoObB][0-9a-fA-F_]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<placeholder>%\(\w+\)s|%s|\?\d*|\$\d+|(?<![:\w\])]):\w+|(?<!\w)@[^\W\d]\w*)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<operator><=>|->>|\#>>|!~\*|::|<=|>=|<>|!=|\|\||->|\#>|@>|<@|&&|~\*|!~|:=|=>|<<|>>)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")
_OPENING = {")": "(", "]": "["}
_NO_SPACE_BEFORE = frozenset(",);.]")
_NO_SPACE_AFTER = frozenset("([.")
_ENDS_A_VALUE = frozenset(("?", ")", "]", "END"))
# Databases fold the ASCII letters of a name; what Python calls upper case is more than that.
_UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def fingerprint(sql: str) -> str:
    """Return the shape of a statement, the same for all its values and spellings.

    Literals, numbers and placeholders (`?`, `:1`, `:name`, `%s`, `%(name)s`, `$1`) become ``?``;
    the values of an ``IN (...)``, the rows of a ``VALUES`` and the names of savepoints are reduced
    to one; the numbers of columns in ORDER BY and GROUP BY stay; keywords are upper case, other
    unquoted words lower case; comments are dropped, except hints (``/*+ ... */``). Statements with
    different columns have different shapes, and a shape is its own shape. Takes time and memory in
    proportion to the length of `sql`, as long as lists of values are not nested in each other.

    >>> fingerprint("select * from orders where id in (1, 2) -- page")
    'SELECT * FROM orders WHERE id IN (?)'
    """
    folded = _fold(_values(_positions(_tokens(sql))))
    while folded and folded[-1] == ";":
        folded.pop()
    return _joined(folded)


def _tokens(sql: str) -> Iterator[str]:
    """Split into canonical parts; every kind of literal is already `?`, a whole number `#1`."""
    at, end = 0, len(sql)
    while at < end:
        match = _TOKEN.match(sql, at)
        assert match is not None  # the last alternative takes any character
        kind, text, at = match.lastgroup, match.group(), match.end()
        if kind == "block":
            start, at = match.start(), _block_end(sql, at)
            if sql.startswith("/*+", start):
                yield " ".join(sql[start:at].split())
        elif kind == "dollar":
            closing = sql.find(text, at)
            at = end if closing < 0 else closing + len(text)
            yield "?"
        elif kind in ("escaped", "string", "number", "placeholder"):
            yield f"#{text}" if text.isdecimal() else "?"
        elif kind == "word":
            upper = text.translate(_UPPER)
            known = upper in _KEYWORDS or upper in _VALUE_WORDS
            yield upper if known else text.translate(_LOWER)
        elif kind not in ("space", "comment"):
            yield text


def _positions(parts: Iterable[str]) -> Iterator[str]:
    """Tell the numbers of columns from other numbers, which become `?`."""
    # For each open bracket: whether it holds a query, and whether its ORDER or GROUP BY is open.
    groups, last, before = [[True, False]], "", ""
    for part, after in pairwise(chain(parts, ("",))):
        if part in ("(", "["):
            groups.append([False, False])
        elif part in _OPENING:
            if len(groups) > 1:
                groups.pop()
        elif part == "SELECT":
            groups[-1][:] = [True, False]
        elif part == "BY":
            groups[-1][1] = groups[-1][0] and last in ("ORDER", "GROUP")
        elif part in _AFTER_POSITION and part not in (",", "ASC", "DESC", "NULLS"):
            groups[-1][1] = False
        last, before = part, last
        if part[0] == "#" and part[1:].isdecimal():
            position = groups[-1][1] and before in ("BY", ",") and after in _AFTER_POSITION
            last = part[1:] if position else "?"
        yield last


def _block_end(sql: str, at: int) -> int:
    """Find the end of a comment whose opening has been read; they nest in PostgreSQL."""
    depth = 1
    for edge in _BLOCK_EDGE.finditer(sql, at):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)


def _values(parts: Iterable[str]) -> Iterator[str]:
    """Turn NULL, TRUE, FALSE, signed values and savepoints into `?` where they are values."""
    last = ""
    words: tuple[str, ...] = ()  # with which the statement begins
    signs: list[str] = []
    for part in parts:
        named = words in _NAMING and part not in (";", "SAVEPOINT")
        if part in ("-", "+") and (signs or not _ends_a_value(last)) and not named:
            signs.append(part)
            continue
        is_word = part in _VALUE_WORDS and last not in _STRUCTURAL_BEFORE
        last = "?" if is_word or named else part
        if part == ";":
            words = ()
        elif len(words) < 4 and not part.startswith("/*+"):
            words = (*words, last)
        if last != "?":
            yield from signs
        signs.clear()
        yield last
    yield from signs


def _ends_a_value(part: str) -> bool:
    # After one of these a minus is a subtraction; after anything else it belongs to its number.
    if part in _ENDS_A_VALUE or part[:1] in ('"', "`"):
        return True
    return bool(part) and (part[0].isalnum() or part[0] == "_") and part not in _KEYWORDS


@dataclass(slots=True)
class _Group:
    """An open bracket: where it stands, and whether what follows is a list of values."""

    start: int
    values: bool  # IN (...) and ARRAY[...]
    plain: bool = True  # nothing but values so far
    rows: bool = False  # after VALUES, as long as rows follow each other
    previous: tuple[int, int] | None = None


def _fold(parts: Iterable[str]) -> list[str]:
    """Reduce the values of an IN list and the rows of a VALUES to one."""
    out: list[str] = []
    groups = [_Group(0, values=False)]
    for part in parts:
        last = out[-1] if out else ""
        out.append(part)
        if part not in ("?", ",") and part not in _OPENING:
            groups[-1].plain = False
        if part in ("(", "["):
            groups.append(_Group(len(out) - 1, values=last in ("IN", "ARRAY")))
        elif part in _OPENING:
            if len(groups) > 1 and out[groups[-1].start] == _OPENING[part]:
                _close(out, groups)
        elif part != ",":
            groups[-1].rows, groups[-1].previous = part == "VALUES", None
    return out


def _close(out: list[str], groups: list[_Group]) -> None:
    group, outer = groups.pop(), groups[-1]
    if group.values and group.plain and len(out) - group.start > 3:
        out[group.start + 1 : -1] = ["?"]
    if not (outer.values or outer.rows):
        return
    if outer.previous is not None:
        start, end = outer.previous
        follows = end + 1 == group.start and out[end] == ","
        # Compare the lengths first: a copy is made only of what is likely to be equal.
        if follows and end - start == len(out) - group.start and out[start:end] == out[end + 1 :]:
            del out[end:]
            return
    outer.previous = (group.start, len(out))


def _joined(parts: list[str]) -> str:
    both = pairwise(chain(("",), parts))
    return "".join(f" {part}" if last and _spaced(last, part) else part for last, part in both)


def _spaced(last: str, part: str) -> bool:
    if (part == "::" and last != ":") or last == "::":
        return False
    if part in _NO_SPACE_BEFORE or last in _NO_SPACE_AFTER:
        return False
    if part in ("(", "["):
        # A call and a subscript stand close to their name.
        return not _ends_a_value(last) or last in ("?", "END")
    return True
