"""The kit of `csv_codec`."""

from __future__ import annotations

import csv
import io
import sys
from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit


def _check(m: Any, x: Any) -> None:
    assert m.decode(m.encode(x)) == x


def _oracle(x: Any) -> Any:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(x)
    return list(csv.reader(io.StringIO(text.getvalue(), newline=""), strict=True))


def _relate(m: Any, x: Any) -> None:
    text = m.encode(x)
    assert m.decode(text + text) == x + x
    assert m.decode(text[:-1]) == m.decode(text)


def _invariant(m: Any, x: Any) -> None:
    rows = m.decode(x)
    assert m.decode(m.encode(rows)) == rows


if sys.version_info >= (3, 11):
    _text = st.text(max_size=6)
else:  # pragma: no cover - the csv module, which is the oracle, refuses NUL in Python 3.10
    _text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
_rows = st.lists(st.lists(_text, min_size=1, max_size=3), min_size=1, max_size=4)
KIT = Kit(
    happy=(
        'decode("a,b\\nc,d\\n") == [["a", "b"], ["c", "d"]]',
        'encode([["a", "b,c"]]) == \'a,"b,c"\\n\'',
    ),
    edges=(
        'decode("") == []',
        'decode("a") == [["a"]]',
        'decode("a,b") == [["a", "b"]]',
        'decode("\\n") == [[""]]',
        'decode(",\\n") == [["", ""]]',
        'decode("a\\r\\nb\\r\\n") == [["a"], ["b"]]',
        'encode([["say \\"x\\""]]) == \'"say ""x"""\\n\'',
        'decode(\'"a""b"\\n\') == [[\'a"b\']]',
        'decode(\'"a\\nb"\\n\') == [["a\\nb"]]',
        "raises(ValueError, decode, 'a\"b')",
        'encode([[""]]) == \'""\\n\'',
    ),
    snapshot=('encode([["name", "note"], ["Ann", "likes \\"x\\", y"]])', 'decode("a,b\\n1,2")'),
    seeds=("a,b\nc,d\n", '"x""y",z\r\n', '"two\nlines",1'),
    target=lambda m, x: m.decode(x),
    invariant=_invariant,
    inputs=_rows,
    exercise=lambda m, x: m.decode(m.encode(x)),
    check=_check,
    oracle=_oracle,
    relate=_relate,
)
