"""Any valid call, written as words, is understood as the same call by all four front ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velvet_cli import contenders
from velvet_cli.contract import CONTRACT, Param, ParsedCall

# An argument of a process holds no NUL and no lone surrogate.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
AVAILABLE = contenders.installed()


def render(call: ParsedCall) -> list[str]:
    """Return the words that make any front end understand this call: the inverse of parsing.

    Options stand before the command they belong to, values are attached with ``=`` (so that
    one may begin with a dash), and arguments follow ``--`` (POSIX guideline 10).
    """
    command = CONTRACT.command(call.command)
    words: list[str] = []
    arguments: list[str] = []
    for params, before in ((CONTRACT.options, ()), (command.params, command.words)):
        words += before
        for param in (one for one in params if one.name in call.values):
            value = call.values[param.name]
            if param.kind in ("flag", "count"):
                words += [param.long] * int(value)
                continue
            each = value if param.multiple else (value,)
            if param.kind == "option":
                words += [f"{param.long}={one}" for one in each]
            else:
                arguments += map(str, each)
    return [*words, "--", *arguments] if arguments else words


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
        one = TEXTS
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
def test_a_call_written_as_words_is_parsed_back_equal(
    name: str, parse: Any, call: ParsedCall
) -> None:
    parsed = parse(name, render(call)).call

    assert parsed.command == call.command
    assert dict(parsed.values) == dict(call.values)


@pytest.mark.parametrize("name", AVAILABLE)
def test_two_dashes_are_a_value_like_any_other(name: str, parse: Any) -> None:
    found = parse(name, ["config", "set", "--", "key", "--"]).call

    assert dict(found.values) == {"key": "key", "value": "--"}
    assert dict(parse(name, ["--config=--", "list"]).call.values) == {"config": "--"}
