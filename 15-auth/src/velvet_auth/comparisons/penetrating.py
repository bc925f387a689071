"""The laboratory as a comparison: every attack against every target, with its control."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache, partial

from velvet.bench import Metric, Suite, value
from velvet_auth.samples import lab
from velvet_auth.samples.lab import Row, Target

# By name, so that a child which measures something else imports no attack; a test compares.
IDS = [
    "jwt-none",
    "jwt-none-case",
    "jwt-key-confusion",
    "jwt-weak-secret",
    "jwt-kid-path",
    "jwt-kid-sql",
    "jwt-jku",
    "jwt-embedded-jwk",
    "jwt-audience",
    "jwt-id-token",
    "jwt-no-exp",
    "jwt-after-logout",
    "jwt-zip-bomb",
    "password-enumeration",
    "password-fast-hash",
    "password-72-bytes",
    "password-compare-loop",
    "password-reset-token",
    "password-memory-flood",
    "session-fixation",
    "csrf",
    "login-csrf",
    "session-after-logout",
    "session-pickle",
    "open-redirect",
    "host-header",
    "session-step-up",
    "oauth-redirect-prefix",
    "oauth-code-replay",
    "oauth-code-injection",
    "oauth-pkce-downgrade",
    "oauth-missing-state",
    "oauth-mix-up",
    "oauth-refresh-replay",
    "oauth-refresh-race",
    "oauth-client-swap",
    "oauth-scope-growth",
    "oidc-nonce-replay",
    "saml-xsw1",
    "saml-xsw2",
    "saml-xsw3",
    "saml-xsw4",
    "saml-xsw5",
    "saml-xsw6",
    "saml-xsw7",
    "saml-xsw8",
    "saml-unsigned",
    "saml-comment",
    "saml-xxe",
    "saml-entity-bomb",
    "saml-replay",
    "saml-audience",
    "saml-recipient",
    "saml-unsolicited",
    "saml-foreign-key",
    "totp-replay",
    "totp-brute-force",
    "mfa-skipped",
    "passkey-phishing",
    "passkey-cloned",
    "passkey-no-uv",
    "idor",
    "mass-assignment",
]
TITLES = {
    "tokens": "JWT",
    "passwords": "passwords",
    "web": "sessions and pages",
    "oauth": "OAuth and OpenID Connect",
    "saml": "SAML",
    "factors": "second factors and rights",
}


@lru_cache(maxsize=1)
def _rows() -> dict[tuple[str, Target], Row]:
    return {(row.id, row.target): row for row in lab.run_lab()}


def _target(target: Target, topic: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        begun = time.perf_counter()
        attacks = [one for one in lab.load_attacks().values() if topic in (one.topic, "all")]
        found = [lab.run_one(one, target) for one in attacks]
        ran = [row for row in found if row is not None]
        return {
            "exploited": sum(row.exploited for row in ran),
            "ran": len(ran),
            "controls": sum(row.control_ok for row in ran),
            "took": time.perf_counter() - begun,
        }

    return run


def _word(row: Row | None) -> str:
    if row is None:
        return "no such call"
    return "EXPLOITED" if row.exploited else f"blocked: {row.code}"


def _attack(id: str) -> Callable[[], dict[str, str]]:
    def run() -> dict[str, str]:
        one = lab.load_attacks()[id]
        rows = [_rows().get((id, target)) for target in Target]
        controls = [row.control_ok for row in rows if row is not None]
        told = {target.value: _word(row) for target, row in zip(Target, rows, strict=True)}
        controlled = f"{sum(controls)} of {len(controls)}"
        evidence = "canary" if rows[0] and "canary" in rows[0].evidence else "goal reached"
        return {
            **told,
            "won": evidence,
            "controls": controlled,
            "rule": f"{one.cwe}, {one.standard}",
        }

    return run


def _topic(topic: str) -> Callable[[], dict[str, str]]:
    def run() -> dict[str, str]:
        ids = [id for id, one in lab.load_attacks().items() if one.topic == topic]
        told = {}
        for target in Target:
            ran = [row for id in ids if (row := _rows().get((id, target)))]
            won = sum(row.exploited for row in ran)
            told[target.value] = f"{won} of {len(ran)}" if ran else "no such call"
        return told

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    totals = suite.comparison(
        "lab",
        title="All attacks against three builds of each feature",
        kind="value",
        unit="attacks",
        metrics={
            "exploited": Metric("attacks"),
            "ran": Metric("attacks", "higher"),
            "controls": Metric("attacks", "higher"),
            "took": Metric("s"),
        },
    )
    for target in Target:
        note = "calls that exist" if target is Target.LIBRARY_DEFAULT else ""
        totals.add(target.value, partial(_target, target, "all"), note=note)
    attacks = len(IDS)
    suite.claim(
        "every attack wins on the vulnerable build and none on the fixed one",
        value("lab", "vulnerable", "exploited").equals(attacks)
        & value("lab", "fixed", "exploited").equals(0),
    )
    suite.claim(
        "honest users get in on both",
        value("lab", "vulnerable", "controls").equals(attacks)
        & value("lab", "fixed", "controls").equals(attacks),
    )
    suite.claim(
        "the libraries' defaults stop some attacks and leave others open",
        value("lab", "library_default", "exploited").between(10, 25),
    )

    topics = suite.comparison(
        "lab_topics",
        title="Attacks that win, by topic",
        kind="value",
        unit="label",
        metrics={target.value: Metric("label") for target in Target},
    )
    for topic, title in TITLES.items():
        topics.add(title.replace(" ", "_"), partial(_topic, topic))

    label = Metric("label")
    rows = suite.comparison(
        "penetration",
        title="Each attack: what it did to each build, and which rule of which standard it breaks",
        kind="value",
        unit="label",
        metrics={
            **{target.value: label for target in Target},
            "won": label,
            "controls": label,
            "rule": label,
        },
    )
    for id in IDS:
        rows.add(id.replace("-", "_"), partial(_attack, id))
