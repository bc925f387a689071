"""A passkey in software, so that WebAuthn runs in a test without a browser or a finger.

It does what a hardware authenticator does, no more: a key pair per relying party, `authData` with
flags and a counter, a signature over it and the hash of the client data. Flags, counter and the
origin that the browser would fill in are settable, because the attacks need to set them. Nothing in
production has a use for it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from velvet_auth.keys import b64url

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ES256, EDDSA = -7, -8  # COSE algorithms, RFC 9053


@dataclass
class SoftAuthenticator:
    """One credential; `counter` and `verifies_user` may be set between calls."""

    algorithm: int = ES256
    counter: int = 0
    verifies_user: bool = True
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    _key: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.algorithm not in (ES256, EDDSA):
            raise ValueError(f"algorithm {self.algorithm}: choose {ES256} or {EDDSA}")
        self._key = self._key or (
            ec.generate_private_key(ec.SECP256R1())
            if self.algorithm == ES256
            else ed25519.Ed25519PrivateKey.generate()
        )

    def create(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """Return the credential that `navigator.credentials.create` would."""
        client = _client_data("webauthn.create", options["challenge"], origin)
        attested = b"\0" * 16 + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._auth_data(options["rp"]["id"], attested + self._cose_key())
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._credential(
            {"attestationObject": b64url(cbor2.dumps(statement)), "clientDataJSON": b64url(client)}
        )

    def get(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """Return the assertion that `navigator.credentials.get` would; counts up."""
        self.counter += 1
        client = _client_data("webauthn.get", options["challenge"], origin)
        data = self._auth_data(options["rpId"])
        signed = data + hashlib.sha256(client).digest()
        if self.algorithm == ES256:
            signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        else:
            signature = self._key.sign(signed)
        return self._credential(
            {
                "authenticatorData": b64url(data),
                "clientDataJSON": b64url(client),
                "signature": b64url(signature),
            }
        )

    def clone(self) -> SoftAuthenticator:
        """Return a copy with the same key and counter: what a thief of the key has."""
        return SoftAuthenticator(
            self.algorithm, self.counter, self.verifies_user, self.credential_id, self._key
        )

    def _auth_data(self, rp_id: str, attested: bytes = b"") -> bytes:
        flags = USER_PRESENT | (USER_VERIFIED if self.verifies_user else 0)
        flags |= ATTESTED if attested else 0
        rp_hash = hashlib.sha256(rp_id.encode("utf-8")).digest()
        return rp_hash + bytes([flags]) + self.counter.to_bytes(4, "big") + attested

    def _cose_key(self) -> bytes:
        public = self._key.public_key()
        if self.algorithm == ES256:
            numbers = public.public_numbers()
            x, y = (value.to_bytes(32, "big") for value in (numbers.x, numbers.y))
            return cbor2.dumps({1: 2, 3: ES256, -1: 1, -2: x, -3: y})
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return cbor2.dumps({1: 1, 3: EDDSA, -1: 6, -2: raw})

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = b64url(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def _client_data(kind: str, challenge: str, origin: str) -> bytes:
    told = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
    return json.dumps(told).encode("utf-8")
