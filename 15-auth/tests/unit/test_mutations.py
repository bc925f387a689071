"""Each check is taken out of the library alone, and an attack notices it.

Some checks stand behind another one (defence in depth): PKCE stops what a missing state lets through,
and reading the signed element stops every wrapping without the count of assertions. Those are taken
out together with what covers them.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress
from functools import partialmethod
from typing import Any

import pytest

from velvet_auth import tokens
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oidc import RelyingParty
from velvet_auth.passkeys import PasskeyRelyingParty
from velvet_auth.rbac import Policy
from velvet_auth.saml import SAML, ServiceProvider
from velvet_auth.samples import lab
from velvet_auth.samples.lab import Target, fixed_factors, fixed_web
from velvet_auth.sessions import Csrf, SessionStore
from velvet_auth.totp import Totp

ATTACKS = lab.load_attacks()


def passes(*_: Any, **__: Any) -> None:
    """A check that is not there."""


def yes(*_: Any, **__: Any) -> bool:
    return True


def without(rule: Any) -> tuple[Any, ...]:
    return tuple(one for one in tokens.RULES if one is not rule)


def first_assertion(_: ServiceProvider, root: Any) -> Any:
    return root.find(f".//{{{SAML}}}Assertion")


STORE_REFRESH = AuthorizationServer._store_refresh


def again(server: AuthorizationServer, token: str, grant: Any) -> None:
    with suppress(sqlite3.IntegrityError):  # the same successor was stored by the first use
        STORE_REFRESH(server, token, grant)


def keeps_its_id(store: SessionStore, cookie: str, user: str = "") -> str:
    digest = hashlib.sha256(cookie.encode()).digest()
    store._db.change("UPDATE sessions SET user = ? WHERE digest = ?", (user, digest))
    return cookie


ALL_READ = Policy.from_dict({"roles": ["customer"], "grants": [["customer", "invoice:read"]]})
CASES: list[tuple[str, list[tuple[Any, str, Any]]]] = [
    ("jwt-id-token", [(tokens, "RULES", without(tokens.check_type))]),
    ("jwt-no-exp", [(tokens, "RULES", without(tokens.check_form))]),
    ("jwt-audience", [(tokens, "RULES", without(tokens.check_audience))]),
    ("jwt-after-logout", [(tokens, "RULES", without(tokens.check_denied))]),
    ("session-fixation", [(SessionStore, "rotate", keeps_its_id)]),
    ("session-step-up", [(SessionStore, "rotate", keeps_its_id)]),
    ("session-after-logout", [(SessionStore, "revoke", yes)]),
    ("csrf", [(Csrf, "check_token", passes)]),
    ("login-csrf", [(Csrf, "check_origin", passes)]),
    ("open-redirect", [(fixed_web, "safe_redirect", lambda target, _: target)]),
    ("oauth-redirect-prefix", [(AuthorizationServer, "redirect_allowed", yes)]),
    ("oauth-code-replay", [(AuthorizationServer, "use_code", yes)]),
    ("oauth-code-injection", [(AuthorizationServer, "check_verifier", passes)]),
    (
        "oauth-pkce-downgrade",
        [
            (AuthorizationServer, "challenge_of", lambda *_: ""),
            (AuthorizationServer, "check_verifier", passes),
        ],
    ),
    (
        "oauth-refresh-replay",
        [(AuthorizationServer, "use_refresh", yes), (AuthorizationServer, "_store_refresh", again)],
    ),
    ("oauth-client-swap", [(AuthorizationServer, "check_client", passes)]),
    ("oauth-scope-growth", [(AuthorizationServer, "granted_scope", lambda _, asked, __: asked)]),
    ("oauth-mix-up", [(RelyingParty, "check_issuer", passes)]),
    ("oidc-nonce-replay", [(RelyingParty, "check_nonce", passes)]),
    (
        "oauth-missing-state",
        [
            (RelyingParty, "check_state", passes),
            (RelyingParty, "check_nonce", passes),
            (AuthorizationServer, "check_verifier", passes),
        ],
    ),
    ("saml-unsigned", [(ServiceProvider, "signed", lambda _, root: root)]),
    (
        "saml-xsw3",
        [
            (ServiceProvider, "check_one_assertion", passes),
            (ServiceProvider, "signed", lambda _, root: root),
            (ServiceProvider, "assertion_of", first_assertion),
        ],
    ),
    ("saml-audience", [(ServiceProvider, "check_audience", passes)]),
    ("saml-recipient", [(ServiceProvider, "check_recipient", passes)]),
    ("saml-unsolicited", [(ServiceProvider, "check_in_response_to", passes)]),
    ("saml-replay", [(ServiceProvider, "check_once", passes)]),
    ("totp-replay", [(Totp, "accept", passes)]),
    ("totp-brute-force", [(Totp, "check_attempts", passes)]),
    ("passkey-cloned", [(PasskeyRelyingParty, "count", passes)]),
    (
        "passkey-no-uv",
        [
            (
                PasskeyRelyingParty,
                "__init__",
                partialmethod(PasskeyRelyingParty.__init__, require_uv=False),
            )
        ],
    ),
    ("idor", [(fixed_factors, "POLICY", ALL_READ)]),
    ("mass-assignment", [(fixed_factors, "EDITABLE", frozenset({"name", "role"}))]),
]


@pytest.mark.parametrize(("id", "changes"), CASES, ids=[id for id, _ in CASES])
def test_an_attack_notices_when_a_check_is_missing(
    id: str, changes: list[tuple[Any, str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for owner, name, replacement in changes:
        monkeypatch.setattr(owner, name, replacement)

    row = lab.run_one(ATTACKS[id], Target.FIXED)

    assert row is not None
    assert row.exploited, f"refused all the same: {row.code}"


@pytest.mark.parametrize("name", ["check_state", "check_nonce"])
def test_pkce_stands_behind_the_state(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RelyingParty, name, passes)

    row = lab.run_one(ATTACKS["oauth-missing-state"], Target.FIXED)

    assert row is not None
    assert not row.exploited
