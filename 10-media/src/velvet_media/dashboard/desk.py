"""The upload desk: what a file tells, where it tells it, and what is left after a strip."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_media import contenders, metadata
from velvet_media.errors import MediaError
from velvet_media.metadata import Leak, audit, strip
from velvet_media.safety import inspect
from velvet_media.samples import hostile, media

MAX_SHOWN = 8 * 2**20


def _webp() -> bytes:
    block = b"Exif\0\0" + media.exif(8, gps=True, camera="Invented Camera")
    return media.webp(media.scene(360, 240, 3), exif=block, xmp=b"<x:xmpmeta>Jane</x:xmpmeta>")


SAMPLES: dict[str, Callable[[], bytes]] = {
    "phone photo": media.private_photo,
    "PNG with notes": lambda: media.private_png(media.scene(360, 240, 2)),
    "WebP": _webp,
    "clean JPEG": lambda: media.jpeg(media.scene(360, 240, 2)),
    "bomb": lambda: hostile.FILES["bomb_60k"].data,
}


@lru_cache(maxsize=8)
def sample(name: str) -> bytes:
    """Return the bytes of a sample."""
    return SAMPLES[name]()


def controls() -> dict[str, Any]:
    """Ask for a sample; an upload takes its place."""
    return {"sample": kit.choice("Sample", list(SAMPLES), "phone photo")}


def figure_of(leaks: list[Leak], size: int) -> go.Figure:
    """Return the bytes of each leak; what shares a segment is one bar."""
    places = {leak.offset: leak for leak in reversed(leaks)}
    names = {
        at: " + ".join(leak.kind for leak in leaks if leak.offset == at) for at in sorted(places)
    }
    figure = go.Figure(
        go.Bar(
            y=[names[at] for at in sorted(places)] or ["nothing"],
            x=[places[at].size for at in sorted(places)] or [0],
            text=[f"{places[at].size:,} bytes at {at:,}" for at in sorted(places)],
            orientation="h",
            marker={"color": FILLS[1], "line": {"color": STROKES[1], "width": 1}},
            hovertemplate="%{y}: %{text}<extra></extra>",
            textposition="auto",
        )
    )
    title = f"What tells about its author, in a file of {size:,} bytes"
    plotly_layout(figure, title=title, height=130 + 40 * max(1, len(places)))
    figure.update_xaxes(title="bytes", rangemode="tozero")
    figure.update_yaxes(ticks="", autorange="reversed")
    return figure


def given(seen: kit.Seen) -> bytes:
    """Return the uploaded file, or the chosen sample."""
    return st.session_state.get("desk-bytes") or sample(str(seen.options["sample"]))


def draw(seen: kit.Seen) -> None:
    """Draw the leaks, the header, and both pictures."""
    upload = st.file_uploader("Or a file of your own (it stays here)", key="desk-upload")
    st.session_state["desk-bytes"] = upload.getvalue() if upload is not None else b""
    data = given(seen)
    try:
        info, leaks, clean = inspect(data), audit(data), strip(data)
    except MediaError as error:
        seen.chart(figure_of([], len(data)), key="leaks")
        kit.note(f"{type(error).__name__}: {error}")
        return
    seen.chart(figure_of(leaks, len(data)), key="leaks")
    seen.table(
        [
            {"": "format", "value": f"{info.format}, {info.width} x {info.height}"},
            {"": "orientation", "value": str(info.orientation)},
            {"": "memory of a decode", "value": f"{info.decode_bytes / 2**20:.1f} MiB"},
            *({"": leak.kind, "value": leak.preview} for leak in leaks),
        ]
    )
    if len(data) <= MAX_SHOWN:
        pillow = contenders.load("images", "pillow")
        left, right = st.columns(2)
        left.image(pillow.thumbnail(data, 320), caption="as it came, turned upright")
        right.image(pillow.thumbnail(clean, 320), caption="after the strip: the same pixels")


def finding(seen: kit.Seen) -> str:
    """Say what the strip takes out."""
    data = given(seen)
    try:
        inspect(data)
        leaks, clean = audit(data), strip(data)
    except MediaError as error:
        return f"Refused before a pixel is decoded: **{type(error).__name__}**."
    return (
        f"**{len(leaks)}** pieces tell about the author; the strip leaves **{len(audit(clean))}** "
        f"and makes the file {len(data) - len(clean):,} bytes smaller."
    )


TAB = kit.Tab(
    "Upload desk",
    question="What does a picture tell about its author?",
    tip="Upload a photo from your phone and read what it tells.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(metadata.strip,),
    command="velvet run 10 basic orientation_and_privacy",
    next_step="Quality lab",
)
