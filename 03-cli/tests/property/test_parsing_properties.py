"""Any valid call, written as words, is understood as the same call by all four front ends."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velvet_cli.contract import CONTRACT, Param, ParsedCall, render
from velvet_cli.frontends import NAMES, Frontend

# An argument of a process holds no NUL and no lone surrogate.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
# argparse before 3.13 drops every "--" among the arguments, not only the first.
ARGUMENTS = TEXTS.filter(lambda text: text != "--")
# A process's arguments, and what a quoted empty text is.
AVAILABLE = [name for name in NAMES if Frontend(name).available()]


def values_of(param: Param) -> st.SearchStrategy[Any]:
    if param.kind == "flag":
        one: st.SearchStrategy[Any] = st.just(True)
    elif param.kind == "count":
        one = st.integers(1, 3)
    elif param.choices:
        one = st.sampled_from(param.choices)
    elif param.type is not str:
        low, high = param.range or (None, None)
        edges = (-(10**6) if low is None else low, 10**6 if high is None else high)
        whole = st.integers(int(edges[0]), int(edges[1]))
        one = whole if param.type is int else whole.map(float)
    else:
        one = ARGUMENTS if param.kind == "argument" else TEXTS
    return st.lists(one, min_size=1, max_size=3).map(tuple) if param.multiple else one


@st.composite
def calls(draw: st.DrawFn) -> ParsedCall:
    command = draw(st.sampled_from(CONTRACT.commands))
    params = [*CONTRACT.options, *command.params]
    given = [p for p in params if p.required or draw(st.booleans())]
    return ParsedCall(command.name, {param.name: draw(values_of(param)) for param in given})


@pytest.mark.parametrize("name", AVAILABLE)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(call=calls())
def test_a_call_written_as_words_is_parsed_back_equal(name: str, call: ParsedCall) -> None:
    parsed = Frontend(name).parse(render(call))

    assert parsed.command == call.command
    assert dict(parsed.values) == dict(call.values)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="argparse keeps later dashes from 3.13 on")
@pytest.mark.parametrize("name", [name for name in AVAILABLE if name != "argparse"])
def test_two_dashes_are_a_value_like_any_other_elsewhere(name: str) -> None:
    parsed = Frontend(name).parse(["config", "set", "--", "key", "--"])

    assert dict(parsed.values) == {"key": "key", "value": "--"}
