"""Config and colour: edit layers and environment, and see what wins and why."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import html
from velvet_cli.color import Decision, decide
from velvet_cli.config import Files, Origin, Settings, load
from velvet_cli.contract import COLORS, CONTRACT

FILES = {
    "project": 'limit = 20\n"tags+" = ["garden"]\n\n[profile.work]\norder = "priority"\n',
    "user": 'limit = 5\norder = "title"\ntags = ["home"]\n',
    "system": 'format = "json"\npriority = 2\n',
}
MOST_LETTERS = 4000


def pairs(text: str) -> dict[str, str]:
    """Read ``NAME=value`` words, quoted as in a shell.

    Raises ValueError: a word has no name or no equals sign, or a quote is open.
    """
    found = {}
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ValueError(f"write NAME=value, not {word!r}")
        found[name] = value
    return found


def loaded(texts: Mapping[str, str], env: str, cli: str, profile: str) -> Settings:
    """Put layers together that were typed as text.

    Raises ValueError: a layer is wrong; the message names its file and line.
    """
    known = CONTRACT.settings()
    typed = {key: known[key].parse(v) if key in known else v for key, v in pairs(cli).items()}
    with tempfile.TemporaryDirectory(prefix="velvet-cli-") as made:
        paths = {name: Path(made, f"{name}.toml") for name in FILES}
        for name, path in paths.items():
            path.write_text(texts[name][:MOST_LETTERS], encoding="utf-8")
        files = Files(paths["project"], paths["user"], paths["system"])
        try:
            return load(
                known.values(), cli=typed, env=pairs(env), files=files, profile=profile or None
            )
        except ValueError as error:
            raise ValueError(str(error).replace(f"{made}{os.sep}", "")) from None


def controls() -> dict[str, Any]:
    """Ask for every layer."""
    env = kit.text("Environment", "TASKS_LIMIT=7 TERM=xterm-256color", tip="NAME=value words")
    cli = kit.text("Command line", "color=auto", tip="setting=value words")
    profile = kit.text("Profile", "work")
    texts = {
        name: column.text_area(f"{name} file (TOML)", text, 150, key=f"config-and-colour-{name}")
        for column, (name, text) in zip(st.columns(len(FILES)), FILES.items(), strict=True)
    }
    return {"env": env, "cli": cli, "profile": profile, "texts": texts}


def draw(seen: kit.Seen) -> None:
    """Draw the winner of each setting with its place, and the decision about colour."""
    try:
        settings, env = loaded(**seen.options), pairs(seen.options["env"])
    except ValueError as error:
        st.warning(str(error))
        return
    said = {name: settings.explain(name) for name in settings}
    seen.table(
        [
            {"setting": name, **_row(origin)}
            for name, origins in said.items()
            for origin in origins
            if len(origins) > 1
        ]
    )
    for column, terminal in zip(st.columns(2), (True, False), strict=True):
        stream = SimpleNamespace(isatty=partial(bool, terminal))
        with column.container(border=True):
            _colour(decide(stream, flag=settings["color"], env=env, platform="linux"), terminal)


def _row(origin: Origin) -> dict[str, str]:
    place = Path(origin.source).name if os.sep in origin.source else origin.source
    # A table reads Markdown, and would take the plus for a list.
    value = origin.value.replace("+ ", "added: ")
    return {"layer": origin.layer, "from": place, "value": value, "wins": "✓" * origin.won}


def _colour(decision: Decision, terminal: bool) -> None:
    word = f"{decision.level:,} colours" if decision.enabled else "no colour"
    st.markdown(
        f"**On a {'terminal' if terminal else 'pipe'}: {word}**, decided by: {decision.reason}"
    )
    style = "font-weight:700;color:#c52666" if decision.enabled else ""
    html(
        f"<pre style='margin:0'><span style='{style}'>id  title             priority</span>\n"
        "1   write the report         5</pre>"
    )


def finding(seen: kit.Seen) -> str:
    """Say where one value comes from."""
    try:
        settings = loaded(**seen.options)
    except ValueError:
        return ""
    name = max(settings, key=lambda one: len(settings.explain(one)))
    winner, *silent = settings.explain(name)
    if not silent:
        return "No layer says anything: every setting has its default."
    row = _row(winner)
    place = f" ({row['from']})" if row["from"] else ""
    why = f"the layer `{winner.layer}`{place} is nearer than {len(silent)} others"
    return f"**{name}** is {winner.value} because {why}."


TAB = kit.Tab(
    "Config and colour",
    question="Where does this value come from, and why is my output grey?",
    tip=f"Add NO_COLOR=1 to the environment, then color=always ({', '.join(COLORS)}) to the command line.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(Settings.explain, decide),
    command="python examples/intermediate.py where_did_that_come_from",
    next_step="Progress lab",
)
