"""Attestations: a signed statement that an identity made the file with this digest.

`LocalSigner` shows the envelope with a key of one's own. What that does not prove: there is no
certificate that ties the key to a person or a workflow, and no log that shows when it was used.
`verify_index_attestation` checks a real one, whose certificate names the workflow that built it.

Sources: PEP 740, DSSE 1.0.2, in-toto Statement v1.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from velvet_packaging.errors import BackendMissing, BadSpec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://velvet.localhost/publish/v1"
# The file that the recorded attestation is about; the digest is all that verification needs.
INDEX_SAMPLE = Path(__file__).parent / "samples" / "index.attestation"
INDEX_FILE = "pypi_attestations-0.0.19.tar.gz"
INDEX_SHA256 = "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"
INDEX_REPOSITORY = "trailofbits/pypi-attestations"


@dataclass(frozen=True)
class Envelope:
    """A statement with its signature (DSSE)."""

    payload: bytes
    signature: bytes

    def as_json(self) -> dict[str, Any]:
        """Return the form that is written into a file or sent with an upload."""
        encoded = {"sig": base64.b64encode(self.signature).decode()}
        payload = base64.b64encode(self.payload).decode()
        return {"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": [encoded]}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Envelope:
        """Read that form.

        Raises:
            BadSpec: it is no such envelope.
        """
        try:
            if told["payloadType"] != PAYLOAD_TYPE:
                raise BadSpec(f"payloadType {told['payloadType']!r} is not {PAYLOAD_TYPE}")
            raw = base64.b64decode(told["payload"], validate=True)
            return cls(raw, base64.b64decode(told["signatures"][0]["sig"], validate=True))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            if isinstance(error, BadSpec):
                raise
            raise BadSpec(f"no DSSE envelope: {error!r}") from None


def pae(payload: bytes, kind: str = PAYLOAD_TYPE) -> bytes:
    """Return the bytes that are signed: type and payload, each with its length.

    >>> pae(b"hello world", "http://example.com/HelloWorld")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


def digest_of(path: Path) -> str:
    """Return a file's sha256 in hexadecimal digits; reads it in blocks."""
    engine = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            engine.update(block)
    return engine.hexdigest()


def statement(path: Path) -> bytes:
    """Return the statement about a file: its name, its digest, what is claimed."""
    subject = {"name": path.name, "digest": {"sha256": digest_of(path)}}
    told = {
        "_type": STATEMENT_TYPE,
        "subject": [subject],
        "predicateType": PREDICATE_TYPE,
        "predicate": None,
    }
    return json.dumps(told, separators=(",", ":"), sort_keys=True).encode()


class LocalSigner:
    """Signs with an Ed25519 key that lives as long as this object.

    Raises:
        BackendMissing: cryptography is not installed.
    """

    def __init__(self) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        except ImportError:
            raise BackendMissing(
                "cryptography is not installed: pip install cryptography"
            ) from None
        self._key = Ed25519PrivateKey.generate()

    @property
    def public_key(self) -> Ed25519PublicKey:
        """What a verifier needs."""
        return self._key.public_key()

    def sign(self, path: Path) -> Envelope:
        """Return the signed statement about a file; the time is that of hashing it."""
        payload = statement(path)
        return Envelope(payload, self._key.sign(pae(payload)))


def verify(path: Path, envelope: Envelope, key: Ed25519PublicKey) -> str:
    """Return why an envelope does not vouch for a file; empty when it does.

    Checks the signature first, then the statement; time is that of hashing the file.
    """
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(envelope.signature, pae(envelope.payload))
    except InvalidSignature:
        return "the signature is not of this key"
    try:
        _about(envelope.payload, path.name, digest_of(path))
    except BadSpec as error:
        return str(error)
    return ""


def _about(payload: bytes, name: str, sha256: str) -> None:
    """Demand that a statement is one, and about the file of that name and digest."""
    try:
        told = json.loads(payload)
        subject, kind = told["subject"][0], told["_type"]
        named, digest = str(subject["name"]), subject["digest"]["sha256"]
    except (KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise BadSpec(f"no statement about a file: {error!r}") from None
    if kind != STATEMENT_TYPE:
        raise BadSpec(f"_type {kind!r} is not {STATEMENT_TYPE}")
    if named != name:
        raise BadSpec(f"the statement is about {named}")
    if digest != sha256:
        raise BadSpec("the file is not the one that was signed: its digest differs")


def attestations_of(text: str, name: str, sha256: str) -> list[Any]:
    """Return uploaded attestations, each a statement about this file (PEP 740).

    Their signatures are for a reader to check, who knows which key or identity to expect.

    Raises:
        BadSpec: one is no statement, or is about another file.
    """
    try:
        told = json.loads(text)
        raw = [
            one["envelope"]["statement"] if "envelope" in one else one["payload"] for one in told
        ]
        payloads = [base64.b64decode(one, validate=True) for one in raw]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadSpec(f"no list of attestations: {error}") from None
    for payload in payloads:
        _about(payload, name, sha256)
    return list(told)


def verify_index_attestation(
    name: str = INDEX_FILE,
    sha256: str = INDEX_SHA256,
    repository: str = INDEX_REPOSITORY,
    attestation: Path = INDEX_SAMPLE,
) -> str:
    """Return why a real attestation does not vouch for a digest; empty when it does. Offline.

    Args:
        name: of the file that the attestation is about.
        sha256: of that file, in hexadecimal digits.
        repository: owner/name of the source that is expected to have built the file.
        attestation: a JSON file as PEP 740 describes it.

    Raises:
        BackendMissing: pypi-attestations is not installed.
    """
    try:
        from pypi_attestations import Attestation, AttestationError, Distribution, GitHubPublisher
    except ImportError:
        way = "pip install -r requirements-peers.txt"
        raise BackendMissing(f"pypi-attestations is not installed: {way}") from None
    logging.getLogger("sigstore").setLevel(logging.ERROR)  # it warns that it is offline
    expected = GitHubPublisher(repository=repository, workflow="release.yml")
    try:
        told = Attestation.model_validate_json(attestation.read_text(encoding="utf-8"))
        told.verify(expected, Distribution(name=name, digest=sha256), offline=True)
    except (AttestationError, ValueError) as error:
        return str(error).splitlines()[0]
    return ""
