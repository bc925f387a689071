"""Conditional requests and negotiation, by the tables of RFC 9110."""

from __future__ import annotations

import sys
from contextlib import nullcontext

import pytest

from velvet_web.domain import Problem
from velvet_web.semantics import (
    accepts,
    body_length,
    check_preconditions,
    entity_tags,
    host_name,
    read_query,
    require_media_type,
)

TAG = '"1-1"'
# RFC 9110, 13.2.2 for an existing representation: method, headers, status (200 when it goes on).
PRECEDENCE = (
    ("GET", {"if-match": TAG}, 200),
    ("GET", {"if-match": '"x"'}, 412),
    ("GET", {"if-match": "*"}, 200),
    ("GET", {"if-none-match": TAG}, 304),
    ("HEAD", {"if-none-match": "*"}, 304),
    ("GET", {"if-none-match": '"x"'}, 200),
    ("GET", {"if-match": '"x"', "if-none-match": TAG}, 412),
    ("GET", {"if-match": TAG, "if-none-match": TAG}, 304),
    ("PATCH", {"if-match": TAG}, 200),
    ("PATCH", {"if-match": f"W/{TAG}"}, 412),
    ("PATCH", {"if-none-match": "*"}, 412),
    ("DELETE", {"if-none-match": f"W/{TAG}"}, 412),
    ("DELETE", {"if-match": TAG, "if-none-match": '"x"'}, 200),
)


@pytest.mark.parametrize(("method", "headers", "status"), PRECEDENCE)
def test_preconditions_are_evaluated_in_the_order_of_the_rfc(
    method: str, headers: dict[str, str], status: int
) -> None:
    expectation = nullcontext() if status == 200 else pytest.raises(Problem)
    with expectation as caught:
        check_preconditions(method, headers, TAG)

    assert (caught.value.status if caught else 200) == status


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, True),
        ("", True),
        ("*/*", True),
        ("application/json;q=0.0", False),
        ("application/*;q=0, application/json", True),
        ("application/json;q=0, */*", False),
        ("text/html", False),
        ("APPLICATION/JSON; Q=1", True),
        ("application/json;q=much", False),
    ],
)
def test_the_most_precise_range_decides(header: str | None, wanted: bool) -> None:
    assert accepts(header, "application/json") is wanted


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ('"a", W/"b"', [(False, '"a"'), (True, '"b"')]),
        ('"a,b"', [(False, '"a,b"')]),
        ("unquoted", []),
        ('"a" "b"', []),
        ('"a', []),
        ("", []),
    ],
)
def test_entity_tags_are_read_as_a_list(header: str, tags: list[tuple[bool, str]]) -> None:
    assert entity_tags(header) == tags


@pytest.mark.parametrize(
    ("declared", "length"),
    [
        ("0", 0),
        ("65537", 65537),
        ("²", sys.maxsize),
        ("-1", sys.maxsize),
        ("9" * 5000, sys.maxsize),
    ],
)
def test_what_is_no_length_is_too_long_for_any_limit(declared: str, length: int) -> None:
    assert body_length(declared) == length


def test_a_parameter_twice_is_refused_and_an_unknown_one_ignored() -> None:
    assert read_query("limit=1&x=1&x=2", ("limit",)) == {"limit": "1"}
    with pytest.raises(Problem, match="given twice"):
        read_query("limit=1&limit=2", ("limit",))


def test_the_types_that_are_taken_are_named() -> None:
    with pytest.raises(Problem) as caught:
        require_media_type("text/plain", ("application/json",))

    assert caught.value.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Example.ORG:80", "example.org"),
        ("[::1]:8000", "[::1]"),
        ("a b", ""),
        ("a,b", ""),
        ("user@host", ""),
        ("host:port", ""),
        ("host:65536", ""),
        ("host:٨٠", ""),
        (None, ""),
    ],
)
def test_only_a_plain_host_has_a_name(header: str | None, name: str) -> None:
    assert host_name(header) == name
