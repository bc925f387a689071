"""Two pages of the kit in one navigation, as the hub has them; one tab has the same name."""

from __future__ import annotations

import streamlit as st

from velvet.ui import kit


def draw(seen: kit.Seen) -> None:
    kit.note(f"Drawn for {kit.choice('Colour', ['red', 'green'])}")


def tab(name: str, question: str) -> kit.Tab:
    return kit.Tab(name, question=question, draw=draw)


FIRST = kit.Page("03-cli", tabs=(tab("One", "First, one?"), tab("Two", "First, two?")))
SECOND = kit.Page(
    "09-concurrency", tabs=(tab("One", "Second, one?"), tab("Three", "Second, three?"))
)

st.navigation(
    [
        st.Page(lambda: kit.show(FIRST), title="First", url_path="first", default=True),
        st.Page(lambda: kit.show(SECOND), title="Second", url_path="second"),
    ]
).run()
