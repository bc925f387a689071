"""The relying party of WebAuthn: what a service has to remember around py_webauthn.

The library checks one response. Single use of the challenge, its 120 seconds, and the counter that
betrays a cloned key are state, so they are here (WebAuthn level 3, sections 7.1 and 7.2).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    UserVerificationRequirement,
)

from velvet_auth.database import Database
from velvet_auth.errors import FactorError

CHALLENGE_S = 120
SCHEMA = """
CREATE TABLE IF NOT EXISTS challenges (
    user TEXT, purpose TEXT, challenge BLOB, expires REAL, PRIMARY KEY (user, purpose)
);
CREATE TABLE IF NOT EXISTS credentials (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, public_key BLOB NOT NULL, sign_count INTEGER NOT NULL
);
"""
REQUIRED = UserVerificationRequirement.REQUIRED


class PasskeyRelyingParty:
    """Registers and checks passkeys for one rp id and one exact origin.

    Args:
        rp_id: a domain, such as ``shop.example``; never an IP address.
        origin: scheme, host and port of the one page that may use it.
        require_uv: refuse a key that did not verify its user by a PIN or a finger.
    """

    def __init__(
        self,
        database: Database,
        rp_id: str,
        origin: str,
        *,
        clock: Callable[[], float] = time.time,
        require_uv: bool = True,
    ) -> None:
        self._db, self._rp_id, self.origin, self._clock = database, rp_id, origin, clock
        self._require_uv = require_uv
        database.define(SCHEMA)

    def begin_registration(self, user: str) -> dict[str, Any]:
        """Return the options for `navigator.credentials.create`."""
        options = webauthn.generate_registration_options(
            rp_id=self._rp_id,
            rp_name=self._rp_id,
            user_name=user,
            authenticator_selection=AuthenticatorSelectionCriteria(user_verification=REQUIRED),
        )
        self._remember(user, "create", options.challenge)
        return dict(json.loads(webauthn.options_to_json(options)))

    def finish_registration(self, user: str, credential: dict[str, Any]) -> str:
        """Store a new passkey and return its id.

        Raises:
            FactorError: `challenge` (used, old or none), `response` (origin, rp id, flags).
        """
        try:
            found = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=self._consume(user, "create"),
                expected_rp_id=self._rp_id,
                expected_origin=self.origin,
                require_user_verification=self._require_uv,
            )
        except (WebAuthnException, ValueError, KeyError) as error:
            raise FactorError("response", str(type(error).__name__)) from None
        name = bytes_to_base64url(found.credential_id)
        row = (name, user, found.credential_public_key, found.sign_count)
        if not self._db.change("INSERT OR IGNORE INTO credentials VALUES (?, ?, ?, ?)", row):
            raise FactorError("response", "the credential is registered already")
        return name

    def begin_login(self, user: str) -> dict[str, Any]:
        """Return the options for `navigator.credentials.get`."""
        rows = self._db.rows("SELECT id FROM credentials WHERE user = ?", (user,))
        known = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(name)) for (name,) in rows]
        options = webauthn.generate_authentication_options(
            rp_id=self._rp_id, allow_credentials=known, user_verification=REQUIRED
        )
        self._remember(user, "get", options.challenge)
        return dict(json.loads(webauthn.options_to_json(options)))

    def finish_login(self, user: str, credential: dict[str, Any]) -> None:
        """Accept an assertion for the challenge that was given to this user.

        Raises:
            FactorError: `challenge`, `response`, or `cloned` when the counter did not grow.
        """
        challenge = self._consume(user, "get")
        found = self._db.row(
            "SELECT public_key, sign_count FROM credentials WHERE id = ? AND user = ?",
            (str(credential.get("id", "")), user),
        )
        if found is None:
            raise FactorError("response", "no such credential of this user")
        try:
            checked = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self.origin,
                credential_public_key=found[0],
                credential_current_sign_count=0,  # judged below, with the row that is updated
                require_user_verification=self._require_uv,
            )
        except (WebAuthnException, ValueError, KeyError) as error:
            raise FactorError("response", str(type(error).__name__)) from None
        self.count(str(credential["id"]), checked.new_sign_count)

    def count(self, name: str, counter: int) -> None:
        """Store a counter that grew, or raise `cloned`; passkeys that always send 0 pass."""
        grown = self._db.change(
            "UPDATE credentials SET sign_count = ? WHERE id = ?"
            " AND (sign_count < ? OR (sign_count = 0 AND ? = 0))",
            (counter, name, counter, counter),
        )
        if not grown:
            raise FactorError("cloned", "the counter did not grow: two devices hold this key")

    def _remember(self, user: str, purpose: str, challenge: bytes) -> None:
        row = (user, purpose, challenge, self._clock() + CHALLENGE_S)
        self._db.change("INSERT OR REPLACE INTO challenges VALUES (?, ?, ?, ?)", row)

    def _consume(self, user: str, purpose: str) -> bytes:
        found = self._db.row(
            "SELECT challenge, expires FROM challenges WHERE user = ? AND purpose = ?",
            (user, purpose),
        )
        if found is None or found[1] < self._clock():
            raise FactorError("challenge", "no challenge is open")
        taken = self._db.change(
            "DELETE FROM challenges WHERE user = ? AND purpose = ? AND challenge = ?",
            (user, purpose, found[0]),
        )
        if not taken:
            raise FactorError("challenge", "the challenge was used")
        return bytes(found[0])
