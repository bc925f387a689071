"""One-time codes, recovery codes, passkeys, roles."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from velvet_auth.database import Database
from velvet_auth.errors import FactorError, PolicyError
from velvet_auth.passkeys import PasskeyRelyingParty
from velvet_auth.rbac import Policy, Resource, Subject
from velvet_auth.samples.authenticator import EDDSA, ES256, SoftAuthenticator
from velvet_auth.samples.lab import Clock
from velvet_auth.totp import Totp

ORIGIN = "https://shop.example"


@pytest.fixture
def totp(db: Database, clock: Clock) -> Totp:
    return Totp(db, "shop", clock=clock)


def secret_of(uri: str) -> str:
    return parse_qs(urlsplit(uri).query)["secret"][0]


def refusal(call: Any, *words: Any) -> str:
    with pytest.raises(FactorError) as caught:
        call(*words)
    return caught.value.code


@pytest.mark.parametrize(
    ("algorithm", "secret", "codes"),
    [
        ("sha1", b"12345678901234567890", ["94287082", "07081804", "89005924"]),
        ("sha256", b"12345678901234567890123456789012", ["46119246", "68084774", "91819424"]),
        ("sha512", b"1234567890" * 6 + b"1234", ["90693936", "25091201", "93441116"]),
    ],
)
def test_rfc_6238_appendix_b(algorithm: str, secret: bytes, codes: list[str]) -> None:
    import base64
    import hashlib

    made = pyotp.TOTP(
        base64.b32encode(secret).decode(), digits=8, digest=getattr(hashlib, algorithm)
    )

    assert [made.at(time) for time in (59, 1111111109, 1234567890)] == codes


def test_rfc_4226_appendix_d() -> None:
    import base64

    made = pyotp.HOTP(base64.b32encode(b"12345678901234567890").decode())

    assert [made.at(count) for count in range(4)] == ["755224", "287082", "359152", "969429"]


def test_a_code_works_once_and_an_older_one_no_more(totp: Totp, clock: Clock) -> None:
    secret = secret_of(totp.enrol("alice"))
    codes = pyotp.TOTP(secret)
    now = int(clock())

    totp.check("alice", codes.at(now))

    assert refusal(totp.check, "alice", codes.at(now)) == "replay"
    assert refusal(totp.check, "alice", codes.at(now - 30)) == "replay"
    totp.check("alice", codes.at(now + 30))
    clock.ahead(90)
    totp.check("alice", codes.at(int(clock())))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\u0661" * 6, "000 000"])
def test_what_is_no_code(code: str, totp: Totp) -> None:
    totp.enrol("alice")

    assert refusal(totp.check, "alice", code) == "code"
    assert refusal(totp.check, "bob", code) == "code"


def test_recovery_after_too_many_failures(totp: Totp, clock: Clock) -> None:
    secret = secret_of(totp.enrol("alice"))
    codes = totp.recovery_codes("alice")
    for _ in range(5):
        refusal(totp.check, "alice", "x")

    assert refusal(totp.check, "alice", pyotp.TOTP(secret).at(int(clock()))) == "attempts"
    totp.recover("alice", codes[3])
    totp.check("alice", pyotp.TOTP(secret).at(int(clock())))
    assert refusal(totp.recover, "alice", codes[3]) == "code"
    assert refusal(totp.recover, "bob", codes[4]) == "code"
    totp.recovery_codes("alice")
    assert refusal(totp.recover, "alice", codes[5]) == "code"


def test_requests_that_come_at_once_share_five_guesses(
    totp: Totp, monkeypatch: pytest.MonkeyPatch
) -> None:
    totp.enrol("alice")
    judged, plain = [], totp._step

    def step(*words: Any) -> int | None:
        judged.append(1)
        if len(judged) < 20:  # another request, before this one is refused
            refusal(totp.check, "alice", "x")
        return plain(*words)

    monkeypatch.setattr(totp, "_step", step)
    refusal(totp.check, "alice", "x")

    assert len(judged) == 5


@pytest.fixture
def party(db: Database, clock: Clock) -> PasskeyRelyingParty:
    return PasskeyRelyingParty(db, "shop.example", ORIGIN, clock=clock)


def enrolled(party: PasskeyRelyingParty, algorithm: int = ES256) -> SoftAuthenticator:
    key = SoftAuthenticator(algorithm)
    party.finish_registration("alice", key.create(party.begin_registration("alice"), ORIGIN))
    return key


@pytest.mark.parametrize("algorithm", [ES256, EDDSA])
def test_a_passkey_registers_and_logs_in(party: PasskeyRelyingParty, algorithm: int) -> None:
    key = enrolled(party, algorithm)

    for _ in range(2):
        options = party.begin_login("alice")
        assert len(options["allowCredentials"]) == 1
        party.finish_login("alice", key.get(options, ORIGIN))


def test_a_challenge_is_used_once_and_within_two_minutes(
    party: PasskeyRelyingParty, clock: Clock
) -> None:
    key = enrolled(party)
    assertion = key.get(party.begin_login("alice"), ORIGIN)
    party.finish_login("alice", assertion)
    assert refusal(party.finish_login, "alice", assertion) == "challenge"

    late = key.get(party.begin_login("alice"), ORIGIN)
    clock.ahead(121)
    assert refusal(party.finish_login, "alice", late) == "challenge"


def test_a_challenge_that_another_request_takes_is_gone(
    party: PasskeyRelyingParty, db: Database
) -> None:
    key = enrolled(party)
    assertion = key.get(party.begin_login("alice"), ORIGIN)
    real = db.row

    def racing(*words: Any) -> Any:
        found = real(*words)
        db.change("DELETE FROM challenges")
        return found

    db.row = racing  # type: ignore[method-assign]
    assert refusal(party.finish_login, "alice", assertion) == "challenge"


def test_what_a_relying_party_refuses(party: PasskeyRelyingParty) -> None:
    key = enrolled(party)
    stranger = SoftAuthenticator()

    assert refusal(party.finish_login, "bob", {}) == "challenge"
    options = party.begin_login("alice")
    assert refusal(party.finish_login, "alice", stranger.get(options, ORIGIN)) == "response"
    options = party.begin_login("alice")
    swapped = {**stranger.get(options, ORIGIN), "id": key.get(options, ORIGIN)["id"]}
    assert refusal(party.finish_login, "alice", swapped) == "response"
    options = party.begin_registration("alice")
    assert (
        refusal(party.finish_registration, "alice", key.create(options, "https://evil.example"))
        == "response"
    )
    options = party.begin_registration("alice")
    assert refusal(party.finish_registration, "alice", key.create(options, ORIGIN)) == "response"


def test_an_authenticator_knows_two_algorithms() -> None:
    with pytest.raises(ValueError, match="choose -7 or -8"):
        SoftAuthenticator(-257)


POLICY = {
    "roles": ["reader", "clerk", "chief", "auditor"],
    "grants": [
        ["reader", "invoice:read", "own"],
        ["clerk", "invoice:*"],
        ["chief", "*:*"],
        ["auditor", "*:read"],
    ],
    "denies": [["clerk", "invoice:delete"]],
    "hierarchy": {"clerk": ["reader"], "chief": ["clerk"]},
    "sod": [["clerk", "auditor"]],
}


@pytest.mark.parametrize(
    ("user", "role", "action", "resource", "words"),
    [
        ("ann", "reader", "read", Resource("invoice", "ann"), "allow ann read invoice: granted"),
        ("ann", "reader", "read", Resource("invoice", "bob"), "deny ann read invoice: no rule"),
        ("ann", "reader", "read", Resource("invoice"), "deny"),
        ("bob", "clerk", "write", Resource("invoice", "ann"), "(clerk invoice:*)"),
        ("bob", "clerk", "delete", Resource("invoice", "bob"), "a denial wins"),
        ("eve", "chief", "delete", Resource("invoice"), "a denial wins (clerk invoice:delete)"),
        ("eve", "chief", "fire", Resource("user"), "(chief *:*)"),
        ("joe", "auditor", "read", Resource("user"), "(auditor *:read)"),
        ("joe", "unknown", "read", Resource("user"), "no rule grants it"),
    ],
)
def test_a_decision_names_its_rule(
    user: str, role: str, action: str, resource: Resource, words: str
) -> None:
    policy = Policy.from_dict(POLICY).compile()

    assert words in policy.explain(Subject(user, frozenset({role})), action, resource)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"hierarchy": {"clerk": ["chief"], "chief": ["clerk"]}}, "cycle"),
        ({"hierarchy": {"clerk": ["clerk"]}}, "cycle"),
        ({"grants": [["nobody", "a:b"]]}, "role"),
        ({"sod": [["clerk", "nobody"]]}, "role"),
        ({"grants": [["clerk", "invoice:"]]}, "action"),
        ({"grants": [["clerk", "invoice"]]}, "action"),
        ({"grants": [["clerk", "invoice:read", "mine"]]}, "action"),
        ({"grants": [["clerk", "inv*:read"]]}, "wildcard"),
        ({"denies": [["clerk", "invoice:re*d"]]}, "wildcard"),
        ({"grants": [["clerk"]]}, "form"),
        ({"roles": 7}, "form"),
    ],
)
def test_a_policy_that_is_wrong_is_found_when_it_is_loaded(
    change: dict[str, Any], code: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({**POLICY, **change}).compile()

    assert caught.value.code == code
    assert code != "cycle" or "->" in caught.value.detail


def test_duties_stay_separate_through_the_hierarchy() -> None:
    policy = Policy.from_dict(POLICY).compile()
    auditor = policy.assign(Subject("joe"), "auditor")

    for role in ("clerk", "chief"):
        with pytest.raises(PolicyError, match="exclude each other"):
            policy.assign(auditor, role)
    assert policy.assign(auditor, "reader").roles == {"auditor", "reader"}
    with pytest.raises(PolicyError, match="unknown role"):
        policy.assign(auditor, "king")
