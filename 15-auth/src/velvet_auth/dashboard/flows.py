"""An OAuth login step by step, with a thief who does one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_auth.database import Database
from velvet_auth.errors import AuthError
from velvet_auth.keys import Key, KeySet
from velvet_auth.oauth.clients import Client
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.records import Redirect, s256
from velvet_auth.tokens import Issuer

ACTIONS = (
    "does nothing",
    "uses the code first",
    "uses the code again",
    "takes the challenge out",
    "refreshes first",
    "asks for more scope",
)
LANES = ("browser", "client", "thief", "server")
CALLBACK = "https://app.example/cb"
Step = tuple[str, str, str]  # who asks, what, how it ends


def controls() -> dict[str, Any]:
    """Ask what the thief does."""
    return {"action": kit.choice("The thief", list(ACTIONS), "refreshes first")}


def play(action: str) -> list[Step]:
    """Return the steps of a login while the thief does one thing."""
    if action not in ACTIONS:
        raise ValueError(f"unknown action {action!r}")
    steps: list[Step] = []
    with Database() as database:
        issuer = Issuer("https://as.example", KeySet([Key.generate("ES256")]))
        server = AuthorizationServer(
            issuer, [Client("app", (CALLBACK,))], database, audience="api", secret=b"s" * 32
        )

        def ask(who: str, what: str, call: Callable[[], Any]) -> Any:
            try:
                made = call()
            except AuthError as error:
                steps.append((who, what, error.code))
                return {}
            steps.append((who, what, "ok"))
            return made

        def authorize() -> str:
            asked = {"response_type": "code", "client_id": "app", "redirect_uri": CALLBACK}
            if action != "takes the challenge out":
                asked |= {"code_challenge": s256("v" * 43), "code_challenge_method": "S256"}
            made = server.authorize(asked.items(), "alice")
            assert isinstance(made, Redirect)
            told = dict(parse_qsl(urlsplit(made.url).query))
            if "error" in told:
                raise AuthError(told["error"])
            return told["code"]

        def form(**more: str) -> Callable[[], Any]:
            return lambda: server.token({"client_id": "app", **more}.items())

        def redeem(verifier: str) -> Callable[[], Any]:
            more = {"grant_type": "authorization_code", "code": code}
            return form(**more, code_verifier=verifier)

        def refresh(token: str, **more: str) -> Callable[[], Any]:
            return form(grant_type="refresh_token", refresh_token=token, **more)

        code = ask("browser", "authorize", authorize) or ""
        if action == "uses the code first":
            ask("thief", "token: code, own verifier", redeem("t" * 43))
        tokens = ask("client", "token: code and verifier", redeem("v" * 43))
        if action == "uses the code again":
            ask("thief", "token: code and leaked verifier", redeem("v" * 43))
        first = tokens.get("refresh_token", "")
        stolen: dict[str, Any] = {}
        if action == "refreshes first":
            stolen = ask("thief", "refresh", refresh(first))
        if action == "asks for more scope":
            ask("thief", "refresh: scope admin", refresh(first, scope="read admin"))
        ask("client", "refresh", refresh(first))
        if stolen:
            again = stolen["refresh_token"]
            ask("thief", "refresh again", refresh(again))
            ask("thief", "call the API", lambda: server.verifier.verify(stolen["access_token"]))
    return steps


def figure_of(steps: list[Step]) -> go.Figure:
    """Return a sequence diagram: time runs down, arrows go to the server."""
    figure = go.Figure()
    end = len(LANES) - 1
    for number, (who, what, outcome) in enumerate(steps):
        colour = 3 if outcome == "ok" else 1
        figure.add_scatter(
            x=[LANES.index(who), end],
            y=[number, number],
            mode="lines+markers",
            line={"color": STROKES[colour], "width": 2},
            marker={"symbol": ["circle", "triangle-right"], "size": 10, "color": FILLS[colour]},
            hovertemplate=f"{who}: {what} -> {outcome}<extra></extra>",
            showlegend=False,
        )
        figure.add_annotation(
            x=end,
            y=number,
            text=f"{what}: <b>{outcome}</b>",
            xanchor="right",
            yanchor="bottom",
            showarrow=False,
        )
    plotly_layout(figure, title="Who asks the server, in order", height=140 + 52 * len(steps))
    figure.update_xaxes(
        tickvals=list(range(len(LANES))), ticktext=list(LANES), side="top", range=[-0.3, end + 0.3]
    )
    figure.update_yaxes(autorange="reversed", visible=False, range=[len(steps), -1])
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the sequence."""
    seen.chart(figure_of(play(str(seen.options["action"]))), key="sequence")


def finding(seen: kit.Seen) -> str:
    """Say what the thief got, and what it did to the owner."""
    steps = play(str(seen.options["action"]))
    thief = [outcome for who, _, outcome in steps if who == "thief"]
    owner = [outcome for who, _, outcome in steps if who == "client"]
    if not thief:
        refused = [outcome for _, _, outcome in steps if outcome != "ok"]
        return f"The server refuses: **{refused[0]}**." if refused else "Everything is granted."
    end = "keeps nothing" if thief[-1] != "ok" else "gets in"
    cost = "the owner logs in again" if owner[-1] != "ok" else "the owner notices nothing"
    return f"The thief **{end}** ({', '.join(thief)}), and **{cost}**."


TAB = kit.Tab(
    "OAuth sequence",
    question="What does a thief get at each step of a login, and what does the owner notice?",
    tip="Let the thief refresh first: the owner's refresh is what ends the theft.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(AuthorizationServer.use_refresh,),
    command="velvet run 15 intermediate refresh_theft",
    next_step="SAML tree",
)
