"""Laws: editing keeps the rest, versions are ordered, messages round-trip, both back ends agree."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_devtools import codemods, commits
from velvet_devtools.debug.recorder import BACKENDS, Recorder
from velvet_devtools.debug.trace import Trace
from velvet_devtools.errors import JsoncError
from velvet_devtools.ide import jsonc

scalars = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=9)
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(trees, st.sampled_from([None, 0, 2]))
def test_what_json_writes_is_read_as_the_same(value: Any, indent: int | None) -> None:
    assert jsonc.loads(json.dumps(value, indent=indent)) == value


@given(trees, scalars, st.data())
def test_an_edit_changes_the_span_of_one_value_only(
    value: Any, new: Any, data: st.DataObject
) -> None:
    text = "// above\n" + json.dumps(value, indent=2).replace("\n", " /* here */\n")
    place = data.draw(st.sampled_from(list(jsonc.spans(text))))

    edited = jsonc.edit(text, place.path, new)

    assert edited.startswith(text[: place.start])
    assert edited.endswith(text[place.stop :])
    assert json.loads(edited[place.start : len(edited) - len(text) + place.stop]) == new
    jsonc.loads(edited)


def outcome(read: Callable[[str], Any], text: str) -> tuple[str, Any]:
    try:
        return "value", read(text)
    except JsoncError as error:
        return "place", (error.line, error.col)
    except ValueError:
        return "refused", None


@given(st.text(alphabet='{}[]:,"0truefalsn\\u/* \n', max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    kind, found = outcome(jsonc.loads, text)
    plain, value = outcome(json.loads, text)

    assert kind == "value" or min(found) >= 1
    assert (kind, plain) != ("value", "value") or found == value


@given(*[st.integers(0, 20)] * 3, st.sampled_from(["feat", "fix", "fix!"]))
def test_a_raised_version_is_a_later_one(major: int, minor: int, patch: int, head: str) -> None:
    raised = commits.next_version(f"{major}.{minor}.{patch}", [commits.parse(f"{head}: x")])

    assert tuple(map(int, raised.split("."))) > (major, minor, patch)


line = st.from_regex(r"[a-z][a-zA-Z ,.é]{0,20}[a-z.]", fullmatch=True)
footers = st.tuples(
    st.sampled_from(["Refs", "Reviewed-by", "BREAKING CHANGE"]),
    st.from_regex(r"[a-z ]{1,9}[a-z]", fullmatch=True),
)


@given(
    st.sampled_from(["feat", "fix", "docs"]), line, st.just("") | st.from_regex(r"[a-z]{1,6}", fullmatch=True),
    st.booleans(), st.just("") | st.lists(line, min_size=1, max_size=3).map("\n".join), st.lists(footers, max_size=3),
)  # fmt: skip
def test_a_message_is_parsed_as_it_was_written(
    kind: str, text: str, scope: str, bang: bool, body: str, more: list[tuple[str, str]]
) -> None:
    head = f"{kind}{f'({scope})' * bool(scope)}{'!' * bang}: {text}"
    parts = [head, body, "\n".join(f"{token}: {value}" for token, value in more)]

    found = commits.parse("\n\n".join(part for part in parts if part))

    assert (found.type, found.description, found.scope, found.body) == (kind, text, scope, body)
    assert found.footers == tuple(more)
    assert found.breaking == (bang or any(token == "BREAKING CHANGE" for token, _ in more))


simple = st.sampled_from(["a", "b", "c"])
statements = st.recursive(
    st.builds("{} = {} + {}".format, simple, simple, st.integers(-3, 3)),
    lambda inner: st.builds(
        lambda head, body: f"{head}\n" + "\n".join("    " + row for one in body for row in one.split("\n")),
        st.sampled_from(["if a > b:", "for c in range(2):", "if a:\n    c = b\nelse:", "try:\n    a // b\nexcept ZeroDivisionError:"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)  # fmt: skip
programs = st.lists(statements, min_size=1, max_size=4).map(
    lambda rows: "def made(a, b, c):\n    "
    + "\n".join(rows).replace("\n", "\n    ")
    + "\n    return a"
)


def recorded(source: str, **options: Any) -> Trace:
    space: dict[str, Any] = {}
    exec(compile(source, "<made>", "exec"), space)
    with Recorder([space["made"]], **options) as recorder:
        space["made"](1, 0, 2)
    return recorder.trace


def _sequence(trace: Trace) -> list[Any]:
    return [(one.line, one.kind, dict(one.changes)) for one in trace.steps]


@pytest.mark.skipif(len(BACKENDS) < 2, reason="sys.monitoring came with Python 3.12")
@settings(max_examples=12)
@given(programs)
def test_both_back_ends_tell_the_same(source: str) -> None:
    one, other = (recorded(source, backend=backend) for backend in BACKENDS)

    assert _sequence(one) == _sequence(other)


@settings(max_examples=12)
@given(programs)
def test_what_is_replayed_equals_all_locals_of_every_line(source: str) -> None:
    delta, full = recorded(source), recorded(source, mode="full")

    assert len(delta) == len(full)
    for step in full.steps:
        if step.kind in ("line", "return"):
            assert (
                delta.at(step.number).variables | dict(step.changes)
                == delta.at(step.number).variables
            )


@settings(max_examples=12)
@given(programs)
def test_a_codemod_gives_python_and_a_second_run_does_nothing(source: str) -> None:
    text = f"# above\n{source}  # end\n"

    made, changes, _ = codemods.apply(text.encode(), codemods.rename("made", "other"))

    assert changes == 1
    assert codemods.apply(made, codemods.rename("made", "other"))[1] == 0
    assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(text)).replace("'made'", "'other'")
    assert codemods.comments(made) == codemods.comments(text.encode())
