"""The production page: a configuration whose every number has a reason."""

from __future__ import annotations

from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet_web.contenders import names
from velvet_web.production import Needs, options, server_of, settings_for, unit
from velvet_web.settings import Settings


def controls() -> dict[str, Any]:
    """Ask what the deployment must carry."""
    chosen: dict[str, Any] = {"contender": kit.choice("Front end", names(), "fastapi")}
    left, right = st.columns(2)
    with left:
        chosen["rate"] = kit.slider("Requests a second at the peak", 10, 2000, 200, step=10)
        chosen["service_ms"] = kit.slider("Milliseconds one request takes alone", 1, 200, 20)
    with right:
        chosen["cores"] = kit.slider("Cores", 1, 16, 2)
        chosen["deadline_ms"] = kit.slider("An answer is of use within, ms", 50, 2000, 250, step=50)
    return chosen


def _needs(wanted: Any) -> Needs:
    return Needs(**{name: wanted[name] for name in ("rate", "service_ms", "cores", "deadline_ms")})


def draw(seen: kit.Seen) -> None:
    """Show the unit, and the reason of each option."""
    name, needs = seen.wanted["contender"], _needs(seen.wanted)
    settings = settings_for(name, needs, Settings(dsn="/var/lib/board/board.db"))
    st.caption(f"A systemd unit for {name} on {server_of(name)}:")
    st.code(unit(name, needs, settings), language="ini", wrap_lines=True)
    st.table(
        [
            {"option": " ".join(option.words), "reason": option.reason.replace("`", "")}
            for option in options(name, needs)
        ]
    )


def finding(seen: kit.Seen) -> str:
    """Say what Little's law asks for."""
    needs = _needs(seen.wanted)
    busy = needs.rate * needs.service_ms / 1e3
    warning = ""
    if busy > needs.cores:
        warning = (
            f" If those milliseconds are computing, they need {busy:.1f} cores and there are "
            f"{needs.cores}: it will shed."
        )
    return (
        f"{needs.rate:g} requests a second of {needs.service_ms:g} ms keep **{needs.concurrency}** "
        f"in service at once (rate times time); {needs.queue} more may wait and still meet the "
        f"deadline.{warning}"
    )


TAB = kit.Tab(
    "Production",
    question="Which command do I start in production, and why each word of it?",
    tip="Raise the milliseconds: places follow at once, and the queue shrinks.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(settings_for,),
    command="velvet run 14 advanced a_configuration_with_reasons",
    next_step="Live Benchmarks",
)
