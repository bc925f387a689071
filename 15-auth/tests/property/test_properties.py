"""What holds for every input: tokens, redirects, roles, codes, refresh families, signed documents."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import hypothesis.strategies as st
import pyotp
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from lxml import etree

from velvet_auth.database import Database
from velvet_auth.errors import FactorError, OAuthError, SamlError, TokenError
from velvet_auth.keys import Key, KeySet, b64url, decoded
from velvet_auth.oauth.clients import Client
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.records import s256
from velvet_auth.rbac import Policy, Resource, Subject
from velvet_auth.redirects import safe_redirect
from velvet_auth.saml import PENDING, ServiceProvider
from velvet_auth.samples import lab
from velvet_auth.samples.idp import MiniIdp, encoded
from velvet_auth.sessions import SessionStore
from velvet_auth.tokens import Issuer, Verifier, parse_strict
from velvet_auth.totp import Totp

KEYS = KeySet([Key.generate("ES256", "k")])
NOW = 1_800_000_000.0
ISSUER = Issuer("https://as.example", KEYS, clock=lambda: NOW)
VERIFIER = Verifier(KEYS, "https://as.example", "api", clock=lambda: NOW)
TOKEN = ISSUER.access_token("alice", "api", "read")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.integers(0, len(TOKEN) - 1), st.integers(0, 6))
def test_a_flipped_bit_is_refused(place: int, bit: int) -> None:
    flipped = TOKEN[:place] + chr(ord(TOKEN[place]) ^ (1 << bit)) + TOKEN[place + 1 :]

    with pytest.raises(TokenError):
        VERIFIER.verify(flipped)


@given(st.text(max_size=200) | st.binary(max_size=80).map(lambda data: f"{b64url(data)}.e30.AA"))
def test_parsing_raises_nothing_else(token: str) -> None:
    code = "malformed"
    try:
        parse_strict(token)
    except TokenError as error:
        code = error.code
    assert code == "malformed"


@given(st.dictionaries(st.text(min_size=1, max_size=8).map("x_".__add__), JSON, max_size=4))
def test_claims_come_back(claims: dict[str, Any]) -> None:
    told = {"sub": "alice", "aud": "api", **claims}

    found = VERIFIER.verify(ISSUER.sign(told, typ="at+jwt", ttl=60))

    assert {name: found[name] for name in told} == told


@given(st.binary(max_size=40))
def test_base64url_comes_back(data: bytes) -> None:
    assert decoded(b64url(data)) == data


PIECES = st.sampled_from(
    ["https:", "http:", "//", "/", "\\", "@", ":", "shop.example", "evil.example", "\t", "\n", " ",
     "%2f", "..", "?", "#", "a", "javascript:", ";", "[", "]", ":443", "\u2044"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=7).map("".join))
def test_a_redirect_stays_on_the_site(target: str) -> None:
    lab.load_attacks()
    from velvet_auth.samples.lab.attacks_web import LOGIN, browser_resolves

    made = safe_redirect(target, LOGIN)

    assert browser_resolves(LOGIN, made) == "shop.example", (target, made)


ROLES = ("a", "b", "c")
PERMISSIONS = ("x:read", "x:write", "x:*", "*:read", "*:*", "y:read")
RULES = st.lists(
    st.tuples(st.sampled_from(ROLES), st.sampled_from(PERMISSIONS), st.sampled_from(["", "own"])),
    max_size=6,
)


def brute_force(
    policy: dict[str, Any], user: str, roles: set[str], act: str, kind: str, owner: str
) -> bool:
    held = set(roles)
    for _ in ROLES:
        held |= {up for role in held for up in policy["hierarchy"].get(role, ())}

    def covers(rule: tuple[str, str, str]) -> bool:
        role, permission, condition = rule
        wanted, action = permission.split(":")
        fits = wanted in (kind, "*") and action in (act, "*")
        return role in held and fits and (not condition or user == owner)

    return any(map(covers, policy["grants"])) and not any(map(covers, policy["denies"]))


@given(RULES, RULES, st.booleans(), st.sets(st.sampled_from(ROLES)), st.sampled_from(["read", "write"]),
       st.sampled_from(["x", "y"]), st.sampled_from(["me", "you"]))  # fmt: skip
def test_the_compiled_policy_decides_as_the_rules_read(
    grants: Any, denies: Any, nested: bool, roles: set[str], act: str, kind: str, owner: str
) -> None:
    told = {
        "roles": list(ROLES),
        "grants": grants,
        "denies": denies,
        "hierarchy": {"c": ["b"], "b": ["a"]} if nested else {},
    }

    decision = (
        Policy.from_dict(told)
        .compile()
        .allowed(Subject("me", frozenset(roles)), act, Resource(kind, owner))
    )

    assert decision.allow == brute_force(told, "me", roles, act, kind, owner)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 1)), max_size=12))
def test_each_step_is_accepted_at_most_once(moves: list[tuple[int, int]]) -> None:
    clock, accepted = lab.Clock(), []
    with Database() as db:
        totp = Totp(db, "shop", clock=clock)
        totp.enrol("alice")
        ((secret,),) = db.rows("SELECT secret FROM totp")
        for ahead, offset in moves:
            clock.ahead(30 * ahead)
            step = int(clock()) // 30 + offset
            try:
                totp.check("alice", pyotp.TOTP(secret).at(step * 30))
            except FactorError:
                continue
            accepted.append(step)

    assert accepted == sorted(set(accepted))


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), max_size=10))
def test_rotation_keeps_one_id_alive(moves: list[int]) -> None:
    with Database() as db:
        store = SessionStore(db)
        ids = [store.create(data={"n": 1})]
        for move in moves:
            ids.append(store.rotate(ids[-1]) if move else store.create(data={"n": 1}))

        assert len(set(ids)) == len(ids)
        assert store.load(ids[-1]) is not None
        alive = [one for one in ids if store.load(one)]
        assert len(alive) == 1 + moves.count(0)


class RefreshFamily(RuleBasedStateMachine):
    """Refreshes, reuses and revocations in any order leave at most one live token in a family."""

    @initialize()
    def begin(self) -> None:
        self.db, self.clock = Database(), lab.Clock()
        issuer = Issuer("https://as.example", KEYS, clock=self.clock)
        client = Client("app", ("https://app.example/cb",))
        self.server = AuthorizationServer(
            issuer, [client], self.db, audience="api", secret=b"s" * 32, clock=self.clock
        )
        asked = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": "https://app.example/cb",
            "code_challenge": s256("v" * 43),
            "code_challenge_method": "S256",
        }
        url: Any = self.server.authorize(asked.items(), "alice")
        code = dict(parse_qsl(urlsplit(url.url).query))["code"]
        told = {"grant_type": "authorization_code", "client_id": "app", "code": code}
        first = self.server.token({**told, "code_verifier": "v" * 43}.items())["refresh_token"]
        self.tokens, self.dead = [first], False

    def refresh(self, token: str) -> str:
        told = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}
        return str(self.server.token(told.items())["refresh_token"])

    @rule()
    def the_owner_refreshes(self) -> None:
        if self.dead:
            with pytest.raises(OAuthError):
                self.refresh(self.tokens[-1])
        else:
            self.tokens.append(self.refresh(self.tokens[-1]))

    @rule(back=st.integers(1, 5))
    def an_older_one_is_reused(self, back: int) -> None:
        if len(self.tokens) > back:
            with pytest.raises(OAuthError):
                self.refresh(self.tokens[-1 - back])
            self.dead = True

    @rule()
    def it_is_revoked(self) -> None:
        self.server.revoke([("client_id", "app"), ("token", self.tokens[-1])])
        self.dead = True

    @invariant()
    def one_token_is_unused(self) -> None:
        assert len(self.db.rows("SELECT 1 FROM refresh WHERE used_at IS NULL")) == 1

    def teardown(self) -> None:
        self.db.close()


TestRefreshFamily = RefreshFamily.TestCase
TestRefreshFamily.settings = settings(max_examples=12, stateful_step_count=10, deadline=None)


@settings(max_examples=40)
@given(st.data())
def test_moving_parts_of_a_signed_response_never_yields_another_name(data: st.DataObject) -> None:
    idp = MiniIdp()
    asked = {"acs": "https://shop.example/acs", "audience": "https://shop.example"}
    sign = data.draw(st.sampled_from(["assertion", "response"]))
    root = etree.fromstring(idp.respond("alice", "_r", sign=sign, **asked))
    forged = etree.fromstring(idp.respond("admin", "_r", sign="", **asked))
    for _ in range(data.draw(st.integers(1, 3))):
        parts = list(root.iter())
        where = parts[data.draw(st.integers(0, len(parts) - 1))]
        donors = list(forged.iter()) + parts[1:]
        part = copy.deepcopy(donors[data.draw(st.integers(0, len(donors) - 1))])
        action = data.draw(st.sampled_from(["copy", "delete", "replace"]))
        if action == "copy":
            where.insert(data.draw(st.integers(0, len(where))), part)
        elif where.getparent() is not None and action == "delete":
            where.getparent().remove(where)
        elif where.getparent() is not None:
            where.getparent().replace(where, part)

    with Database() as db:
        provider = ServiceProvider("https://shop.example", asked["acs"], idp.meta, db)
        try:
            identity = provider.consume(encoded(root), {PENDING: "_r"})
        except SamlError:
            return
    assert identity.name_id == "alice"
