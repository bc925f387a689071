"""Every attack wins on the vulnerable target and is refused by the fixed one, for its own reason."""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from velvet_auth.samples import lab
from velvet_auth.samples.lab import Target

ATTACKS = lab.load_attacks()
SOURCE = Path(lab.__file__).parents[2]
OPEN_BY_DEFAULT = {
    "jwt-weak-secret", "jwt-id-token", "jwt-no-exp", "jwt-after-logout", "password-enumeration",
    "password-memory-flood", "session-after-logout", "open-redirect", "host-header",
    "saml-entity-bomb", "saml-replay", "saml-audience", "saml-recipient", "saml-unsolicited",
    "totp-replay", "totp-brute-force", "passkey-no-uv",
}  # fmt: skip


@pytest.mark.parametrize("id", ATTACKS)
def test_the_vulnerable_target_is_exploited_and_serves_honest_users(id: str) -> None:
    row = lab.run_one(ATTACKS[id], Target.VULNERABLE)

    assert row is not None
    assert row.exploited, f"not won: {row.code}; {row.transcript}"
    assert row.control_ok
    assert row.evidence


@pytest.mark.parametrize("id", ATTACKS)
def test_the_fixed_target_refuses_for_the_expected_reason_and_serves_honest_users(id: str) -> None:
    row = lab.run_one(ATTACKS[id], Target.FIXED)

    assert row is not None
    assert not row.exploited, row.transcript
    assert row.code == ATTACKS[id].blocked
    assert row.control_ok


def test_what_the_libraries_leave_open() -> None:
    rows = list(lab.run_lab(targets=[Target.LIBRARY_DEFAULT]))

    won = {row.id for row in rows if row.exploited}
    # An older libxml2 expands entities that a newer one refuses.
    assert won - {"saml-entity-bomb"} == OPEN_BY_DEFAULT - {"saml-entity-bomb"}
    assert len(rows) > 35
    assert [row.id for row in rows if not row.control_ok] == []


@pytest.mark.parametrize("alg", ["none", "nOnE", "HS256"])
def test_joserfc_refuses_the_famous_three_as_pyjwt_does(alg: str) -> None:
    from joserfc import jwk, jwt
    from joserfc.errors import JoseError

    from velvet_auth.samples.lab.attacks_tokens import _forge, rsa_key

    pem = rsa_key("2026-01").export(private=False)
    token = _forge({"alg": alg}, {"sub": "alice"}, pem if alg == "HS256" else None)

    with pytest.raises(JoseError):
        jwt.decode(token, jwk.import_key(pem, "RSA"), algorithms=["RS256", "HS256"])


def test_there_are_sixty_attacks_each_with_a_class_and_a_standard() -> None:
    assert len(ATTACKS) >= 60
    assert all(one.cwe.startswith("CWE-") and one.standard for one in ATTACKS.values())


@pytest.mark.parametrize("id", ATTACKS)
def test_the_two_builds_differ_by_the_defence(id: str) -> None:
    lines = ATTACKS[id].difference()

    assert 0 < len(lines) <= 30


def test_the_vulnerable_modules_refuse_to_run_outside_the_demonstration() -> None:
    program = "import velvet_auth.samples.lab.vulnerable_tokens"

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert run.returncode == 1
    assert "vulnerable on purpose" in run.stderr
    with pytest.raises(RuntimeError, match="lab_mode"):
        lab.Scene()


def test_nothing_outside_the_laboratory_imports_what_is_vulnerable() -> None:
    found = [
        path.name
        for path in SOURCE.rglob("*.py")
        if path.parent.name != "lab"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom)) and "vulnerable" in ast.dump(node)
    ]
    assert found == []


def test_an_exploit_imports_nothing_of_its_targets() -> None:
    for path in (SOURCE / "samples" / "lab").glob("attacks_*.py"):
        said = path.read_text(encoding="utf-8")
        assert not any(f"lab.{kind}_" in said for kind in ("vulnerable", "fixed", "library"))


def test_the_laboratory_stays_on_loopback() -> None:
    with lab.lab_mode(), socket.socket() as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        for call in (one.connect, one.connect_ex):
            with pytest.raises(PermissionError):
                call(("evil.example", 80))
        with pytest.raises(PermissionError):
            other.sendto(b"x", ("evil.example", 80))
        assert other.sendto(b"x", ("127.0.0.1", 9)) == 1
    assert not {"connect", "connect_ex", "sendto"} & set(vars(socket.socket))


def test_a_crash_of_a_target_is_no_defence(monkeypatch: pytest.MonkeyPatch) -> None:
    from velvet_auth.samples.lab import fixed_web

    monkeypatch.setattr(fixed_web, "safe_redirect", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        lab.run_one(ATTACKS["open-redirect"], Target.FIXED)
