"""Config and colour: edit five layers and the environment, and see what wins and why."""

from __future__ import annotations

import html

import streamlit as st
from cli_session import Session

from velvet_cli.color import FLAGS, Decision
from velvet_cli.explorer.layers import (
    FILES,
    SAMPLE_CLI,
    SAMPLE_ENV,
    SAMPLES,
    Explained,
    colour,
    explain,
)

HEIGHT = 160


def draw(_: Session) -> None:
    """Draw the tab; everything here is quick and is computed at every change."""
    st.fragment(_layers)()


def _layers() -> None:
    left, middle, right = st.columns([2, 2, 1])
    env = left.text_input("environment", SAMPLE_ENV, key="cli_env", help="NAME=value words")
    cli = middle.text_input("command line", SAMPLE_CLI, key="cli_cli", help="setting=value words")
    profile = right.text_input("profile", "work", key="cli_profile")
    texts = {
        name: column.text_area(f"{name} file (TOML)", SAMPLES[name], HEIGHT, key=f"cli_{name}")
        for name, column in zip(FILES, st.columns(len(FILES)), strict=True)
    }
    found = explain(texts, env=env, cli=cli, profile=profile)
    if found.problem:
        st.error(found.problem)
    else:
        _table(found)
    st.subheader("And would it be coloured?")
    flag = found.values.get("color", "auto")
    _colour(env, flag if flag in FLAGS else "auto")


def _table(found: Explained) -> None:
    set_ = [name for name, rows in found.rows.items() if len(rows) > 1]
    rows = [
        {
            "setting": name,
            "layer": origin.layer,
            "from": origin.source,
            "value": origin.value,
            "wins": "✓" if origin.won else "",
        }
        for name in set_
        for origin in found.rows[name]
    ]
    if not rows:
        st.caption("No layer says anything: every setting has its default.")
        return
    st.dataframe(rows, hide_index=True, height=38 + 35 * min(len(rows), 12))
    quiet = ", ".join(
        f"{name} = {found.values[name] or 'none'}" for name in found.rows if name not in set_
    )
    st.caption(f"Default, because no layer has a word about it: {quiet}.")


def _colour(env: str, flag: str) -> None:
    for column, terminal in zip(st.columns(2), (True, False), strict=True):
        where = "on a terminal" if terminal else "on a pipe"
        try:
            decision = colour(flag, env, terminal=terminal)
        except ValueError as error:
            column.error(str(error))
            continue
        with column.container(border=True):
            word = "colour" if decision.enabled else "no colour"
            depth = f", {decision.level:,} colours" if decision.enabled else ""
            st.markdown(f"**{where}: {word}**{depth}")
            st.caption(f"decided by: {decision.reason}")
            st.html(_sample(decision))


def _sample(decision: Decision) -> str:
    """Return the head of a table as it would look: HTML stands in for the terminal here."""
    style = "font-weight:700;color:#c52666" if decision.enabled else ""
    head = html.escape("id  title             priority")
    return (
        "<pre style='margin:0;background:#fff;padding:0.4rem 0.6rem'>"
        f"<span style='{style}'>{head}</span>\n1   write the report         5</pre>"
    )
