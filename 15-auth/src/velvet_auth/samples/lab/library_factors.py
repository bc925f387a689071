"""pyotp and py_webauthn called as their documentation shows, with nothing around."""

from __future__ import annotations

from typing import Any

import pyotp
import webauthn
from webauthn.helpers import base64url_to_bytes

from velvet_auth.errors import FactorError
from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_factors import ORIGIN, RP_ID, TopicScene


def totp_replay(scene: TopicScene) -> Send:
    """Verify with a window of one step."""

    def login(user: str, code: str) -> str:
        if not pyotp.TOTP(scene.secret).verify(code, for_time=int(scene.clock()), valid_window=1):
            raise FactorError("code")
        return scene.secret_of(user)

    return login


totp_brute_force = totp_replay


def default(scene: TopicScene) -> Send:
    """Verify with the required arguments, and store the counter."""
    scene.enrol()
    ((_, key, count),) = scene.db.rows("SELECT id, public_key, sign_count FROM credentials")
    counter = [count]
    challenges: list[str] = []

    def app(step: str, user: str, credential: Any = None) -> Any:
        if step == "begin":
            options = scene.party.begin_login(user)
            challenges.append(options["challenge"])
            return options
        checked = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenges[-1]),
            expected_rp_id=RP_ID,
            expected_origin=ORIGIN,
            credential_public_key=key,
            credential_current_sign_count=counter[-1],
        )
        counter.append(checked.new_sign_count)
        return scene.secret_of(user)

    return app


mfa_skipped = idor = mass_assignment = None
