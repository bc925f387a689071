"""The decisions of RFC 9111 as tables, each row with its section."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from velvet_http.cache import (
    Entry,
    MemoryStore,
    current_age,
    decide,
    directives,
    freshness_lifetime,
    invalidates,
    may_serve_on_error,
    storable,
    update_from_304,
    validators,
    vary_key,
)
from velvet_http.model import Headers, Request, http_date

T0 = 1_800_000_000.0
URL = "http://h/"


def date(offset: float) -> str:
    return formatdate(T0 + offset, usegmt=True)


def get(**headers: str) -> Request:
    return Request("GET", URL).with_headers(**headers)


def entry(fields: dict[str, str], *, requested: float = 0.0, received: float = 0.0) -> Entry:
    headers = Headers({"Date": date(0), **fields})
    return Entry(URL, (), 200, headers, b"body", T0 + requested, T0 + received)


@pytest.mark.parametrize(
    ("asked", "status", "said", "private", "shared"),
    [
        ({}, 200, {}, True, True),  # 3: heuristically cacheable
        ({}, 201, {}, False, False),
        ({}, 201, {"Cache-Control": "max-age=1"}, True, True),
        ({}, 206, {"Cache-Control": "max-age=1"}, False, False),  # parts are not combined here
        ({}, 302, {"Expires": date(9)}, True, True),
        ({}, 200, {"Cache-Control": "no-store"}, False, False),  # 5.2.2 item 5
        ({"Cache-Control": "no-store"}, 200, {}, False, False),  # 5.2.1 item 5
        ({}, 200, {"Cache-Control": "private"}, True, False),  # 5.2.2 item 7
        ({}, 201, {"Cache-Control": "private"}, True, False),
        ({}, 201, {"Cache-Control": "s-maxage=9"}, False, True),  # 5.2.2 item 10
        ({}, 200, {"Vary": "*"}, False, False),  # 4.1
        ({"Authorization": "x"}, 200, {}, True, False),  # 3.5
        ({"Authorization": "x"}, 200, {"Cache-Control": "public"}, True, True),
        ({"Authorization": "x"}, 200, {"Cache-Control": "must-revalidate"}, True, True),
        ({}, 200, {"Cache-Control": "no-store, must-understand"}, True, True),  # 5.2.2 item 3
        ({}, 299, {"Cache-Control": "max-age=9, must-understand"}, False, False),
    ],
)
def test_what_may_be_stored(
    asked: dict[str, str], status: int, said: dict[str, str], private: bool, shared: bool
) -> None:
    request = Request("GET", URL, Headers(asked))

    assert storable(request, status, Headers(said)) is private
    assert storable(request, status, Headers(said), shared=True) is shared


def test_only_get_is_stored_and_what_changes_invalidates() -> None:
    post = Request("POST", URL)

    assert not storable(post, 200, Headers())
    assert invalidates(post, 200)
    assert not invalidates(post, 500)
    assert not invalidates(get(), 200)


@pytest.mark.parametrize(
    ("said", "private", "shared"),
    [
        ({"Cache-Control": "max-age=60"}, 60, 60),
        ({"Cache-Control": "max-age=60, s-maxage=9"}, 60, 9),
        ({"Cache-Control": "max-age=60", "Expires": date(9)}, 60, 60),  # 5.3: max-age outranks it
        ({"Cache-Control": "max-age=soon"}, 0, 0),  # 4.2.1: invalid means stale
        ({"Cache-Control": "max-age=99999999999"}, 2**31, 2**31),  # 1.2.2
        ({"Cache-Control": "max-age=" + "9" * 5000}, 2**31, 2**31),
        ({"Expires": date(30)}, 30, 30),
        ({"Expires": date(-30)}, 0, 0),
        ({"Expires": "0"}, 0, 0),  # 5.3
        ({"Last-Modified": date(-1000)}, 0, 0),
        ({}, 0, 0),
    ],
)
def test_how_long_a_response_is_fresh(said: dict[str, str], private: int, shared: int) -> None:
    headers = entry(said).headers

    assert freshness_lifetime(headers) == private
    assert freshness_lifetime(headers, shared=True) == shared


@pytest.mark.parametrize(
    ("stored", "now", "age"),
    [
        (entry({}), 5, 5),
        (entry({"Age": "10"}), 5, 15),
        (entry({}, requested=0, received=4), 5, 5),  # Date says 0: it is 5 old
        (entry({"Date": date(4)}, requested=0, received=4), 5, 5),  # 4.2.3: the delay counts
        (entry({"Age": "10"}, requested=0, received=4), 5, 15),
        (entry({"Age": "junk"}), 5, 5),
        (entry({"Date": date(-100)}), 0, 100),  # apparent age
        (entry({"Date": "junk"}), 0, 0),
        (entry({}), -50, 0),  # a clock that was set back makes nothing younger than new
    ],
)
def test_the_age_of_a_response(stored: Entry, now: float, age: float) -> None:
    assert current_age(stored, T0 + now) == pytest.approx(age)


@pytest.mark.parametrize(
    ("asked", "said", "now", "kind"),
    [
        ({}, {"Cache-Control": "max-age=60"}, 59, "hit"),
        ({}, {"Cache-Control": "max-age=60"}, 60, "miss"),  # nothing to revalidate with
        ({}, {"Cache-Control": "max-age=60", "ETag": '"a"'}, 60, "revalidate"),
        ({}, {"Cache-Control": "max-age=60, no-cache", "ETag": '"a"'}, 1, "revalidate"),
        ({}, {"Cache-Control": 'max-age=60, no-cache="Set-Cookie"'}, 1, "hit"),
        ({}, {"Cache-Control": "max-age=60, immutable"}, 59, "hit"),
        ({"Cache-Control": "no-cache"}, {"Cache-Control": "max-age=60", "ETag": '"a"'}, 1, "revalidate"),
        ({"Pragma": "no-cache"}, {"Cache-Control": "max-age=60"}, 1, "miss"),
        ({"Cache-Control": "max-age=5"}, {"Cache-Control": "max-age=60"}, 4, "hit"),
        ({"Cache-Control": "max-age=5"}, {"Cache-Control": "max-age=60"}, 5, "miss"),
        ({"Cache-Control": "min-fresh=20"}, {"Cache-Control": "max-age=60"}, 39, "hit"),
        ({"Cache-Control": "min-fresh=20"}, {"Cache-Control": "max-age=60"}, 40, "miss"),
        ({"Cache-Control": "max-stale"}, {"Cache-Control": "max-age=60"}, 9999, "hit"),
        ({"Cache-Control": "max-stale=10"}, {"Cache-Control": "max-age=60"}, 70, "hit"),
        ({"Cache-Control": "max-stale=10"}, {"Cache-Control": "max-age=60"}, 71, "miss"),
        ({"Cache-Control": "max-stale"}, {"Cache-Control": "max-age=60, must-revalidate"}, 61, "miss"),
        ({"Cache-Control": "only-if-cached"}, {"Cache-Control": "max-age=60"}, 1, "hit"),
        ({"Cache-Control": "only-if-cached"}, {"Cache-Control": "max-age=60"}, 61, "refuse"),
        ({}, {"Cache-Control": "max-age=60, stale-while-revalidate=30"}, 90, "stale"),
        ({}, {"Cache-Control": "max-age=60, stale-while-revalidate=30"}, 91, "miss"),
    ],
)  # fmt: skip
def test_what_is_done_with_a_request(
    asked: dict[str, str], said: dict[str, str], now: float, kind: str
) -> None:
    request = Request("GET", URL, Headers(asked))

    assert decide(request, entry(said), T0 + now) == kind


def test_a_shared_cache_obeys_what_a_private_one_ignores() -> None:
    stored = entry({"Cache-Control": "max-age=60, s-maxage=5"})
    stale = entry({"Cache-Control": "max-age=1, proxy-revalidate"})

    assert decide(get(), stored, T0 + 10) == "hit"
    assert decide(get(), stored, T0 + 10, shared=True) == "miss"
    assert decide(get(Cache_Control="max-stale"), stale, T0 + 9) == "hit"
    assert decide(get(Cache_Control="max-stale"), stale, T0 + 9, shared=True) == "miss"


def test_nothing_stored_is_a_miss_and_a_post_always_asks() -> None:
    assert decide(get(), None, T0) == "miss"
    assert decide(get(Cache_Control="only-if-cached"), None, T0) == "refuse"
    assert decide(Request("POST", URL), entry({"Cache-Control": "max-age=9"}), T0) == "miss"


def test_revalidation_sends_every_validator() -> None:
    stored = entry({"ETag": '"a"', "Last-Modified": date(-9)})

    assert decide(get(), stored, T0) == "revalidate"
    assert validators(stored) == (("If-None-Match", '"a"'), ("If-Modified-Since", date(-9)))


def test_a_store_keeps_one_entry_for_each_key_of_an_address() -> None:
    def kept(language: str, body: bytes) -> Entry:
        key = (("accept-language", language),)
        return Entry(URL, key, 200, Headers({"Vary": "Accept-Language"}), body, T0, T0)

    store = MemoryStore()
    for one in (kept("de", b"alt"), kept("en", b"new"), kept("de", b"neu")):
        store.put(one)

    found = [store.find(get(Accept_Language=language)) for language in ("de", "en", "fr")]
    assert [one and one.body for one in found] == [b"neu", b"new", None]
    assert store.bytes == sum(one.size for one in found if one)
    assert [one.body for one in store.drop(URL)] == [b"neu", b"new"]
    assert store.bytes == 0


def test_a_304_renews_the_fields_and_keeps_the_body() -> None:
    stored = entry({"ETag": '"a"', "Age": "50", "X-Old": "1", "Content-Length": "4"})
    fields = Headers({"ETag": '"a"', "Cache-Control": "max-age=9", "Content-Length": "0"})

    renewed = update_from_304(stored, fields, requested=T0 + 60, received=T0 + 61)

    assert renewed.headers["cache-control"] == "max-age=9"
    assert renewed.headers["content-length"] == "4"
    assert renewed.headers["x-old"] == "1"
    assert "age" not in renewed.headers
    assert (renewed.body, renewed.received) == (b"body", T0 + 61)


@pytest.mark.parametrize(
    ("asked", "said", "now", "allowed"),
    [
        ({}, "max-age=60, stale-if-error=30", 90, True),
        ({}, "max-age=60, stale-if-error=30", 91, False),
        ({}, "max-age=60", 61, False),
        ({"Cache-Control": "stale-if-error=30"}, "max-age=60", 70, True),
        ({}, "max-age=60, stale-if-error=30, must-revalidate", 70, False),
    ],
)
def test_when_the_stale_may_stand_in_for_an_error(
    asked: dict[str, str], said: str, now: float, allowed: bool
) -> None:
    request = Request("GET", URL, Headers(asked))

    assert may_serve_on_error(request, entry({"Cache-Control": said}), T0 + now) is allowed


@pytest.mark.parametrize("said", ["max-age=9, s-maxage=9", "max-age=9, proxy-revalidate"])
def test_what_limits_shared_caches_forbids_them_a_stand_in(said: str) -> None:
    stored = entry({"Cache-Control": f"{said}, stale-if-error=30"})

    assert may_serve_on_error(get(), stored, T0 + 20)
    assert not may_serve_on_error(get(), stored, T0 + 20, shared=True)


def test_directives_are_read_as_written() -> None:
    text = Headers({"Cache-Control": 'a="x, y" , b,, MAX-AGE=1, max-age=2'})

    assert directives(text) == {"a": "x, y", "b": None, "max-age": "1"}
    assert directives(Headers()) == {}


@pytest.mark.parametrize("junk", [None, "", "soon", "Mon, 99 Foo 2020 00:00:00 GMT"])
def test_a_date_that_is_none(junk: str | None) -> None:
    assert http_date(junk) is None


def test_vary_chooses_by_the_values_of_the_request() -> None:
    key = vary_key(get(Accept_Language="de ,  en"), Headers({"Vary": "Accept-Language, Accept"}))
    stored = Entry(URL, key, 200, Headers(), b"", T0, T0)

    assert key == (("accept", ""), ("accept-language", "de , en"))
    assert stored.matches(get(Accept_Language="de , en"))
    assert not stored.matches(get(Accept_Language="fr"))


def test_the_memory_store_forgets_what_was_unused_longest() -> None:
    made = [Entry(f"http://h/{n}", (), 200, Headers(), b"1234", T0, T0) for n in range(3)]
    store = MemoryStore(max_bytes=2 * made[0].size)
    store.put(made[0])
    store.put(made[1])
    store.find(Request("GET", "http://h/0"))

    store.put(made[2])

    kept = [store.find(Request("GET", f"http://h/{n}")) for n in range(3)]
    assert kept == [made[0], None, made[2]]
    store.put(Entry("http://h/big", (), 200, Headers(), b"x" * 9999, T0, T0))
    assert store.find(Request("GET", "http://h/big")) is None
    store.drop("http://h/none")
    assert store.bytes == 0


def test_a_flood_of_empty_answers_does_not_fill_the_memory() -> None:
    store = MemoryStore(max_bytes=20_000)

    for n in range(500):
        store.put(Entry(f"http://h/{n}", (), 204, Headers({"ETag": '"x"'}), b"", T0, T0))

    kept = [n for n in range(500) if store.find(Request("GET", f"http://h/{n}"))]
    assert 10 < len(kept) < 50
    assert kept[-1] == 499
