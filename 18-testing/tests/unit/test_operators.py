"""Every mutation operator on before and after; ids, lines, equivalence."""

from __future__ import annotations

import pytest

from velvet_testing.mutation.operators import Operator, is_trivially_equivalent, mutants

TABLE = [
    (Operator.AOR, "x = a + b", ["x = (a - b)"]),
    (Operator.AOR, "x = a % b", ["x = (a * b)"]),
    (Operator.AOR, "x += 1", ["x -= 1"]),
    (Operator.AOR, "x = 'a' + b", []),
    (Operator.ROR, "x = a < b", ["x = (a <= b)", "x = (a >= b)"]),
    (Operator.ROR, "x = a == b", ["x = (a != b)"]),
    (Operator.ROR, "x = a in b", ["x = (a not in b)"]),
    (Operator.LCR, "x = a and b", ["x = (a or b)"]),
    (Operator.LCR, "x = a or b", ["x = (a and b)"]),
    (Operator.LCR, "x = a and b and c", ["x = (a or b or c)"]),
    (Operator.UOI, "x = not a", ["x = a"]),
    (Operator.UOI, "x = -a", ["x = a"]),
    (Operator.UOI, "if a:\n    x = b", ["if (not a):\n    x = b"]),
    (Operator.CRP, "x = 1", ["x = 2"]),
    (Operator.CRP, "x = True", ["x = False"]),
    (Operator.TXT, "x = 'a'", ["x = 'XXa'"]),
    (Operator.CRP, "x = b'a'", ["x = b'XXa'"]),
    (Operator.CRP, "x = None", []),
    (Operator.CRP, "zip(a, b, strict=True)", []),
    (Operator.CRP, "f(a, reverse=True)", ["f(a, reverse=False)"]),
    (Operator.SDL, "f(x)", ["pass"]),
    (Operator.SDL, "del x", ["pass"]),
    (Operator.SDL, "a.b = c", ["pass"]),
    (Operator.SDL, "x = c", []),
    (Operator.RVR, "def f():\n    return a", ["def f():\n    return None"]),
    (Operator.RVR, "def f():\n    return None", []),
    (Operator.RVR, "def f():\n    return", []),
    (Operator.EXR, "try:\n    a\nexcept E:\n    b", ["try:\n    a\nexcept E:\n    raise"]),
    (Operator.EXR, "try:\n    a\nexcept E:\n    raise", ["try:\n    a\nexcept E:\n    pass"]),
    (Operator.EXR, "try:\n    a\nfinally:\n    b", []),
    (Operator.BCR, "while a:\n    break", ["while a:\n    continue"]),
    (Operator.BCR, "while a:\n    continue", ["while a:\n    break"]),
    (Operator.BCR, "while a:\n    pass", []),
    (Operator.DEC, "@d\ndef f(): pass", ["\ndef f(): pass"]),
    (Operator.DEC, "@d(1)\nclass A: pass", ["\nclass A: pass"]),
    (Operator.DEC, "def f(): pass", []),
    (Operator.SLC, "x = a[b:c]", ["x = a[:c]", "x = a[b:]"]),
    (Operator.SLC, "x = a[:c]", ["x = a[:]"]),
    (Operator.SLC, "x = a[b]", []),
    (Operator.KWD, "def f(a=1): pass", ["def f(a=2): pass"]),
    (Operator.KWD, "def f(*, a=None): pass", ["def f(*, a=0): pass"]),
    (Operator.TXT, "def f(a='b'): pass", ["def f(a='XXb'): pass"]),
    (Operator.KWD, "def f(a=True): pass", ["def f(a=False): pass"]),
    (Operator.KWD, "def f(a=b): pass", []),
]
NESTED = [
    *("x = (a + b) ** c", "x += f(a + b)", "x = (a + b) < c", "x = (a + b) and c", "x = -(a + b)"),
    *("if (a + b) < c: pass", "while f(a + b): pass", "x = c if d else a + b", "f(a + b)"),
    *("zip(a + b, strict=True)", "@d(a + b)\ndef f(): pass", "class A(f(a + b)): pass"),
    *("def f(x=a + b): pass", "def f(*, x=a + b): pass", "async def f(): a + b", "x = c[a + b :]"),
    *(
        "def f(): return a + b",
        "try:\n    c\nexcept E:\n    a + b",
        "x[a + b] = c",
        "raise f(a + b)",
    ),
]


@pytest.mark.parametrize(("operator", "before", "after"), TABLE)
def test_an_operator_makes_these_mutants(operator: Operator, before: str, after: list[str]) -> None:
    assert [one.source for one in mutants(before, [operator])] == after


@pytest.mark.parametrize("before", NESTED)
def test_a_change_may_stand_inside_of_another_one(before: str) -> None:
    (one,) = (one for one in mutants(before, [Operator.AOR]) if one.before == "a + b")

    assert one.after == "(a - b)"


@pytest.mark.parametrize("source", ["", '"""Only a docstring."""', "import os", 'x = f"{a + 1}"'])
def test_nothing_is_mutated_where_nothing_can_be_tested(source: str) -> None:
    assert list(mutants(source)) == []


def test_annotations_and_docstrings_are_left_alone() -> None:
    source = 'def f(a: "int" = 0) -> "str":\n    """Say."""\n    return a\n'

    assert {one.operator for one in mutants(source)} == {Operator.KWD, Operator.RVR}


def test_ids_are_stable_and_say_where() -> None:
    source = "x = 1\ny = a < b\n"
    ids = [one.id for one in mutants(source)]

    assert ids == ["CRP-1-4-1", "ROR-2-4-1", "ROR-2-4-2"]
    assert [one.id for one in mutants(source)] == ids
    assert [one.id for one in mutants(source, lines={2})] == ids[1:]
    assert str(next(mutants(source))) == "line 1: 1  ->  2"


def test_mutants_come_in_the_order_of_the_text() -> None:
    assert [one.before for one in mutants("x = {1: 2, 3: 4}")] == ["1", "2", "3", "4"]
    assert [one.lineno for one in mutants("x = (\n    1\n    if y\n    else 2\n)")] == [2, 3, 4]


def test_a_change_reaches_from_its_statement_to_its_end() -> None:
    (one,) = mutants("x = f(\n    a,\n    b + c,\n)\n", [Operator.AOR])

    assert (one.lineno, list(one.lines)) == (3, [1, 2, 3])


def test_text_before_a_change_may_be_any_unicode() -> None:
    (one,) = mutants("x = {'é': a + b}\n", [Operator.AOR])

    assert one.source == "x = {'é': (a - b)}\n"


def test_a_syntax_error_names_the_file() -> None:
    with pytest.raises(SyntaxError) as found:
        list(mutants("def", filename="mine.py"))
    assert found.value.filename == "mine.py"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("x = 2 * 3", "x = 6", True),
        ("def f():\n    '''Doc.'''", "def f():\n    pass", True),
        ("x = 1", "x = True", False),
        ("x = 1.0", "x = -0.0", False),
        ("def f(): return 1", "def f(): return 2", False),
        ("assert x", "pass", True),
        ("x = (1, 2)", "x = (1,)", False),
        ("lambda: 0", "x", False),
    ],
)
def test_equal_code_is_equivalent(a: str, b: str, same: bool) -> None:
    assert is_trivially_equivalent(a, b) is same
