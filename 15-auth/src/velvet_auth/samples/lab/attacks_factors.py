"""Eight attacks on second factors and on rights."""

# ruff: noqa: ARG001 - every exploit and every build of a feature has the same signature
from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp

from velvet_auth.database import Database
from velvet_auth.errors import AuthError, FactorError
from velvet_auth.passkeys import PasskeyRelyingParty
from velvet_auth.rbac import Policy
from velvet_auth.samples.authenticator import SoftAuthenticator
from velvet_auth.samples.lab import Failed, Scene, Send, attack
from velvet_auth.sessions import SessionStore
from velvet_auth.totp import Totp

RP_ID, ORIGIN, PHISHING = (
    "shop.example",
    "https://shop.example",
    "https://shop-example.evil.example",
)
POLICY = Policy.from_dict(
    {"roles": ["customer", "clerk"], "grants": [["customer", "invoice:read", "own"]]}
)
INVOICES = {1: "mallory", 2: "alice"}


class TopicScene(Scene):
    """A shop with second factors, invoices with owners, and a profile form."""

    def __init__(self) -> None:
        super().__init__()
        self.db = Database()
        self.closing.append(self.db.close)
        self.totp = Totp(self.db, "shop", clock=self.clock)
        uri = self.totp.enrol("alice")
        self.secret = parse_qs(urlsplit(uri).query)["secret"][0]
        self.store = SessionStore(self.db, clock=self.clock)
        self.party = PasskeyRelyingParty(self.db, RP_ID, ORIGIN, clock=self.clock)
        self.passkey = SoftAuthenticator()
        self.enrolled = False
        self.profiles = {"mallory": {"name": "Mallory", "role": "customer"}}
        known = self.known
        known.shoulder = lambda: pyotp.TOTP(self.secret).at(int(self.clock()))
        known.wait = self.clock.ahead
        known.passkey = self.passkey

    def enrol(self) -> None:
        """Register the victim's passkey."""
        self.party.finish_registration(
            "alice", self.passkey.create(self.party.begin_registration("alice"), ORIGIN)
        )
        self.party.finish_login("alice", self.passkey.get(self.party.begin_login("alice"), ORIGIN))


def _code_works(known: SimpleNamespace, send: Send) -> bool:
    return "canary" in send("alice", known.shoulder())


@attack(
    "totp-replay",
    "A code used again within its time",
    "CWE-294",
    "RFC 6238 5.2",
    blocked="replay",
    control=_code_works,
)
def totp_replay(known: SimpleNamespace, send: Send) -> Any:
    seen = known.shoulder()
    send("alice", seen)  # the owner
    return send("alice", seen)


@attack(
    "totp-brute-force",
    "Codes tried without a limit",
    "CWE-307",
    "ASVS 5 6.3.1",
    blocked="attempts",
    control=_code_works,
)
def totp_brute_force(known: SimpleNamespace, send: Send) -> Any:
    start = known.shoulder()[:3]  # half of it was seen, so a thousand codes are left
    for rest in range(1000):
        try:
            return send("alice", f"{start}{rest:03d}")
        except FactorError as error:
            if error.code != "code":
                raise
    raise Failed("no code fits")


def _both_factors(known: SimpleNamespace, send: Send) -> bool:
    cookie = send("password", "alice")
    return "canary" in send("account", send("code", cookie, known.shoulder()))


@attack(
    "mfa-skipped",
    "The page after login, without the second step",
    "CWE-287",
    "ASVS 5 6.3.3",
    blocked="anonymous",
    control=_both_factors,
)
def mfa_skipped(known: SimpleNamespace, send: Send) -> Any:
    return send("account", send("password", "alice"))


def _passkey_works(known: SimpleNamespace, send: Send) -> bool:
    options = send("begin", "alice")
    return "canary" in send("finish", "alice", known.passkey.get(options, ORIGIN))


@attack(
    "passkey-phishing",
    "An assertion made on another origin",
    "CWE-346",
    "WebAuthn 3 7.2 step 13",
    blocked="response",
    control=_passkey_works,
)
def passkey_phishing(known: SimpleNamespace, send: Send) -> Any:
    options = send("begin", "alice")  # relayed to the victim by a page that looks like the shop
    return send("finish", "alice", known.passkey.get(options, PHISHING))


@attack(
    "passkey-cloned",
    "A copied key with an old counter",
    "CWE-294",
    "WebAuthn 3 7.2 step 22",
    blocked="cloned",
    control=_passkey_works,
)
def passkey_cloned(known: SimpleNamespace, send: Send) -> Any:
    copy = known.passkey.clone()
    for _ in range(2):
        send("finish", "alice", known.passkey.get(send("begin", "alice"), ORIGIN))
    return send("finish", "alice", copy.get(send("begin", "alice"), ORIGIN))


@attack(
    "passkey-no-uv",
    "A stolen key without its PIN",
    "CWE-287",
    "WebAuthn 3 7.2 step 17",
    blocked="response",
    control=_passkey_works,
)
def passkey_no_uv(known: SimpleNamespace, send: Send) -> Any:
    stolen = known.passkey.clone()
    stolen.verifies_user = False
    return send("finish", "alice", stolen.get(send("begin", "alice"), ORIGIN))


def _own_invoice(known: SimpleNamespace, send: Send) -> bool:
    return "mallory" in send("mallory", 1)


@attack(
    "idor",
    "Another user's invoice by its number",
    "CWE-639",
    "ASVS 5 8.2.2",
    blocked="forbidden",
    control=_own_invoice,
)
def idor(known: SimpleNamespace, send: Send) -> Any:
    return send("mallory", 2)


def _own_name(known: SimpleNamespace, send: Send) -> bool:
    send("save", {"name": "M."})
    return bool(send("whoami", {}) == "M.: customer")


@attack(
    "mass-assignment",
    "The form sets the role",
    "CWE-915",
    "ASVS 5 15.3.3",
    blocked="field",
    control=_own_name,
)
def mass_assignment(known: SimpleNamespace, send: Send) -> Any:
    send("save", {"name": "M.", "role": "admin"})
    return send("whoami", {})


def forbidden() -> AuthError:
    """Return the refusal of a right."""
    return AuthError("forbidden", "not yours")
