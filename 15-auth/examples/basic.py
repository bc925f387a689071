"""Basic examples: a password, a token, a code."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pyotp

from velvet.examples import example, main
from velvet_auth import contenders
from velvet_auth.contenders.hashing import argon2id
from velvet_auth.database import Database
from velvet_auth.errors import FactorError, TokenError
from velvet_auth.keys import Key, KeySet
from velvet_auth.passwords import PasswordService
from velvet_auth.tokens import Issuer, Verifier
from velvet_auth.totp import Totp


@example("hash_and_upgrade")
def hash_and_upgrade() -> None:
    """Shows rows of three old schemes that become argon2id when their user logs in."""
    legacy = [contenders.load("hashing", name) for name in ("salted_sha256", "pbkdf2", "bcrypt")]
    hashers = [module.Hasher(**module.CHEAP) for module in legacy]
    service = PasswordService(argon2id.Hasher(), hashers)
    password = "correct horse battery"

    print(f"{'stored as':<16} {'ok':<5} {'becomes':<24} ms")
    for hasher in hashers:
        row = hasher.hash(password)
        begun = time.perf_counter()
        check = service.check(row, password)
        spent = (time.perf_counter() - begun) * 1000
        print(f"{hasher.id:<16} {check.ok!s:<5} {(check.new_hash or '')[:23]:<24} {spent:.0f}")

    begun = time.perf_counter()
    unknown = service.check(None, password)
    spent = (time.perf_counter() - begun) * 1000
    print(f"{'unknown user':<16} {unknown.ok!s:<5} {'-':<24} {spent:.0f}")
    service.close()
    print(f"memory of one hash: {service.primary.memory_mib:.0f} MiB")


@example("jwt_by_the_book")
def jwt_by_the_book() -> None:
    """Shows a token that is accepted, the same after a rotation, and ten that are not."""
    keys = KeySet([Key.generate("ES256")])
    issuer = Issuer("https://as.example", keys)
    verifier = Verifier(keys, "https://as.example", "api")
    good = issuer.access_token("alice", "api", "read")
    head, body, signature = good.split(".")
    broken = {
        "two segments": f"{head}.{body}",
        "padding": f"{good}=",
        "9 KiB": good + "A" * 9000,
        "alg none": f"eyJhbGciOiJub25lIn0.{body}.",
        "unknown kid": "eyJhbGciOiJFUzI1NiJ9" + good[good.index(".") :],
        "changed body": f"{head}.{body[:-2]}{'A' if body[-2] != 'A' else 'B'}{body[-1]}.{signature}",
        "another service": issuer.access_token("alice", "billing"),
        "another issuer": Issuer("https://evil.example", keys).access_token("alice", "api"),
        "ID token": issuer.sign({"sub": "alice", "aud": "api"}, typ="JWT", ttl=300),
        "expired": issuer.access_token("alice", "api", ttl=-60),
    }

    keys.rotate()
    print(f"accepted: {verifier.verify(good)['sub']}, also after a rotation of the key")
    for name, token in broken.items():
        try:
            print(f"{name:<16} accepted: {verifier.verify(token)}")
        except TokenError as error:
            print(f"{name:<16} {error.code:<10} {error.detail}")


@example("totp_and_recovery")
def totp_and_recovery() -> None:
    """Shows a second factor from enrolment to a replayed code and a recovery code."""
    with Database() as database:
        totp = Totp(database, "Velvet shop")
        uri = totp.enrol("alice")
        parts = urlsplit(uri)
        print(f"for the authenticator: {parts.scheme}://{parts.netloc}{parts.path}?...")
        print("with:", ", ".join(parse_qs(parts.query)))
        try:
            import segno

            modules = segno.make(uri).symbol_size(border=0)[0]
            print(f"as a QR code: {modules} x {modules} modules")
        except ImportError:
            print("as a QR code: pip install segno")

        code = pyotp.parse_uri(uri).now()  # type: ignore[attr-defined]
        totp.check("alice", code)
        print("first use: accepted")
        for attempt, given in (("again", code), ("a guess", "000000"), ("no digits", "abcdef")):
            try:
                totp.check("alice", given)
            except FactorError as error:
                print(f"{attempt}: {error.code}")

        codes = totp.recovery_codes("alice")
        totp.recover("alice", codes[0])
        print(f"one of {len(codes)} recovery codes: accepted")
        try:
            totp.recover("alice", codes[0])
        except FactorError as error:
            print(f"the same again: {error.code}")


if __name__ == "__main__":
    main()
