"""The tab with a text box: what each parser makes of a text, and the byte where ours stopped."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import html
from velvet.ui.palette import LAVENDER, STROKES, TEXT, TEXT_SOFT, WHITE
from velvet_datetime.matrix import written
from velvet_datetime.parsers import NAMES, instant_of
from velvet_datetime.rfc3339 import validate

TRY = {
    "hour 24": "2026-01-01T24:00:00Z",
    "an offset of 24 h": "2026-01-01T12:00:00+24:00",
    "offset minute 60": "2026-01-01T12:00:00+10:60",
    "a Bengali digit": "1963-06-1\u09eaT12:00:00Z",
    "a week date": "2026-W01-1T12:00:00Z",
    "a leap second": "2016-12-31T23:59:60Z",
    "no offset": "2026-01-01T12:00:00",
    "a valid one": "2026-03-29T01:30:45.123456+02:00",
}


def controls() -> dict[str, Any]:
    """Ask for a text, or one of the prepared ones."""
    ready = kit.choice("Try", list(TRY), "offset minute 60", key="ready")
    text = st.text_input("The text (edit it)", TRY[ready], max_chars=120, key=f"parsers-{ready}")
    return {"text": text}


def verdicts(text: str) -> dict[str, tuple[bool, str]]:
    """Return for each parser whether it accepts, and the instant or the error."""
    found: dict[str, tuple[bool, str]] = {}
    for name in NAMES:
        try:
            found[name] = True, written(instant_of(name, text))
        except ImportError:
            found[name] = False, "not installed"
        except Exception as error:  # noqa: BLE001 - each library has its own types
            found[name] = False, f"{type(error).__name__}: {str(error)[:90]}"
    return found


def marked(text: str, position: int | None) -> str:
    """Return the text as HTML with the byte where reading stopped marked."""
    letters = [escape(one) if one.isprintable() else escape(ascii(one)[1:-1]) for one in text]
    letters.append("\u00b6")  # the end, where many texts stop
    if position is not None:
        at = min(position, len(letters) - 1)
        style = f"background:{STROKES[1]};color:{WHITE};padding:0 .15em;border-radius:3px"
        letters[at] = f"<mark style='{style}'>{letters[at]}</mark>"
    return "".join(letters)


def card(name: str, accepted: bool, words: str, valid: bool) -> str:
    """Return one parser's answer as HTML."""
    colour = STROKES[3] if accepted is valid else STROKES[1]
    verdict = "\u2713 accepted" if accepted else "\u2715 refused"
    return (
        f"<div style='border:1px solid {LAVENDER};border-left:5px solid {colour};min-width:0;"
        f"border-radius:12px;padding:.5rem .8rem;background:{WHITE}'>"
        f"<div style='display:flex;justify-content:space-between;color:{TEXT}'>"
        f"<b>{escape(name)}</b><span style='color:{colour};font-weight:600'>{verdict}</span></div>"
        f"<div style='font-size:.84rem;overflow-wrap:anywhere;color:{TEXT_SOFT}'>{escape(words)}"
        "</div></div>"
    )


def draw(seen: kit.Seen) -> None:
    """Draw the text with its byte, then a card for each parser."""
    text = seen.options["text"]
    problem = validate(text)
    said = f"byte {problem.position}: {problem.rule}" if problem else "valid by RFC 3339"
    mono = "white-space:pre-wrap;font-size:1.2rem;overflow-wrap:anywhere"
    where = marked(text, problem.position if problem else None)
    cards = [card(name, *found, problem is None) for name, found in verdicts(text).items()]
    columns = "repeat(auto-fill,minmax(min(100%,280px),1fr))"
    html(
        f"<div class='velvet-figure'><pre style='{mono};color:{TEXT};margin:0'>{where}</pre>"
        f"<p style='color:{TEXT_SOFT};margin:.2rem 0 .8rem'>{escape(said)}</p>"
        f"<div style='display:grid;gap:.6rem;grid-template-columns:{columns}'>"
        f"{''.join(cards)}</div></div>"
    )


def finding(seen: kit.Seen) -> str:
    """Say how many parsers accept what the RFC forbids, and with how many meanings."""
    text = seen.options["text"]
    found = verdicts(text)
    accepted = [words for ok, words in found.values() if ok]
    meanings = len(set(accepted))
    if validate(text) is None:
        return f"RFC 3339 allows this text; **{len(accepted)} of {len(found)}** parsers accept it."
    words = f"RFC 3339 forbids this text; **{len(accepted)} of {len(found)}** parsers accept it"
    return words + (f", and read {meanings} instants." if meanings > 1 else ".")


TAB = kit.Tab(
    "Parsers",
    question="Who accepts this text, and where does a strict parser stop?",
    tip="Choose 'a week date'; then take a valid text and add a space at its end.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(validate,),
    command="velvet run 04 parser_shootout",
    next_step="Live Benchmarks",
)
