"""The demonstration and two more pages in one navigation, as the hub has them.

Of those two, one tab has the same name.
"""

from __future__ import annotations

import streamlit as st

from velvet.ui import kit


def draw(seen: kit.Seen) -> None:
    kit.note(f"Drawn for {kit.choice('Colour', ['red', 'green'])}")
    st.page_link(PAGES[-1], label="Second")


def tab(name: str, question: str) -> kit.Tab:
    return kit.Tab(name, question=question, draw=draw)


FIRST = kit.Page("03-cli", tabs=(tab("One", "First, one?"), tab("Two", "First, two?")))
SECOND = kit.Page(
    "09-concurrency", tabs=(tab("One", "Second, one?"), tab("Three", "Second, three?"))
)
PAGES = [
    st.Page("app.py", title="Demonstration", default=True),
    st.Page(lambda: kit.show(FIRST), title="First", url_path="first"),
    st.Page(lambda: kit.show(SECOND), title="Second", url_path="second"),
]

st.navigation(PAGES, position="hidden").run()
