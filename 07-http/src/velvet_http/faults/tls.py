"""A certificate authority of one's own, good and bad certificates, for loopback only."""

from __future__ import annotations

import ssl
from datetime import datetime, timezone
from pathlib import Path

import trustme


class LocalCA:
    """An authority; `ca_file`, the PEM file for clients, is written into `folder`."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA(key_type=trustme.KeyType.RSA)
        self._folder = folder
        self.ca_file = str(folder / "ca.pem")
        self._authority.cert_pem.write_to_path(self.ca_file)

    def issue(self, host: str = "127.0.0.1") -> ssl.SSLContext:
        """Return a server's context with a certificate for `host`."""
        return self._context(self._authority.issue_cert(host))

    def expired(self) -> ssl.SSLContext:
        """Return a context with a certificate that ended in 2001."""
        ended = datetime(2001, 1, 1, tzinfo=timezone.utc)
        began = datetime(2000, 1, 1, tzinfo=timezone.utc)
        return self._context(
            self._authority.issue_cert("127.0.0.1", not_before=began, not_after=ended)
        )

    def wrong_host(self) -> ssl.SSLContext:
        """Return a context with a certificate for another host."""
        return self._context(self._authority.issue_cert("example.invalid"))

    def _context(self, certificate: trustme.LeafCert) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context
