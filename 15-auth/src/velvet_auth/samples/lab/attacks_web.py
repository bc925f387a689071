"""Eight attacks on sessions and pages: ids that stay, requests that other sites send, redirects."""

# ruff: noqa: ARG001 - every exploit and every build of a feature has the same signature
from __future__ import annotations

import base64
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from velvet_auth.database import Database
from velvet_auth.errors import AuthError
from velvet_auth.samples.lab import Failed, Scene, Send, attack
from velvet_auth.sessions import SessionStore

SITE, EVIL = "https://shop.example", "https://evil.example"
LOGIN = f"{SITE}/login"
TARGETS = (
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/a",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:\\\\evil.example",
    "HTTPS://evil.example",
    "https://shop.example@evil.example",
    "//shop.example@evil.example/",
    "https://shop.example.evil.example/",
    "https://shop.example:443@evil.example",
    " https://evil.example",
    "ht\ntps://evil.example",
    "//evil.example/%2f..",
    "/..//evil.example",
    "https://evil.example/shop.example",
    "https://evil.example?shop.example",
    "https://evil.example#shop.example",
    "https://evil.example\\@shop.example",
)


class TopicScene(Scene):
    """A shop with a session store, and a victim whose browser the attacker can send somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.db = Database()
        self.store = SessionStore(self.db, clock=self.clock)
        self.closing.append(self.db.close)
        self.folder = tempfile.TemporaryDirectory()
        self.closing.append(self.folder.cleanup)
        self.app: Send = lambda *_: ""
        self.saved: dict[str, str] = {}
        self.alice = ""  # the cookie in the victim's browser
        known = self.known
        known.canary_file = str(Path(self.folder.name, "written"))
        known.victim = self.victim
        known.saved = self.saved
        known.wrote = lambda: Path(known.canary_file).exists()

    def build(self, app: Callable[..., Any]) -> Send:
        """Remember the target, so that the victim's browser reaches it as well."""
        self.app = app
        return app

    def victim(self, *words: Any, **named: Any) -> Any:
        """Let the victim's browser send a request."""
        return self.app(*words, **named)

    def anonymous(self) -> AuthError:
        """Return the refusal of a cookie without a session."""
        return AuthError("anonymous", "log in first")


def _logs_in(known: SimpleNamespace, send: Send) -> bool:
    cookie = send("login", send("visit", ""), "alice")
    return "canary" in send("account", cookie)


@attack(
    "session-fixation",
    "The id from before login",
    "CWE-384",
    "ASVS 5 7.2.4",
    blocked="anonymous",
    control=_logs_in,
)
def session_fixation(known: SimpleNamespace, send: Send) -> Any:
    cookie = send("visit", "")
    known.victim("login", cookie, "alice")
    return send("account", cookie)


def _own_form(known: SimpleNamespace, send: Send) -> bool:
    cookie, token = known.victim("login")
    return "canary" in send("pay", cookie, {"Origin": SITE, "Sec-Fetch-Site": "same-origin"}, token)


@attack(
    "csrf",
    "A page elsewhere posts with the victim's cookie",
    "CWE-352",
    "ASVS 5 3.5.1",
    blocked="csrf",
    control=_own_form,
)
def csrf(known: SimpleNamespace, send: Send) -> Any:
    cookie, _token = known.victim("login")
    # An old browser, or a privacy extension: it sends neither Origin nor fetch metadata.
    return send("pay", cookie, {}, "")


def _own_login(known: SimpleNamespace, send: Send) -> bool:
    cookie = send("login", "alice", {"Origin": SITE})
    send("save", cookie, known.card)
    return bool("canary" in send("account", cookie))


@attack(
    "login-csrf",
    "The victim works in the attacker's account",
    "CWE-352",
    "RFC 6454 7",
    blocked="origin",
    control=_own_login,
)
def login_csrf(known: SimpleNamespace, send: Send) -> Any:
    cookie = known.victim("login", "mallory", {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"})
    known.victim("save", cookie, known.card)  # the victim does not look whose account it is
    return send("account", send("login", "mallory", {"Origin": SITE}))


def _cookie_works(known: SimpleNamespace, send: Send) -> bool:
    return "canary" in send("account", send("login", "alice"))


@attack(
    "session-after-logout",
    "A cookie outlives its logout",
    "CWE-613",
    "ASVS 5 7.4.1",
    blocked="anonymous",
    control=_cookie_works,
)
def session_after_logout(known: SimpleNamespace, send: Send) -> Any:
    stolen = known.victim("login", "alice")
    known.victim("logout", stolen)
    return send("account", stolen)


class _Payload:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.touch, (Path(self.path),)


@attack(
    "session-pickle",
    "A cookie that runs code",
    "CWE-502",
    "ASVS 5 1.5.2",
    blocked="anonymous",
    control=_cookie_works,
)
def session_pickle(known: SimpleNamespace, send: Send) -> Any:
    cookie = base64.urlsafe_b64encode(pickle.dumps(_Payload(known.canary_file))).decode()
    try:
        send("account", cookie)
    except AuthError:
        if not known.wrote():
            raise
    return "the file was written" if known.wrote() else ""


def browser_resolves(base: str, target: str) -> str:
    """Return the host that a browser goes to, by the WHATWG rules that matter here."""
    cleaned = target.strip("".join(map(chr, range(33))))
    cleaned = "".join(letter for letter in cleaned if letter not in "\t\n\r")
    scheme, colon, rest = cleaned.partition(":")
    home = urlsplit(base)
    if colon and scheme.isalnum() and scheme[:1].isalpha():
        if scheme.lower() not in ("http", "https"):
            return scheme.lower() + ":"
        rest = rest.replace("\\", "/")
        if scheme.lower() == home.scheme and not rest.startswith("/"):
            return str(home.hostname)
        authority = rest.lstrip("/")
    else:
        rest = cleaned.replace("\\", "/")
        if not rest.startswith("//"):
            return str(home.hostname)
        authority = rest.lstrip("/")
    for end in "/?#":
        authority = authority.partition(end)[0]
    return authority.rpartition("@")[2].partition(":")[0].lower()


def _goes_on(known: SimpleNamespace, send: Send) -> bool:
    return bool(send("/cart?step=2") == "/cart?step=2")


@attack(
    "open-redirect",
    "25 targets that leave the site",
    "CWE-601",
    "ASVS 5 3.7.2",
    blocked="goal",
    control=_goes_on,
)
def open_redirect(known: SimpleNamespace, send: Send) -> Any:
    for target in TARGETS:
        location = send(target)
        if browser_resolves(LOGIN, location).endswith("evil.example"):
            return location
    raise Failed("every target stays on the site")


def _mail_arrives(known: SimpleNamespace, send: Send) -> bool:
    return bool(send("alice", "shop.example").startswith(f"{SITE}/reset?token="))


@attack(
    "host-header",
    "The reset link goes where Host says",
    "CWE-640",
    "ASVS 5 4.1.3",
    blocked="goal",
    control=_mail_arrives,
)
def host_header(known: SimpleNamespace, send: Send) -> Any:
    link = send("alice", "evil.example")  # the victim's mail; a click tells the token to its host
    return link if urlsplit(link).hostname == "evil.example" else ""


def _steps_up(known: SimpleNamespace, send: Send) -> bool:
    return "canary" in send("admin", send("step-up", send("login", "alice")))


@attack(
    "session-step-up",
    "An old id gains new rights",
    "CWE-384",
    "ASVS 5 7.2.4",
    blocked="anonymous",
    control=_steps_up,
)
def session_step_up(known: SimpleNamespace, send: Send) -> Any:
    stolen = known.victim("login", "alice")
    known.victim("step-up", stolen)
    return send("admin", stolen)
