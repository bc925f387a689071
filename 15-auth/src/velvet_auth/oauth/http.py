"""The authorization server as a Starlette application: headers, consent page, error pages.

The consent page is where OAuth meets the web: its form carries a CSRF token bound to the session,
and `frame-ancestors 'none'` keeps it out of other sites' frames (RFC 9700 section 4.16). The user's
session and the page for device codes are the caller's; see `examples/intermediate.py`. Failed client authentication is slowed
per client and address; behind a proxy, let the ASGI server set the client's address.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from velvet_auth.errors import AuthError, OAuthError, SessionError, Throttled
from velvet_auth.oauth.clients import basic_credentials
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.records import ErrorPage
from velvet_auth.sessions import Csrf, Session
from velvet_auth.throttle import LoginThrottle

NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
PAGE = {
    **NO_STORE,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
MAX_BODY = 32_768  # bytes
UNNAMED = "(unnamed)"  # counts the failures of requests that name no client
Pairs = list[tuple[str, str]]


async def _form(request: Request) -> Pairs:
    body = b""
    async for part in request.stream():  # counted as it comes: a chunked body states no length
        body += part
        if len(body) > MAX_BODY:
            raise OAuthError("invalid_request", "the form is too long", 413)
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(body))
    except ValueError:
        raise OAuthError("invalid_request", "the body is no form") from None


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(
        f"<!doctype html><title>{html.escape(title)}</title>{body}", status, headers=PAGE
    )


def _answering(
    throttle: LoginThrottle, call: Callable[[Pairs, str], Any]
) -> Callable[[Request], Any]:
    """Return an endpoint that takes a form and answers JSON, throttled by client and address."""

    async def endpoint(request: Request) -> Response:
        address = request.client.host if request.client else "unknown"
        header, client = request.headers.get("authorization", ""), UNNAMED
        try:
            form = await _form(request)
            named = basic_credentials(header)[0] if header else dict(form).get("client_id")
            client = named or UNNAMED
            throttle.before(client, address)
            made = await run_in_threadpool(call, form, header)
        except Throttled as error:
            wait = {"Retry-After": str(math.ceil(error.retry_after))}
            return JSONResponse({"error": "slow_down"}, 429, headers=NO_STORE | wait)
        except OAuthError as error:
            if error.code == "invalid_client":
                throttle.failed(client, address)
            return _refusal(error)
        throttle.succeeded(client, address)
        return JSONResponse(made or {}, headers=NO_STORE)

    return endpoint


def application(
    server: AuthorizationServer, session_of: Callable[[Request], Session | None]
) -> Starlette:
    """Return the application; `session_of` gives the logged-in session of a request, or None."""
    csrf, answer = Csrf(server.issuer.issuer), partial(_answering, LoginThrottle())

    async def authorize(request: Request) -> Response:
        session = session_of(request)
        if session is None:
            return _page("Log in", "<p>Log in first.</p>", 401)
        query = request.url.query
        if request.method == "GET":
            return _page("Consent", _consent(query, session))
        try:
            form = dict(await _form(request))
            csrf.check("POST", dict(request.headers), session, form.get("csrf", ""))
        except OAuthError as error:
            return _page("Refused", f"<p>{html.escape(error.code)}</p>", error.status)
        except SessionError as error:
            return _page("Refused", f"<p>{html.escape(error.code)}</p>", 403)
        asked = parse_qsl(query, keep_blank_values=True)
        logged_in = session.data.get("auth_time")
        made = await run_in_threadpool(server.authorize, asked, session.user, logged_in)
        if isinstance(made, ErrorPage):
            return _page(
                "Error", f"<p>{html.escape(made.code)}: {html.escape(made.detail)}</p>", 400
            )
        return RedirectResponse(made.url, 303, headers=NO_STORE)

    async def metadata(_request: Request) -> Response:
        return JSONResponse(server.metadata())

    async def jwks(_request: Request) -> Response:
        return JSONResponse(server.issuer.keys.public_jwks())

    async def userinfo(request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = server.verifier.verify(token)
        except AuthError as error:
            told = {
                "WWW-Authenticate": f'Bearer error="invalid_token", error_description="{error.code}"'
            }
            return JSONResponse({"error": "invalid_token"}, 401, headers=NO_STORE | told)
        return JSONResponse({"sub": claims["sub"]}, headers=NO_STORE)

    return Starlette(
        routes=[
            Route("/authorize", authorize, methods=["GET", "POST"]),
            Route("/token", answer(server.token), methods=["POST"]),
            Route("/revoke", answer(server.revoke), methods=["POST"]),
            Route("/introspect", answer(server.introspect), methods=["POST"]),
            Route("/device_authorization", answer(server.device_authorization), methods=["POST"]),
            Route("/userinfo", userinfo),
            Route("/jwks", jwks),
            Route("/.well-known/oauth-authorization-server", metadata),
            Route("/.well-known/openid-configuration", metadata),
        ]
    )


def _consent(query: str, session: Session) -> str:
    asked = dict(parse_qsl(query, keep_blank_values=True))
    client, scope = asked.get("client_id", ""), asked.get("scope") or "all that it may ask for"
    question = f"Allow {client} to act as {session.user}: {scope}?"
    return (
        f'<form method="post" action="/authorize?{html.escape(query)}">'
        f'<input type="hidden" name="csrf" value="{html.escape(session.csrf)}">'
        f"<p>{html.escape(question)}</p><button>Allow</button></form>"
    )


def _refusal(error: OAuthError) -> JSONResponse:
    told = dict(NO_STORE)
    if error.status == 401:
        told["WWW-Authenticate"] = 'Basic realm="token"'
    body = {"error": error.code, "error_description": error.detail}
    return JSONResponse(body, error.status, headers=told)
