"""What each check costs: tokens, sessions, signatures of documents, each defence alone."""

from __future__ import annotations

import hmac
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, reduce
from operator import and_
from pathlib import Path
from typing import Any

from velvet.bench import Absent, Metric, Suite, Timed, growth, ratio, speedup, value
from velvet_auth import contenders
from velvet_auth.database import Database
from velvet_auth.keys import ALGORITHMS, Key, KeySet
from velvet_auth.oauth.clients import Client, redirect_allowed, secret_digest
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.records import s256
from velvet_auth.oidc import at_hash
from velvet_auth.redirects import safe_redirect
from velvet_auth.sessions import Csrf, Session, SessionStore, SignedCookieSessions
from velvet_auth.tokens import DenyList, Issuer, Verifier, parse_strict

AS, API = "https://as.example", "api"
SP, ACS = "https://shop.example", "https://shop.example/acs"
SECRET = secrets.token_urlsafe(32)
SAML = {"signxml": "signxml", "python3saml": "onelogin", "pysaml2": "saml2"}


def _issuer(alg: str, backend: Any = None) -> tuple[Issuer, Verifier]:
    keys = KeySet([Key.generate(alg)])
    backend = backend or contenders.load("jose", "pyjwt")
    return Issuer(AS, keys, backend=backend), Verifier(keys, AS, API, backend=backend)


def _verify(library: str, alg: str) -> Timed:
    issuer, verifier = _issuer(alg, contenders.load("jose", library))
    token = issuer.access_token("alice", API, "read write")
    call = partial(verifier.backend.verify, token, issuer.keys.active)
    return Timed(lambda: len(call()) > 0, metrics=lambda: {"size": len(token)})


def _sign(library: str, alg: str) -> Timed:
    issuer, verifier = _issuer(alg, contenders.load("jose", library))
    token = issuer.access_token("alice", API, "read write")
    key = issuer.keys.active
    payload = verifier.backend.verify(token, key)
    sign = partial(verifier.backend.sign, {"typ": "at+jwt", "kid": key.kid}, payload, key)
    return Timed(lambda: sign().count("."), metrics=lambda: {"size": len(token)})


@contextmanager
def _file() -> Iterator[Database]:
    """Yield a store on a disk, as one that outlives its process."""
    with tempfile.TemporaryDirectory() as folder, Database(Path(folder, "auth.db")) as database:
        yield database


def _sqlite(n: int) -> Iterator[Timed]:
    with _file() as database:
        store = SessionStore(database)
        now = time.time()
        rows = ((secrets.token_bytes(32), "u", "{}", "c", now, now) for _ in range(n))
        with database.transaction():
            database._connection.executemany("INSERT INTO sessions VALUES (?,?,?,?,?,?)", rows)
        made = store.create("alice")
        cost = {"size": float(len(made))}
        yield Timed(lambda: getattr(store.load(made), "user", ""), metrics=lambda: cost)


def _cookie(**_: int) -> Timed:
    sessions = SignedCookieSessions("a key")
    value_of = sessions.create("alice")
    cost = {"size": float(len(value_of))}
    return Timed(lambda: getattr(sessions.load(value_of), "user", ""), metrics=lambda: cost)


def _jwt(alg: str, **_: int) -> Timed:
    issuer, verifier = _issuer(alg)
    token = issuer.access_token("alice", API)
    cost = {"size": float(len(token))}
    return Timed(lambda: verifier.verify(token)["sub"], metrics=lambda: cost)


def _saml(name: str) -> Callable[[], str]:
    from velvet_auth.samples.idp import MiniIdp, encoded

    module = contenders.load("saml", name)
    if module.PROGRAM and not shutil.which(module.PROGRAM):
        raise Absent(f"{module.PROGRAM} is not installed (apt install {module.PROGRAM})")
    idp = MiniIdp()
    response = encoded(idp.respond("alice", "_r", acs=ACS, audience=SP))
    return lambda: str(module.identity(idp.meta, SP, ACS, response, "_r"))


def _defence(name: str) -> Iterator[Timed]:
    issuer, verifier = _issuer("ES256")
    token = issuer.access_token("alice", API)
    session = Session("alice", secrets.token_urlsafe(32))
    origin = {"origin": SP, "sec-fetch-site": "same-origin"}
    client = Client("app", ("https://app.example/cb",))
    guard, challenge = Csrf(SP), s256("v" * 43)
    calls: dict[str, Callable[[], object]] = {
        "es256_signature": lambda: verifier.backend.verify(token, issuer.keys.active),
        "strict_parse": lambda: parse_strict(token),
        "csrf_token": lambda: guard.check_token(session, session.csrf),
        "origin": lambda: guard.check_origin(origin),
        "pkce": lambda: hmac.compare_digest(s256("v" * 43), challenge),
        "redirect_uri": lambda: redirect_allowed(client, "https://app.example/cb"),
        "safe_redirect": lambda: safe_redirect("/cart?step=2", f"{SP}/login"),
        "at_hash": lambda: at_hash(token),
    }
    with _file() as database:
        denied, store = DenyList(database), SessionStore(database)
        with database.transaction():
            for number in range(1000):
                denied.add(f"jti {number}", time.time() + 300)
        ids = [store.create("alice")]
        calls["deny_list"] = lambda: "jti 500" in denied
        calls["rotation"] = lambda: ids.append(store.rotate(ids.pop()))
        yield Timed(calls[name])


DEFENCES = [
    "es256_signature",
    "strict_parse",
    "deny_list",
    "csrf_token",
    "origin",
    "pkce",
    "redirect_uri",
    "safe_redirect",
    "at_hash",
    "rotation",
]
CHEAP = ("deny_list", "csrf_token", "origin", "pkce", "redirect_uri")


def _service(way: str) -> Iterator[Callable[[], bool]]:
    import requests
    import uvicorn

    from velvet_auth.oauth.http import application

    issuer, _ = _issuer("ES256")
    service = Client(
        "service",
        grants=frozenset({"client_credentials"}),
        scopes=frozenset({"read"}),
        secret_digest=secret_digest(SECRET),
    )
    with _file() as database:
        server = AuthorizationServer(issuer, [service], database, audience=API, secret=b"s" * 32)
        auth = {"client_id": "service", "client_secret": SECRET}
        token = server.token({"grant_type": "client_credentials", **auth}.items())["access_token"]
        if way == "local_check":
            yield lambda: bool(server.verifier.verify(token))
            return
        app = application(server, lambda _: None)
        live = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
        thread = threading.Thread(target=live.run)
        thread.start()
        while not live.started and thread.is_alive():
            time.sleep(0.01)
        base = f"http://127.0.0.1:{live.servers[0].sockets[0].getsockname()[1]}"
        try:
            with requests.Session() as session:
                form = {**auth, "token": token}
                yield lambda: bool(
                    session.post(f"{base}/introspect", data=form, timeout=30).json()["active"]
                )
        finally:
            live.should_exit = True
            thread.join()


def _ended(way: str) -> Callable[[], dict[str, float]]:
    """Return how long a stolen credential works after its owner logged out, by a moved clock."""
    now = [time.time()]

    def clock() -> float:
        return now[0]

    def run() -> dict[str, float]:
        with Database() as database:
            store = SessionStore(database, clock=clock)
            issuer, verifier = _issuer("ES256")
            issuer._clock = clock
            verifier = Verifier(issuer.keys, AS, API, clock=clock, leeway=0)
            if way == "server_session":
                made = store.create("alice")
                store.revoke(made)
                works: Callable[[], object] = lambda: store.load(made)  # noqa: E731
            else:
                ttl = 300 if way == "jwt_5_minutes" else 24 * 3600
                token = issuer.access_token("alice", API, ttl=ttl)
                works = partial(verifier.verify, token)
            begun = now[0]
            while _works(works):
                now[0] += 1
            return {"seconds": now[0] - begun}

    return run


def _works(call: Callable[[], object]) -> bool:
    try:
        return call() is not None
    except Exception:  # noqa: BLE001 - a refusal of either kind
        return False


def _tokens(suite: Suite) -> None:
    for bench, make, title in (
        ("jwt_verify", _verify, "Verify one access token, signature only"),
        ("jwt_sign", _sign, "Sign one access token"),
    ):
        jwt = suite.comparison(
            bench,
            title=title,
            unit="us",
            metrics={"size": Metric("bytes")},
            rounds={"quick": 6, "default": 15},
        )
        for library in contenders.names("jose"):
            for alg in ALGORITHMS:
                name = f"{library}_{alg.lower()}"
                jwt.add(name, partial(make, library, alg), baseline=name == "pyjwt_hs256")
        jwt.same_result()
    suite.claim(
        "signing with RS256 takes at least 2x the time of ES256",
        speedup("jwt_sign", "pyjwt_es256", "pyjwt_rs256") >= 2,
    )
    suite.claim(
        "verifying ES256 takes at least 1.5x the time of HS256",
        speedup("jwt_verify", "pyjwt_hs256", "pyjwt_es256") >= 1.5,
    )
    suite.claim(
        "an RS256 token is at least 1.4x as long as one of ES256",
        ratio("jwt_verify", "pyjwt_rs256", "pyjwt_es256", "size") >= 1.4,
    )


def _sessions(suite: Suite) -> None:
    session = suite.comparison(
        "session_check",
        title="Who sends this request? One look-up in a file of n sessions, or one verification",
        unit="us",
        sizes={"n": [10, 1_000, 100_000]},
        quick=lambda n: n <= 1_000,
        metrics={"size": Metric("bytes")},
        rounds={"quick": 6, "default": 8},
    )
    session.add("sqlite_session", _sqlite, baseline=True)
    session.add("signed_cookie", _cookie, note="cannot be ended")
    session.add("jwt_hs256", partial(_jwt, "HS256"), note="all rules")
    session.add("jwt_es256", partial(_jwt, "ES256"), note="all rules")
    session.same_result()
    for alg in ("hs256", "es256"):
        suite.claim(
            f"an indexed look-up takes at most half the time of checking an {alg.upper()} token",
            speedup("session_check", "sqlite_session", f"jwt_{alg}", n=1_000) >= 2,
        )
    suite.claim(
        "the look-up hardly grows with the number of sessions",
        growth("session_check", "sqlite_session", over="n") <= 0.2,
    )

    ended = suite.comparison(
        "revocation",
        title="Seconds for which a stolen credential works after its owner logged out",
        kind="value",
        unit="s",
        metrics={"seconds": Metric("s")},
    )
    for way in ("server_session", "jwt_5_minutes", "jwt_1_day"):
        ended.add(way, partial(_ended, way), baseline=way == "server_session")
    suite.claim(
        "a server session ends at once, a token when it expires",
        value("revocation", "server_session", "seconds").equals(0)
        & value("revocation", "jwt_5_minutes", "seconds").equals(300)
        & value("revocation", "jwt_1_day", "seconds").equals(86_400),
    )


def _documents(suite: Suite) -> None:
    saml = suite.comparison(
        "saml_verify",
        title="One signed SAML response, from the form field to the name",
        unit="ms",
        clock="wall",
        rounds={"quick": 4, "default": 8},
    )
    for name, package in SAML.items():
        needs = (
            () if name == "signxml" else {"onelogin": "python3-saml", "saml2": "pysaml2"}[package]
        )
        note = "starts the program xmlsec1" if name == "pysaml2" else ""
        saml.add(name, partial(_saml, name), needs=needs, note=note, baseline=name == "signxml")
    saml.same_result()


def _defences(suite: Suite) -> None:
    defence = suite.comparison(
        "defence_cost",
        title="One check alone, stores on a disk, beside the signature that each request pays for",
        unit="us",
        rounds={"quick": 5, "default": 10},
    )
    for name in DEFENCES:
        defence.add(name, partial(_defence, name), baseline=name == "es256_signature")
    cheap = [speedup("defence_cost", name, "es256_signature") >= 5 for name in CHEAP]
    suite.claim(
        "deny list, CSRF token, origin, PKCE and redirect URI each cost at most a fifth of a signature",
        reduce(and_, cheap),
    )


def _introspection(suite: Suite) -> None:
    opaque = suite.comparison(
        "introspection",
        title="Is this access token alive? Check it here, or ask its server over loopback",
        unit="us",
        clock="wall",
        rounds={"quick": 5, "default": 10},
    )
    for way in ("local_check", "introspection"):
        opaque.add(way, partial(_service, way), baseline=way == "local_check")
    opaque.same_result()
    suite.claim(
        "introspection takes at least 5x the time of a local check",
        speedup("introspection", "local_check", "introspection") >= 5,
    )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims, a subject after the other."""
    for declare in (_tokens, _sessions, _documents, _defences, _introspection):
        declare(suite)
