# ruff: noqa: RUF001 - letters that look alike are its subject
"""The decoder: bytes of unknown origin, what three detectors guess, and how to repair the rest."""

from __future__ import annotations

from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet_text import decode, inspect_text, mojibake
from velvet_text.dashboard.tables import table
from velvet_text.errors import TextError
from velvet_text.samples.texts import LANGUAGES

MAX_BYTES = 200_000
BROKEN = "Ã¢â‚¬Å“dÃƒÂ©jÃƒÂ  vuÃ¢â‚¬Â"
SAMPLES = {
    "short French, cp1252": "Où êtes-vous ?".encode("cp1252"),
    "French, cp1252": LANGUAGES["French"][1].encode("cp1252"),
    "Russian, koi8-r": LANGUAGES["Russian"][1].encode("koi8-r"),
    "Japanese, shift_jis": LANGUAGES["Japanese"][1].encode("shift_jis"),
    "UTF-8, broken twice": BROKEN.encode(),
    "cut UTF-8": "price: 5 €".encode()[:-1],
}


def controls() -> dict[str, Any]:
    """Ask for bytes: a sample or a file."""
    name = kit.choice("Bytes", list(SAMPLES), key="sample")
    uploaded = st.file_uploader("or a file of yours; its first 200 kB are read", key="decoder-file")
    data = SAMPLES[name] if uploaded is None else uploaded.read(MAX_BYTES)
    return {"bytes": data.hex()}


def rows(data: bytes) -> list[dict[str, str]]:
    """Return what each way of decoding gives."""
    made = []
    for name in decode.DETECTORS:
        try:
            guess = decode.detector(name)(data)
            text = data.decode(guess.encoding or "ascii")
        except ImportError:
            continue
        except (UnicodeDecodeError, LookupError):
            text = "(does not decode)"
        shown = inspect_text.safe_log(text[:60])
        made.append({"way": name, "guess": str(guess.encoding), "reads": shown})
    return made


def draw(seen: kit.Seen) -> None:
    """Draw the guesses, our decision and the plan of repair."""
    data = bytes.fromhex(seen.options["bytes"])
    st.code(data[:48].hex(" ") + (" …" if len(data) > 48 else ""), language=None)
    table(rows(data))
    try:
        found = decode.decode_bytes(data)
    except TextError:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            st.code(decode.explain(error), language=None)
        return
    done = mojibake.repair(found.text)
    if done.steps:
        st.markdown(f"**Repair**: {mojibake.plan(found.text)}")
        st.code(f"before: {found.text[:80]}\nafter:  {done.text[:80]}", language=None)


def finding(seen: kit.Seen) -> str:
    """Say whether the guesses agree."""
    data = bytes.fromhex(seen.options["bytes"])
    made = rows(data)
    texts = {row["reads"] for row in made}
    if len(texts) == 1:
        return f"All {len(made)} ways read the same text."
    return (
        f"{len(made)} ways read **{len(texts)} different texts** from the same {len(data):,} bytes."
    )


TAB = kit.Tab(
    "Decoder",
    question="What do these bytes say, and which guess is right?",
    tip="Choose the short French text: a dozen bytes are too few for any guess.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(decode.decode_bytes,),
    command="velvet run 05 mojibake_clinic",
    next_step="Race",
)
