"""The token inspector: one change to a token, and the rule that refuses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, LAVENDER_SOFT, LINE, STROKES, plotly_layout
from velvet_auth import tokens
from velvet_auth.errors import TokenError
from velvet_auth.keys import Key, KeySet, b64url, decoded
from velvet_auth.tokens import Issuer, Verifier, parse_strict, verify_compact

HEAD = ("malformed", "alg", "key", "signature")
RULES = (*HEAD, "type", "claims malformed", "issuer", "audience", "expired", "not_yet")
AS, API = "https://as.example", "api"


@lru_cache(maxsize=1)
def keys() -> KeySet:
    """Return this page's key; it lives as long as the process."""
    return KeySet([Key.generate("ES256")])


def _issued(issuer: str = AS, *, typ: str = "at+jwt", ttl: int = 300, **claims: Any) -> str:
    return Issuer(issuer, keys()).sign({"sub": "alice", "aud": API, **claims}, typ=typ, ttl=ttl)


def _header(**changes: Any) -> str:
    head, rest = _issued().split(".", 1)
    told = {**json.loads(decoded(head)), **changes}
    return f"{b64url(json.dumps(told).encode())}.{rest}"


CHANGES: dict[str, Callable[[], str]] = {
    "nothing": _issued,
    "alg none": lambda: _header(alg="none"),
    "alg HS256": lambda: _header(alg="HS256"),
    "unknown kid": lambda: _header(kid="mine"),
    "jku of the attacker": lambda: _header(jku="https://evil.example/jwks"),
    "crit": lambda: _header(crit=["exp"]),
    "a letter of the signature": lambda: _issued()[:-4] + "AAAA",
    "ID token": lambda: _issued(typ="JWT"),
    "another service": lambda: _issued(aud="billing"),
    "another issuer": lambda: _issued("https://evil.example"),
    "expired": lambda: _issued(ttl=-60),
    "issued tomorrow": lambda: _issued(iat=4_000_000_000),
    "sub is a list": lambda: _issued(sub=["alice"]),
    "padding": lambda: _issued() + "=",
}


def controls() -> dict[str, Any]:
    """Ask for the change."""
    return {"change": kit.choice("Change", list(CHANGES), "ID token")}


def verdict(token: str) -> str:
    """Return the code of the rule that refuses a token; empty when it is accepted."""
    try:
        Verifier(keys(), AS, API).verify(token)
    except TokenError as error:
        return error.code
    return ""


def signature_holds(token: str) -> bool:
    """Return whether the rules up to the signature accept a token."""
    try:
        verify_compact(token, keys(), algorithms=("ES256",))
    except TokenError:
        return False
    return True


def figure_of(token: str) -> go.Figure:
    """Return the rules as steps: passed, refused here, not reached."""
    code = verdict(token)
    step = "claims malformed" if code == "malformed" and signature_holds(token) else code
    reached = RULES.index(step) if code else len(RULES)
    states = ["passed"] * reached + ["refused"] * bool(code)
    states += ["not reached"] * (len(RULES) - len(states))
    fills = {"passed": FILLS[3], "refused": FILLS[1], "not reached": LAVENDER_SOFT}
    lines = {"passed": STROKES[3], "refused": STROKES[1], "not reached": LINE}
    figure = go.Figure(
        go.Bar(
            x=[1] * len(RULES),
            y=list(RULES),
            orientation="h",
            text=states,
            textposition="inside",
            insidetextanchor="start",
            marker={
                "color": [fills[state] for state in states],
                "line": {"color": [lines[state] for state in states], "width": 1},
            },
        )
    )
    title = "Rules in the order in which they are asked"
    plotly_layout(figure, title=title, height=380)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(autorange="reversed")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the steps, then what is in the token."""
    token = CHANGES[str(seen.options["change"])]()
    seen.chart(figure_of(token), key="rules")
    try:
        parsed = parse_strict(token)
        inside = {"header": dict(parsed.header), "claims": json.loads(parsed.payload)}
        st.code(json.dumps(inside, indent=2), language="json")
    except TokenError as error:
        st.code(f"{error.code}: {error.detail}", language="text")
    kit.note("A real token is a secret: this page makes its own, and none leaves it.")


def finding(seen: kit.Seen) -> str:
    """Say which rule refused it."""
    change = str(seen.options["change"])
    token = CHANGES[change]()
    code = verdict(token)
    if not code:
        return "**Accepted**: every rule passed."
    states = ("its signature was not reached or is not valid", "its signature is valid")
    signed = states[signature_holds(token)]
    return f"*{change}* is refused by **{code}**; {signed}."


TAB = kit.Tab(
    "Token inspector",
    question="Which rule refuses a token that was changed in one place?",
    tip="Choose ID token or another service: the signature is valid, and the token is refused.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(tokens.check_audience, tokens.check_type),
    command="velvet run 15 basic jwt_by_the_book",
    next_step="Password cost",
)
