"""The tab where a payload is edited and every library answers side by side."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from html import escape
from typing import Any, cast

import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import html
from velvet.ui.palette import LAVENDER, STROKES, TEXT, TEXT_SOFT, WHITE
from velvet_validation import errors, guard
from velvet_validation.contender import Compiled, Mode
from velvet_validation.contenders import contender, installed
from velvet_validation.errors import LEAK_CHARACTERS, Outcome, Verdict, judge
from velvet_validation.samples.cases import FAULTS, SECRET_PATHS, Family, valid

NOTHING_WRONG = "nothing: a valid payload"
FAMILIES: dict[str, Family] = {
    "sign-up": "signup",
    "order": "order",
    "event": "event",
    "tree": "tree",
}
ROUNDS = 5
LOG_CHARACTERS = 360
MARK = f"<mark style='background:{STROKES[1]};color:{WHITE}'>"
_MARKS = {
    Outcome.CAUGHT: "\u2715 refused",
    Outcome.CHANGED: "\u2248 accepted, changed",
    Outcome.PASSED: "\u2713 accepted as it is",
    Outcome.CRASHED: "! crashed",
}


def controls() -> dict[str, Any]:
    """Ask for a payload, a fault and the mode, and offer the JSON for editing."""
    left, right = st.columns([2, 3])
    with left:
        name = kit.choice("Payload", list(FAMILIES), "sign-up")
        family = FAMILIES[name]
        named = {f.id: f for f in FAULTS if f.family == family and f.id != "bytes for str"}
        start = "text too short" if family == "signup" else NOTHING_WRONG
        fault = kit.choice("What is wrong", [NOTHING_WRONG, *named], start, key=f"fault-{family}")
        mode = kit.choice("Mode", ["default", "strict"])
    payload = named[fault].apply() if fault in named else valid(family)
    with right:
        text = st.text_area(
            "The JSON that is sent (edit it)",
            json.dumps(payload, indent=1),
            height=250,
            key=f"try-it-json-{family}-{fault}",
            bind="query-params",
        )
    return {"family": family, "mode": mode, "text": text}


@lru_cache(maxsize=128)
def _built(name: str, family: Family, mode: Mode) -> Compiled:
    return contender(name).build(family, mode)


def differences(sent: Any, loaded: Any) -> Iterator[str]:
    """Yield what a library changed: the pointer, the value that was sent and the one it made."""
    after = dict(guard.walk(loaded))
    for path, value in guard.walk(sent):
        where = "/" + "/".join(map(str, path))
        if isinstance(value, (dict, list)) and type(after.get(path)) is type(value):
            continue
        if path not in after:
            if path[:-1] in after and isinstance(after[path[:-1]], (dict, list)):
                yield f"{where} dropped"
        elif _described(value) != _described(after[path]):
            yield f"{where}: {value!r} \u2192 {after[path]!r}"


def _described(value: Any) -> str:
    """Write a value so that both spellings of UTC are one."""
    return repr(value).replace("+00:00'", "Z'")


def answer(name: str, family: Family, mode: Mode, payload: Any) -> tuple[Verdict, list[str], float]:
    """Return a library's verdict, what it changed, and the least microseconds of a few tries."""
    compiled = _built(name, family, mode)
    secrets = SECRET_PATHS.get(family, ())
    verdict = judge(compiled, payload, secret_paths=secrets)
    changed: list[str] = []
    if verdict.outcome in (Outcome.PASSED, Outcome.CHANGED):
        changed = list(differences(payload, verdict.value))
    spent = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        with suppress(Exception):  # the verdict has it already
            compiled.load(payload)
        spent.append(time.perf_counter() - begun)
    return verdict, changed, min(spent) * 1e6


def marked(text: str, secrets: list[str]) -> str:
    """Return a log's text as HTML in which every part of a secret is marked."""
    shown = text if len(text) <= LOG_CHARACTERS else text[:LOG_CHARACTERS] + " \u2026"
    size = LEAK_CHARACTERS
    parts = {word[n : n + size] for word in secrets for n in range(len(word) - size + 1)}
    at = {n for n in range(len(shown)) if shown[n : n + size] in parts}
    leaks = {n + more for n in at for more in range(size)}
    letters = [
        f"{MARK}{escape(x)}</mark>" if n in leaks else escape(x) for n, x in enumerate(shown)
    ]
    return "".join(letters).replace(f"</mark>{MARK}", "")


def is_good(found: tuple[Verdict, list[str], float], right: bool) -> tuple[bool, bool]:
    """Return whether the verdict is right and keeps the values, and whether nothing leaked."""
    verdict, changed, _ = found
    refused = verdict.outcome is Outcome.CAUGHT
    said = refused is not right and verdict.outcome is not Outcome.CRASHED and not changed
    return said, not verdict.leaked


def card(
    label: str, found: tuple[Verdict, list[str], float], right: bool, secrets: list[str]
) -> str:
    """Return one library's answer as HTML."""
    verdict, changed, us = found
    refused = verdict.outcome in (Outcome.CAUGHT, Outcome.CRASHED)
    outcome = verdict.outcome if refused else Outcome.CHANGED if changed else Outcome.PASSED
    colour = STROKES[3] if is_good(found, right)[0] else STROKES[1]
    lines = [f"{p.pointer or '/'}  {p.message}" for p in verdict.problems] or changed
    said = "<br>".join(escape(line) for line in lines[:4]) or "&nbsp;"
    if len(lines) > 4:
        said += f"<br>and {len(lines) - 4} more"
    log = ""
    if verdict.logged:
        title = f"in the log: {len(verdict.logged):,} characters"
        if verdict.leaked:
            title += ", <b>with a secret</b>"
        log = (
            f"<details {'open' if verdict.leaked else ''} style='margin-top:.4rem'>"
            f"<summary style='color:{TEXT_SOFT};cursor:pointer'>{title}</summary>"
            f"<pre style='white-space:pre-wrap;overflow-wrap:anywhere;font-size:.72rem;margin:0;"
            f"color:{TEXT_SOFT}'>{marked(verdict.logged, secrets)}</pre></details>"
        )
    return (
        f"<div style='border:1px solid {LAVENDER};border-left:5px solid {colour};"
        f"border-radius:12px;padding:.6rem .8rem;background:{WHITE};min-width:0'>"
        f"<div style='display:flex;justify-content:space-between;gap:.5rem;color:{TEXT}'>"
        f"<b>{escape(label)}</b><span style='color:{TEXT_SOFT}'>{us:,.1f} \u00b5s</span></div>"
        f"<div style='color:{colour};font-weight:600'>{_MARKS[outcome]}</div>"
        f"<div style='font-size:.86rem;overflow-wrap:anywhere;color:{TEXT}'>{said}</div>{log}</div>"
    )


def asked(seen: kit.Seen) -> tuple[Any, bool, dict[str, tuple[Verdict, list[str], float]]] | None:
    """Return the payload, whether it is right, and each answer; None when it is no JSON."""
    try:
        payload = json.loads(seen.options["text"])
    except (ValueError, RecursionError):
        return None
    family, mode = cast(Family, seen.options["family"]), cast(Mode, seen.options["mode"])
    right = judge(_built("handwritten", family, "strict"), payload).outcome is not Outcome.CAUGHT
    return payload, right, {n: answer(n, family, mode, payload) for n in installed()}


def draw(seen: kit.Seen) -> None:
    """Draw a card for each library, and the guard's word on the bytes."""
    data = seen.options["text"].encode("utf-8", "surrogatepass")
    try:
        guard.safe_loads(data)
        st.caption("The guard in front of all of them lets these bytes pass.")
    except guard.Refused as error:
        st.warning(f"The guard refuses these bytes before any library sees them: {error}.")
    if (found := asked(seen)) is None:
        html(f"<pre style='color:{TEXT}'>No library is asked: the text is no JSON.</pre>")
        return
    payload, right, answers = found
    paths = SECRET_PATHS.get(seen.options["family"], ())
    secrets = [str(value) for value in errors.values_at(payload, paths).values()]
    order = sorted(answers, key=lambda name: is_good(answers[name], right))
    cards = [card(contender(n).label, answers[n], right, secrets) for n in order]
    columns = "repeat(auto-fill,minmax(min(100%,290px),1fr))"
    style = f"display:grid;gap:.7rem;grid-template-columns:{columns}"
    html(f"<div class='velvet-figure' style='{style}'>{''.join(cards)}</div>")


def finding(seen: kit.Seen) -> str:
    """Say how many libraries are right, and how many leaked."""
    if (found := asked(seen)) is None:
        return ""
    _, right, answers = found
    refused = sum(verdict.outcome is Outcome.CAUGHT for verdict, _, _ in answers.values())
    changed = sum(bool(one[1]) for one in answers.values())
    leaked = sum(bool(verdict.leaked) for verdict, _, _ in answers.values())
    of = len(answers)
    words = f"The payload is wrong; **{refused} of {of}** refuse it"
    if right:
        words = f"The payload is valid; {of - refused} of {of} accept it"
    words += f", {changed} change it silently" if changed else ""
    words += f", **{leaked} write a secret into the log**" if leaked else ""
    return words + "."


TAB = kit.Tab(
    "Try it",
    question="What does your library say about this payload, and what does it give away?",
    tip='Write `"age": "42"` into the sign-up, then switch to strict; or send a key twice.',
    controls=controls,
    draw=draw,
    finding=finding,
    code=(judge, errors.contains_part),
    command="velvet run 17 good_errors",
    next_step="Catch rate",
)
