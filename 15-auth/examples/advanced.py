"""Advanced examples: signature wrapping, passkeys without a browser, and the laboratory."""

from __future__ import annotations

import importlib.util

from velvet.examples import example, main
from velvet_auth import contenders
from velvet_auth.database import Database
from velvet_auth.errors import FactorError
from velvet_auth.passkeys import PasskeyRelyingParty
from velvet_auth.samples import lab
from velvet_auth.samples.authenticator import EDDSA, SoftAuthenticator
from velvet_auth.samples.idp import MiniIdp, encoded
from velvet_auth.samples.lab import Target

SP, ACS = "https://shop.example", "https://shop.example/acs"
EIGHT = (
    "jwt-key-confusion",
    "jwt-id-token",
    "session-fixation",
    "oauth-mix-up",
    "oauth-refresh-race",
    "saml-xsw4",
    "totp-replay",
    "passkey-no-uv",
)


@example("saml_wrapping")
def saml_wrapping() -> None:
    """Shows eight wrapped responses, and which name each of three verifiers reads in them."""
    attacks, idp = lab.load_attacks(), MiniIdp()
    from velvet_auth.samples.lab.attacks_saml import wrapped

    readers = {"signxml": "signxml", "python3saml": "onelogin"}
    print(f"{'':<6} {'naive':<8} " + " ".join(f"{name:<12}" for name in readers))
    for number in range(1, 9):
        sign = "response" if number <= 2 else "assertion"
        document = wrapped(number, idp.respond("mallory", "_r", acs=ACS, audience=SP, sign=sign))
        row = lab.run_one(attacks[f"saml-xsw{number}"], Target.VULNERABLE)
        cells = []
        for name, package in readers.items():
            if importlib.util.find_spec(package) is None:
                cells.append("absent")
                continue
            try:
                reader = contenders.load("saml", name)
                cells.append(reader.identity(idp.meta, SP, ACS, encoded(document), "_r"))
            except ImportError:
                cells.append("absent")
            except ValueError:
                cells.append("refused")
        read = "admin" if row is not None and row.exploited else "refused"
        print(f"XSW{number:<3} {read:<8} " + " ".join(f"{cell:<12}" for cell in cells))
    if importlib.util.find_spec("onelogin") is None:
        print("python3saml is absent: pip install -r requirements-peers.txt")


@example("passkeys_in_ci")
def passkeys_in_ci() -> None:
    """Shows a passkey that registers, logs in, is phished, cloned and used without its PIN."""
    origin = "https://shop.example"
    with Database() as database:
        party = PasskeyRelyingParty(database, "shop.example", origin)
        key = SoftAuthenticator(EDDSA)

        def attempt(name: str, authenticator: SoftAuthenticator, where: str = origin) -> None:
            options = party.begin_login("alice")
            try:
                party.finish_login("alice", authenticator.get(options, where))
                print(f"{name:<24} accepted")
            except FactorError as error:
                print(f"{name:<24} rejected: {error.code}")

        options = party.begin_registration("alice")
        party.finish_registration("alice", key.create(options, origin))
        print(f"{'register':<24} accepted")
        copy = key.clone()
        attempt("log in", key)
        attempt("log in again", key)
        attempt("phishing origin", key.clone(), "https://shop-example.evil.example")
        attempt("cloned key", copy)
        key.verifies_user = False
        attempt("without PIN", key)


@example("run_the_lab")
def run_the_lab() -> None:
    """Shows eight of the attacks against three builds; `velvet bench 15` runs all of them."""
    print(f"{'attack':<20} {'vulnerable':<11} {'library':<10} fixed, by which rule")
    attacks, controls = lab.load_attacks(), []
    for id in EIGHT:
        cells = []
        for target in Target:
            row = lab.run_one(attacks[id], target)
            controls += [row.control_ok] if row is not None else []
            if row is None:
                cells.append("-")
            elif row.exploited:
                cells.append("EXPLOITED")
            else:
                cells.append(f"BLOCKED ({row.code})" if target is Target.FIXED else "BLOCKED")
        print(f"{id:<20} {cells[0]:<11} {cells[1]:<10} {cells[2]}")
    print(
        f"{len(EIGHT)} of {len(attacks)} attacks; "
        f"honest users got in {sum(controls)} of {len(controls)} times"
    )


if __name__ == "__main__":
    main()
