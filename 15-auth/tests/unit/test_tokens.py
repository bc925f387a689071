"""Tokens and keys: vectors of the RFCs, hostile inputs, rotation, published keys that lie."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from velvet_auth import contenders
from velvet_auth.database import Database
from velvet_auth.errors import TokenError
from velvet_auth.keys import ALGORITHMS, JwksCache, Key, KeySet, State, b64url, thumbprint
from velvet_auth.tokens import DenyList, Issuer, Verifier, parse_strict, strict_json, verify_compact

BACKENDS = [contenders.load("jose", name) for name in contenders.names("jose")]
KEYS = {alg: Key.generate(alg) for alg in ALGORITHMS}
HS = KeySet([KEYS["HS256"]])


def forged(header: Any, payload: bytes = b"{}", signature: bytes = b"x") -> str:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return ".".join(b64url(part) for part in (head, payload, signature))


def verifier(clock: Any, **options: Any) -> Verifier:
    asked = {"keys": HS, "issuer": "https://as.example", "audience": "api", "clock": clock}
    return Verifier(**{**asked, **options})


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("signer", BACKENDS, ids=lambda one: one.PACKAGE)
@pytest.mark.parametrize("reader", BACKENDS, ids=lambda one: one.PACKAGE)
def test_both_libraries_read_each_other(alg: str, signer: Any, reader: Any, clock: Any) -> None:
    keys = KeySet([KEYS[alg]])
    token = Issuer("https://as.example", keys, clock=clock, backend=signer).access_token("a", "api")

    claims = verifier(clock, keys=keys, backend=reader).verify(token)

    assert claims["sub"] == "a"
    head, body, _ = token.split(".")
    with pytest.raises(TokenError, match="signature"):
        verifier(clock, keys=keys, backend=reader).verify(f"{head}.{body}.{b64url(b'x' * 64)}")


OK = {"alg": "HS256", "kid": "k"}


@pytest.mark.parametrize(
    "token",
    [
        "a.b", "a.b.c.d", "a.b.c.d.e", "", "é.é.é",
        forged(OK) + "=", forged(OK).replace(".", "+.", 1), forged(OK).replace(".", "/.", 1),
        forged(OK, b"x" * 9000),
        forged(b'{"alg":"HS256","alg":"none"}'), forged([]), forged(b"\xff"), forged(b"[" * 5000),
        forged({**OK, "crit": ["exp"]}), forged({**OK, "crit": ["mine"], "mine": 1}),
        forged({**OK, "b64": False}),
        "eyJ9.e30.eB", None, 7,
    ],
)  # fmt: skip
def test_a_malformed_token(token: Any) -> None:
    with pytest.raises(TokenError) as caught:
        parse_strict(token)

    assert caught.value.code == "malformed"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"alg": "none"}, "alg"),
        ({"alg": "HS512", "kid": "k"}, "alg"),
        ({"alg": "HS256"}, "key"),
        ({"alg": "HS256", "kid": "unknown"}, "key"),
        ({"alg": "HS256", "kid": ["k"]}, "key"),
        ({"alg": "RS256", "kid": "hs"}, "alg"),
        ({"alg": "HS256", "kid": "hs", "jku": "https://evil.example"}, "signature"),
    ],
)
def test_a_token_is_verified_with_our_key_and_its_algorithm(header: Any, code: str) -> None:
    keys = KeySet([replace(KEYS["HS256"], kid="hs")])

    with pytest.raises(TokenError) as caught:
        verify_compact(forged(header), keys, algorithms=ALGORITHMS)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": "soon"}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"iat": -1}, "malformed"),
        ({"sub": ["alice"]}, "malformed"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"aud": ["other"]}, "audience"),
        ({"aud": None}, "malformed"),
        ({"aud": 5}, "malformed"),
        ({"aud": {"api": 1}}, "malformed"),
        ({"aud": ["api", 5]}, "malformed"),
        ({"exp": 10**400}, "malformed"),
        ({"exp": 1}, "expired"),
        ({"nbf": 4e9}, "not_yet"),
        ({"iat": 4_000_000_000}, "not_yet"),
    ],
)
def test_a_claim_that_is_wrong(claims: dict[str, Any], code: str, clock: Any) -> None:
    issuer = Issuer("https://as.example", HS, clock=clock)
    told = {"sub": "alice", "aud": "api", **claims}
    token = issuer.sign(told, typ="at+jwt", ttl=300)

    with pytest.raises(TokenError) as caught:
        verifier(clock).verify(token)

    assert caught.value.code == code
    assert "alice" not in str(caught.value)


@pytest.mark.parametrize(
    ("claim", "at", "step"), [("nbf", 30, 1), ("iat", 30, 1), ("exp", -29, -1)]
)
def test_clocks_may_differ_by_the_leeway(claim: str, at: int, step: int, clock: Any) -> None:
    sign, reader = Issuer("https://as.example", HS, clock=clock).sign, verifier(clock, leeway=30)
    told = {"sub": "alice", "aud": "api", claim: clock() + at}
    assert reader.verify(sign(told, typ="at+jwt", ttl=300))
    told[claim] += step
    with pytest.raises(TokenError, match=r"expired|not_yet"):
        reader.verify(sign(told, typ="at+jwt", ttl=300))


@pytest.mark.parametrize("typ", ["JWT", "", "at+jwt "])
def test_a_token_of_another_type(typ: str, clock: Any) -> None:
    token = Issuer("https://as.example", HS, clock=clock).sign({"sub": "a"}, typ=typ, ttl=9)

    with pytest.raises(TokenError, match="type"):
        verifier(clock).verify(token)


@pytest.mark.parametrize("payload", [b"[]", b'{"exp": NaN}', b'{"exp": 1e400}', b'{"a":1,"a":2}'])
def test_claims_that_are_no_json_object(payload: bytes) -> None:
    with pytest.raises(TokenError, match="malformed"):
        strict_json(payload)


def test_an_audience_may_be_a_list_and_clocks_may_differ_by_thirty_seconds(clock: Any) -> None:
    issuer = Issuer("https://as.example", HS, clock=clock)
    token = issuer.sign({"sub": "a", "aud": ["x", "api"]}, typ="at+jwt", ttl=300)

    clock.ahead(-29)
    assert verifier(clock).verify(token)["sub"] == "a"
    clock.ahead(29 + 329)
    assert verifier(clock).verify(token)["sub"] == "a"
    clock.ahead(1)
    with pytest.raises(TokenError, match="expired"):
        verifier(clock).verify(token)


def test_revoked_tokens_are_kept_until_they_expire(clock: Any, db: Database) -> None:
    denied = DenyList(db, clock)
    denied.add("one", clock() + 10)
    assert "one" in denied

    clock.ahead(100)
    denied.add("two", clock() + 10)

    assert "one" not in denied
    assert "two" in denied


def test_rotation_keeps_the_old_key_for_verifying(clock: Any) -> None:
    keys = KeySet([Key.generate("ES256", "old")])
    issuer = Issuer("https://as.example", keys, clock=clock)
    before = issuer.access_token("a", "api")

    fresh = keys.rotate()
    after = issuer.access_token("a", "api")

    assert keys.active is fresh
    assert [one["kid"] for one in keys.public_jwks()["keys"]] == ["old", fresh.kid]
    for token in (before, after):
        assert verifier(clock, keys=keys).verify(token)
    keys.retire("old")
    with pytest.raises(TokenError, match="key"):
        verifier(clock, keys=keys).verify(before)
    assert len(keys.public_jwks()["keys"]) == 1
    keys.rotate()
    with pytest.raises(TokenError):
        keys.find("old")
    keys.rotate()
    assert keys.find(fresh.kid).state is State.VERIFY_ONLY, "two rotations ago it signed"


def test_a_set_of_public_keys_signs_nothing() -> None:
    public = Key.from_jwk(KEYS["ES256"].public_jwk())

    with pytest.raises(TokenError, match="no active key"):
        _ = KeySet([public]).active
    with pytest.raises(TokenError, match="private part"):
        public.export(private=True)


def test_keys_and_tokens_have_no_secret_in_their_repr() -> None:
    key = Key.symmetric(b"marmalade-secret-of-thirty-two-bytes!")

    assert "marmalade" not in repr(key)
    assert "private" not in repr(KEYS["RS256"])


@pytest.mark.parametrize("secret", [b"", b"sunshine1", b"x" * 31])
def test_a_short_hmac_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(TokenError, match="32 random bytes"):
        Key.symmetric(secret)


def test_an_unknown_algorithm_has_no_key() -> None:
    with pytest.raises(TokenError, match="choose one"):
        Key.generate("HS1")


PUBLISHED = {alg: KEYS[alg].public_jwk() for alg in ("RS256", "ES256", "EdDSA")}


@pytest.mark.parametrize("alg", PUBLISHED)
def test_a_published_key_comes_back(alg: str) -> None:
    key = Key.from_jwk(PUBLISHED[alg])

    assert key.public_jwk() == PUBLISHED[alg]
    assert key.state is State.VERIFY_ONLY


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"}, {"key_ops": ["encrypt"]}, {"key_ops": 5}, {"alg": ["ES256"]}, {"kty": "oct"}, {"alg": "HS256"}, {"alg": None},
        {"kid": 5}, {"x": "AA"}, {"x": None}, {"y": "!!"},
    ],
)  # fmt: skip
def test_a_published_key_that_lies(change: dict[str, Any]) -> None:
    with pytest.raises(TokenError) as caught:
        Key.from_jwk({**PUBLISHED["ES256"], **change})

    assert caught.value.code == "key"


def test_a_short_rsa_key_is_refused() -> None:
    small = b64url(((1 << 1023) + 1).to_bytes(128, "big"))

    with pytest.raises(TokenError, match="key"):
        Key.from_jwk({**PUBLISHED["RS256"], "n": small})


def test_a_symmetric_key_is_never_published() -> None:
    with pytest.raises(TokenError, match="never published"):
        KEYS["HS256"].public_jwk()
    assert HS.public_jwks() == {"keys": []}


def document(*keys: Key) -> str:
    return json.dumps(KeySet(keys).public_jwks())


def test_an_unknown_kid_fetches_once_per_cooldown(clock: Any) -> None:
    cache = JwksCache(lambda: document(KEYS["ES256"]), ttl=100, cooldown=10, clock=clock)

    assert cache.find(KEYS["ES256"].kid).alg == "ES256"
    for kid in ("a", "b", "c"):
        with pytest.raises(TokenError):
            cache.find(kid)
    assert cache.fetches == 1
    clock.ahead(11)
    with pytest.raises(TokenError):
        cache.find("a")
    assert cache.fetches == 2


@pytest.mark.parametrize(
    "answer",
    ["garbage", "[]", '{"keys": 7}', '{"keys": [7, {"kty": "oct"}]}', " " * 70_000, OSError(),
     httpx.ConnectError("down")],
)  # fmt: skip
def test_old_keys_serve_until_their_time_while_the_endpoint_is_broken(
    answer: str | Exception, clock: Any
) -> None:
    texts: list[str | Exception] = [document(KEYS["ES256"])]

    def fetch() -> str:
        if isinstance(texts[-1], Exception):
            raise texts[-1]
        return texts[-1]

    cache = JwksCache(fetch, ttl=100, cooldown=10, clock=clock)
    kid = cache.find(KEYS["ES256"].kid).kid
    texts.append(answer)
    clock.ahead(99)
    with pytest.raises(TokenError, match="key"):
        cache.find("unknown")
    assert cache.find(kid)
    clock.ahead(2)
    with pytest.raises(TokenError, match="key"):
        cache.find(kid)


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def test_rfc_7515_appendix_a1_hs256() -> None:
    secret = (
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    )
    token = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    key = Key.symmetric(unb64(secret), "rfc")

    for backend in BACKENDS:
        assert b"joe" in backend.verify(token, key)


def test_rfc_8037_appendix_a4_eddsa() -> None:
    public = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "rfc"}
    public["x"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    token = (
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )

    for backend in BACKENDS:
        assert backend.verify(token, Key.from_jwk(public)) == b"Example of Ed25519 signing"
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # appendix A.3


def test_rfc_7515_appendix_a3_es256() -> None:
    public = {
        "kty": "EC",
        "alg": "ES256",
        "kid": "rfc",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    token = (
        "eyJhbGciOiJFUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )

    for backend in BACKENDS:
        assert b"joe" in backend.verify(token, Key.from_jwk(public))


FRODO = (
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250"
    "byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hl"
    "cmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4"
)


def test_rfc_7520_sections_4_1_and_4_4() -> None:
    n = (
        "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmS"
        "CpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-Of"
        "VfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKw"
        "uCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"
    )
    head = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9"
    signature = (
        "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xugl"
        "II7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x"
        "8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE"
        "_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"
    )
    rsa = Key.from_jwk({"kty": "RSA", "alg": "RS256", "kid": "bilbo", "e": "AQAB", "n": n})
    hmac_head = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9"
    hmac_key = Key.symmetric(unb64("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"), "k")
    hmac_signature = "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"

    for backend in BACKENDS:
        assert b"Frodo" in backend.verify(f"{head}.{FRODO}.{signature}", rsa)
        assert b"Frodo" in backend.verify(f"{hmac_head}.{FRODO}.{hmac_signature}", hmac_key)


def test_rfc_7638_thumbprint_of_section_3_1() -> None:
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
        "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
        "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
        "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    told = {"kty": "RSA", "e": "AQAB", "n": n, "kid": "2011-04-29", "alg": "RS256"}

    assert thumbprint(told) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
