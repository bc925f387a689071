"""Sessions, cookies, CSRF, redirects, throttling."""

from __future__ import annotations

from typing import Any

import pytest

from velvet_auth.database import Database
from velvet_auth.errors import SessionError, Throttled
from velvet_auth.redirects import safe_redirect
from velvet_auth.samples.lab import Clock
from velvet_auth.sessions import Csrf, Session, SessionStore, SignedCookieSessions, cookie_header
from velvet_auth.throttle import MAX_ENTRIES, LoginThrottle

LOGIN = "https://shop.example/login"


@pytest.fixture
def store(db: Database, clock: Clock) -> SessionStore:
    return SessionStore(db, clock=clock)


def test_a_session_is_idle_after_half_an_hour_and_over_after_twelve(
    store: SessionStore, clock: Clock
) -> None:
    kept, idle = store.create("alice", {"cart": [1]}), store.create("alice")

    for _ in range(24):
        clock.ahead(29 * 60)
        session = store.load(kept)
        assert session is not None
        assert session.data == {"cart": [1]}
    assert store.load(idle) is None
    clock.ahead(29 * 60)
    assert store.load(kept) is None, "twelve hours are over"


def test_that_a_session_was_seen_is_written_once_a_minute(
    store: SessionStore, clock: Clock, db: Database
) -> None:
    kept, begun = store.create("alice"), clock()

    for seconds, written in ((60, 0), (1, 61), (60, 61)):
        clock.ahead(seconds)
        assert store.load(kept) is not None
        assert db.row("SELECT seen FROM sessions") == (begun + written,)


def test_rotation_keeps_the_data_and_kills_the_old_id(store: SessionStore) -> None:
    old = store.create(data={"cart": [1]})

    new = store.rotate(old, "alice")

    session = store.load(new)
    assert session is not None
    assert (session.user, session.data) == ("alice", {"cart": [1]})
    assert store.load(old) is None
    with pytest.raises(SessionError, match="anonymous"):
        store.rotate(old)


def test_a_rotation_keeps_the_user(store: SessionStore) -> None:
    session = store.load(store.rotate(store.create("alice")))

    assert session is not None
    assert session.user == "alice"


def test_ids_are_not_stored_and_all_of_a_user_end_at_once(
    store: SessionStore, db: Database
) -> None:
    ids = [store.create("alice") for _ in range(3)]
    other = store.create("bob")

    rows = db.rows("SELECT * FROM sessions")
    assert not any(one in str(row) for one in ids for row in rows)
    assert store.revoke_all("alice") == 3
    assert [store.load(one) for one in ids] == [None] * 3
    assert store.load(other) is not None
    assert store.revoke(other)
    assert not store.revoke(other)


@pytest.mark.parametrize("cookie", ["", "x", "\ud800", "a" * 10_000])
def test_a_cookie_of_no_session_is_anonymous(cookie: str, store: SessionStore) -> None:
    assert store.load(cookie) is None


def test_a_signed_cookie_is_read_until_it_is_old_or_changed() -> None:
    sessions = SignedCookieSessions("marmalade key", max_age_s=60)
    value = sessions.create("alice", {"cart": 1})

    session = sessions.load(value)

    assert session is not None
    assert session.user == "alice"
    for wrong in (value[:-1], value[1:], "", SignedCookieSessions("other").create("alice")):
        assert sessions.load(wrong) is None
    assert SignedCookieSessions("marmalade key", max_age_s=-1).load(value) is None


def test_cookies_are_bound_to_the_host_and_insecure_ones_to_loopback() -> None:
    secure = cookie_header("id")

    assert secure.startswith("__Host-sid=id;")
    assert "Secure" in secure
    assert "Domain" not in secure
    assert "Secure" not in cookie_header("id", dev_insecure=True, host="127.0.0.1")
    with pytest.raises(ValueError, match="loopback"):
        cookie_header("id", dev_insecure=True, host="shop.example")


SESSION = Session("alice", "marmalade-csrf")


@pytest.mark.parametrize(
    ("method", "headers", "token", "code"),
    [
        ("GET", {"Sec-Fetch-Site": "cross-site"}, "", None),
        ("POST", {}, "marmalade-csrf", None),
        ("POST", {"Origin": "https://shop.example"}, "marmalade-csrf", None),
        ("POST", {"Sec-Fetch-Site": "none"}, "marmalade-csrf", None),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, "marmalade-csrf", "origin"),
        ("POST", {"sec-fetch-site": "same-site"}, "marmalade-csrf", "origin"),
        ("POST", {"ORIGIN": "https://evil.example"}, "marmalade-csrf", "origin"),
        ("POST", {"Origin": "null"}, "marmalade-csrf", "origin"),
        ("POST", {}, "marmalade-of-another-user", "csrf"),
        ("DELETE", {}, "", "csrf"),
        ("POST", {}, "\ud800", "csrf"),
    ],
)
def test_a_request_that_changes_state(
    method: str, headers: dict[str, str], token: str, code: str | None
) -> None:
    guard = Csrf("https://shop.example")

    if code is None:
        guard.check(method, headers, SESSION, token)
        return
    with pytest.raises(SessionError) as caught:
        guard.check(method, headers, SESSION, token)
    assert caught.value.code == code


def test_without_a_session_no_token_fits() -> None:
    with pytest.raises(SessionError, match="csrf"):
        Csrf("https://shop.example").check("POST", {}, None, "")


@pytest.mark.parametrize(
    "target",
    ["/", "/cart?next=//evil.example", "cart", "?a=b", "https://shop.example/x", "../up", "#here"],
)
def test_a_target_on_the_site_is_kept(target: str) -> None:
    assert safe_redirect(target, LOGIN) == target


@pytest.mark.parametrize(
    "target",
    ["", "x" * 3000, None, "javascript:alert(1)", "https://shop.example:8443/", "http://shop.example/",
     "//shop.example/", "https://[::1", "https:///evil", "/a//../..//evil.example/", "/\u2044evil",
     "https://shop.example:99999/", "mailto:a@b"],
)  # fmt: skip
def test_a_target_elsewhere_is_replaced(target: Any) -> None:
    made = safe_redirect(target, LOGIN)

    assert made == "/" or not made.startswith(("http", "//", "javascript"))


def test_other_hosts_can_be_allowed() -> None:
    assert safe_redirect("https://pay.example/x", LOGIN, ["pay.example"]).endswith("/x")


def test_failures_double_the_delay_of_one_address_and_lock_no_user_out(clock: Clock) -> None:
    throttle = LoginThrottle(clock=clock)
    waits = []
    for _ in range(8):
        try:
            throttle.before("alice", "thief")
        except Throttled as error:
            waits.append(error.retry_after)
            clock.ahead(error.retry_after)
        throttle.failed("alice", "thief")

    assert waits == [1, 2, 4, 8, 16]
    throttle.before("alice", "owner")
    throttle.succeeded("alice", "thief")
    throttle.before("alice", "thief")


def test_an_address_has_a_budget_over_all_accounts(clock: Clock) -> None:
    throttle = LoginThrottle(clock=clock)
    for number in range(50):
        throttle.failed(f"user {number}", "thief")

    with pytest.raises(Throttled):
        throttle.before("another user", "thief")
    clock.ahead(3601)
    throttle.before("another user", "thief")


def test_an_account_under_attack_waits_a_minute_at_most(clock: Clock) -> None:
    throttle = LoginThrottle(clock=clock)
    for number in range(60):
        throttle.failed("alice", f"address {number}")

    with pytest.raises(Throttled) as caught:
        throttle.before("alice", "owner")
    assert caught.value.retry_after <= 60
    clock.ahead(4000)
    throttle.failed("alice", "address 1")
    throttle.before("alice", "address 1")


def test_the_throttle_forgets_the_oldest(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velvet_auth.throttle.MAX_ENTRIES", 6)
    throttle = LoginThrottle(clock=clock)
    for number in range(10):
        throttle.failed(f"user {number}", f"address {number}")

    assert len(throttle._seen) == 6 < MAX_ENTRIES
