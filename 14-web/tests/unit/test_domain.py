"""What a task is, against the documents that define it."""

from __future__ import annotations

import pytest

from velvet_web.domain import (
    MAX_DEPTH,
    MAX_ID,
    Problem,
    Task,
    decode_json,
    make_cursor,
    merge_patch,
    parse_id,
    parse_new,
    patched,
    read_cursor,
)

TASK = Task(7, "a task", False, 3, "2026-01-01T00:00:00.000Z", 2)
# RFC 7396, appendix A: original, patch, result.
MERGE_PATCHES = (
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
)


@pytest.mark.parametrize(("original", "patch", "result"), MERGE_PATCHES)
def test_a_merge_patch_does_what_the_rfc_says(
    original: object, patch: object, result: object
) -> None:
    assert merge_patch(original, patch) == result


@pytest.mark.parametrize("text", ["0", "01", "-1", "1e3", "", " 1", "²", "9223372036854775808"])
def test_what_is_no_id_is_not_found(text: str) -> None:
    with pytest.raises(Problem, match="no such task") as caught:
        parse_id(text or "x")

    assert caught.value.status == 404


@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")])
def test_the_same_depth_is_refused_whatever_the_stack(pair: tuple[bytes, bytes]) -> None:
    def nested(depth: int) -> bytes:
        return pair[0] * depth + b"1" + pair[1] * depth

    assert decode_json(nested(MAX_DEPTH - 1))
    for depth in (MAX_DEPTH, 400, 900, 30_000):
        with pytest.raises(Problem, match="nested too deeply"):
            decode_json(nested(depth))


def test_the_largest_id_is_one() -> None:
    assert parse_id(str(MAX_ID)) == MAX_ID


def test_every_invalid_member_is_named_at_once() -> None:
    with pytest.raises(Problem) as caught:
        parse_new({"completed": 1, "order": True, "a/b~c": 0})

    pointers = {error.pointer for error in caught.value.errors}
    assert pointers == {"/title", "/completed", "/order", "/a~1b~0c"}


def test_a_patch_that_removes_members_gives_their_defaults() -> None:
    changed = patched(TASK, {"order": None, "completed": True})

    assert (changed.title, changed.completed, changed.order) == ("a task", True, None)


@pytest.mark.parametrize("raw", [b"NaN", b'{"a":1,"a":2}', b"\xff", b"[" * 60_000, b""])
def test_json_that_the_standard_library_would_take_or_choke_on_is_refused(raw: bytes) -> None:
    with pytest.raises(Problem) as caught:
        decode_json(raw)

    assert caught.value.status == 400


def test_a_cursor_of_another_secret_is_refused() -> None:
    cursor = make_cursor(41, "one secret")

    assert read_cursor(cursor, "one secret") == 41
    with pytest.raises(Problem, match="no cursor of this server"):
        read_cursor(cursor, "another secret")


def test_a_problem_quotes_its_instance() -> None:
    body = Problem(404, "gone").body("/tasks/ä b")

    assert b'"instance":"/tasks/%C3%A4%20b"' in body
