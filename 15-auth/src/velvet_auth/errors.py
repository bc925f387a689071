"""The errors of this package: each carries a code that a caller may log and branch on.

A detail names the rule and never the value: passwords, tokens, codes and secrets do not occur in
messages, so an error may be logged as it is (OWASP ASVS 5, 16.2.5).
"""

from __future__ import annotations


class AuthError(Exception):
    """A refusal.

    Attributes:
        code: a stable word, such as ``audience``.
        detail: a sentence for the log, without secrets.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class PasswordError(AuthError):
    """A password or a stored row that is refused.

    Codes: short, long, blocked, control, encoding; scheme, pepper (of a stored row)."""


class TooBusy(AuthError):
    """Too many logins wait already; a web service answers 503."""


class Throttled(AuthError):
    """Too many attempts; `retry_after` is the wait in seconds."""

    def __init__(self, code: str, detail: str = "", retry_after: float = 0.0) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class TokenError(AuthError):
    """A token that is refused.

    Codes: malformed, alg, signature, key, expired, not_yet, audience, issuer, type, revoked.
    """


class SessionError(AuthError):
    """A request that its session does not allow: anonymous, csrf, origin, unavailable."""


class OAuthError(AuthError):
    """An error answer of RFC 6749 section 5.2 and RFC 8628 section 3.5, with its HTTP status."""

    def __init__(self, code: str, detail: str = "", status: int = 400) -> None:
        super().__init__(code, detail)
        self.status = status


class SamlError(AuthError):
    """A SAML response that is refused.

    Codes: malformed, signature, assertion, destination, recipient, audience, in_response_to, time,
    replay, issuer.
    """


class FactorError(AuthError):
    """A second factor that is refused: code, replay, attempts, challenge, response, cloned."""


class PolicyError(AuthError):
    """A policy or a role that is refused: form, cycle, role, action, wildcard, separation."""
