"""Values refuse what attacks are made of, before a byte is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_http.errors import DecodeError, StatusError
from velvet_http.model import Deadline, Headers, Request, Response, Timeouts, origin, parse_links


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nb", "nul\0"])
def test_a_header_value_with_a_line_break_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        Headers({"X-Name": value})


def test_a_header_name_is_a_token() -> None:
    with pytest.raises(ValueError, match="not a token"):
        Headers({"X Name": "a"})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a b",
        "http://127.0.0.1/a\r\nX: 1",
        "http://b\u00fccher.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "/relative",
        "http:///path",
    ],
)
def test_an_address_that_is_not_plain_http_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        Request("GET", url)


def test_a_method_is_a_token() -> None:
    with pytest.raises(ValueError, match="method"):
        Request("GE T", "http://127.0.0.1/")


def test_header_names_have_no_case_and_values_keep_their_order() -> None:
    headers = Headers([("Set-Cookie", "a"), ("set-cookie", "b"), ("X", " padded\t")])

    assert headers.all("SET-COOKIE") == ["a", "b"]
    assert headers["x"] == "padded"
    assert "SET-cookie" in headers
    assert list(headers.without("x")) == [("Set-Cookie", "a"), ("set-cookie", "b")]
    with pytest.raises(KeyError):
        headers["absent"]


@given(st.lists(st.tuples(st.text("aB-", min_size=1, max_size=5), st.text("ab1 ,;="))))
def test_headers_survive_a_round_trip(pairs: list[tuple[str, str]]) -> None:
    headers = Headers(pairs)

    assert list(Headers(list(headers))) == list(headers)
    assert all(headers.get(name) is not None for name, _ in pairs)


def test_links_are_resolved_and_the_first_of_a_relation_wins() -> None:
    value = '<?page=2>; rel=next, <http://o/x,y>; title="a, b; c"; rel="prev first", <z>; rel=next'

    assert parse_links(value, base="http://h/items?page=1") == {
        "next": "http://h/items?page=2",
        "prev": "http://o/x,y",
        "first": "http://o/x,y",
    }
    assert parse_links("<a>; title=x, junk") == {}


def test_a_link_that_is_no_address_does_not_hide_the_others() -> None:
    value = "<http://[>; rel=icon, </b>; rel=next"

    assert parse_links(value, base="http://h/a") == {"icon": "http://[", "next": "http://h/b"}


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=5),
        st.text("/a?=&,;", max_size=8).map("/".__add__),
        max_size=5,
    )
)
def test_links_survive_a_round_trip(links: dict[str, str]) -> None:
    value = ", ".join(f'<{target}>; rel="{relation}"' for relation, target in links.items())

    assert parse_links(value) == links


def test_a_response_knows_its_charset_and_its_json() -> None:
    latin = Response(200, Headers({"Content-Type": "text/plain; charset=latin-1"}), b"\xe9", "u")
    wrong = Response(200, Headers({"Content-Type": "text/plain; charset=utf-8"}), b"\xe9", "u")

    assert latin.text == "\xe9"
    with pytest.raises(DecodeError, match="not utf-8"):
        _ = wrong.text
    with pytest.raises(DecodeError, match="no JSON"):
        wrong.json()
    assert Response(200, Headers(), b'{"a": 1}', "u").json() == {"a": 1}


def test_a_status_is_raised_from_400_on() -> None:
    fine = Response(399, Headers(), b"", "http://h/a")

    assert fine.raise_for_status() is fine
    with pytest.raises(StatusError, match="answered 400") as raised:
        Response(400, Headers(), b"", "u").raise_for_status()
    assert raised.value.response.status == 400


def test_a_key_makes_a_post_idempotent() -> None:
    post = Request("POST", "http://h/")

    assert not post.idempotent
    assert post.with_headers(Idempotency_Key="1").idempotent
    assert Request("PUT", "http://h/").idempotent


def test_default_ports_belong_to_the_origin() -> None:
    assert origin("https://h/") == origin("https://h:443/x") != origin("http://h/")


def test_a_deadline_lies_in_the_future() -> None:
    assert Deadline.after(2.0, now=10.0).remaining(11.5) == 0.5
    with pytest.raises(ValueError, match="future"):
        Deadline.after(0.0)


def test_timeouts_are_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Timeouts(connect=0)
