"""The shape of a statement: what it must not depend on, and what it must keep."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_databases.fingerprint import fingerprint

NAMES = st.sampled_from(["id", "customer_id", "t1", "placed_at", "größe", '"Order"', "e", "x"])
STRINGS = st.text(alphabet="ab'\\ -/*;?%:$\n", max_size=6).map(
    lambda text: "'" + text.replace("'", "''") + "'"
)
LITERALS = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    STRINGS,
    st.sampled_from(["NULL", "true", "?", ":name", "%s", "%(name)s", "$1", "E'\\''", "$$a'b$$"]),
)
BLANKS = st.sampled_from([" ", "\n", "\t ", " /* note */ ", " -- note\n"])
COMPARISONS = st.sampled_from(["=", "<>", "<=", ">", "LIKE"])


@st.composite
def statements(draw: st.DrawFn) -> list[str]:
    """The parts of a SELECT; a None stands for a literal."""
    columns = draw(st.lists(NAMES, min_size=1, max_size=4))
    parts = ["SELECT", columns[0]]
    for column in columns[1:]:
        parts += [",", column]
    parts += ["FROM", draw(NAMES)]
    for number, column in enumerate(draw(st.lists(NAMES, max_size=3))):
        parts += ["AND" if number else "WHERE", column, draw(COMPARISONS), "{}"]
    if draw(st.booleans()):
        parts += ["AND" if "WHERE" in parts else "WHERE", draw(NAMES), "IN", "(", "{list}", ")"]
    return parts


def spelled(draw: st.DrawFn, parts: list[str]) -> str:
    """Write the parts with fresh literals, blanks and cases."""
    text = ""
    for part in parts:
        if part == "{}":
            word = draw(LITERALS)
        elif part == "{list}":
            word = draw(st.lists(LITERALS, min_size=1, max_size=4).map(", ".join))
        elif part.startswith('"'):
            word = part
        else:
            word = draw(st.sampled_from([part.upper(), part.lower()])) if part.isascii() else part
        text += word + draw(BLANKS)
    return text


@given(st.data(), statements())
@settings(max_examples=80)
def test_the_shape_does_not_depend_on_literals_blanks_comments_and_case(
    data: st.DataObject, parts: list[str]
) -> None:
    draw = data.draw

    first, second = spelled(draw, parts), spelled(draw, parts)

    assert fingerprint(first) == fingerprint(second)


@given(
    st.text(alphabet="abeEx01.,;:()[]'\"`$%?@-+*/ \n\\=<>_AVALUESINLTRU", max_size=60) | st.text()
)
@settings(max_examples=250)
def test_a_shape_of_any_text_is_its_own_shape(text: str) -> None:
    shape = fingerprint(text)

    assert fingerprint(shape) == shape


@given(st.lists(NAMES, min_size=1, max_size=5), st.lists(NAMES, min_size=1, max_size=5))
@settings(max_examples=60)
def test_other_columns_are_another_shape(one: list[str], other: list[str]) -> None:
    shapes = [fingerprint(f"select {', '.join(columns)} from t") for columns in (one, other)]

    assert (shapes[0] == shapes[1]) == (one == other)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 4))
@settings(max_examples=40)
def test_the_number_of_rows_and_of_values_in_a_list_does_not_matter(
    rows: int, more: int, columns: int
) -> None:
    def text(count: int) -> str:
        row = "(" + ", ".join("1" for _ in range(columns)) + ")"
        values = ", ".join(str(number) for number in range(count))
        return (
            f"insert into t values {', '.join([row] * count)}; delete from t where a in ({values})"
        )

    assert fingerprint(text(rows)) == fingerprint(text(more))
