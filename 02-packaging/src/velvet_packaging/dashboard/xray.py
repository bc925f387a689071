"""The tab that shows every byte of a wheel, and which checks notice when one of them changes."""

from __future__ import annotations

import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_packaging.findings import Report
from velvet_packaging.samples import hostile
from velvet_packaging.wheel import verify
from velvet_packaging.zipaudit import Region, Scan, inflated, scan, tiling

KINDS = {
    "local": ("local header", 0),
    "data": ("data", 3),
    "central": ("central directory", 2),
    "zip64": ("zip64 records", 4),
    "end": ("end record", 1),
}
SAMPLES = ("clean", *hostile.MAKERS)
MAX_UPLOAD = 50 << 20
SHOWN = 12  # rows of the table of entries


def sample(name: str) -> bytes:
    """Return the bytes of a sample."""
    return hostile.clean() if name == "clean" else hostile.MAKERS[name]()


def controls() -> dict[str, Any]:
    """Ask for the wheel and for the byte."""
    dropped = st.file_uploader("A wheel of yours", type=["whl"], key="x-ray-own")
    if dropped is not None and dropped.size <= MAX_UPLOAD:
        st.session_state["x-ray-bytes"] = (dropped.name, dropped.getvalue())
        raw, name = dropped.getvalue(), dropped.name
    else:
        if dropped is not None:
            kit.note(f"{dropped.name} is larger than {MAX_UPLOAD >> 20} MiB: a sample is shown.")
        st.session_state.pop("x-ray-bytes", None)
        name = kit.choice("or one of ours", SAMPLES, "clean", key="sample")
        raw = sample(name)
    flip = kit.toggle("Flip one byte", True, key="flip")
    middle = next((one for one in scan(raw).regions if one.kind == "data"), Region(0, 2, "", ""))
    default = min((middle.start + middle.end) // 2, len(raw) - 1)
    at = kit.slider("at offset", 0, max(len(raw) - 1, 1), default, step=1, key=f"at-{len(raw)}")
    return {"sample": name, "flip": flip, "at": int(at)}


def bytes_of(options: Any) -> tuple[str, bytes]:
    """Return name and bytes of what the controls ask for, with the byte flipped."""
    name, raw = hostile.FILENAME, b""
    if options["sample"] in SAMPLES:
        raw = sample(options["sample"])
    else:
        name, raw = st.session_state.get("x-ray-bytes", (name, hostile.clean()))
    at = min(options["at"], len(raw) - 1)
    if options["flip"]:
        raw = raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :]
    return name, raw


def figure_of(seen: Scan, mark: int | None) -> go.Figure:
    """Return the file to scale: a bar from the first byte to the last, a colour a kind."""
    figure = go.Figure()
    named = set()
    for region in seen.regions:
        label, colour = KINDS[region.kind]
        figure.add_bar(
            x=[region.end - region.start],
            base=[region.start],
            y=["bytes"],
            orientation="h",
            name=label,
            legendgroup=label,
            showlegend=label not in named,
            marker={"color": FILLS[colour], "line": {"color": STROKES[colour], "width": 1}},
            hovertemplate=f"{label} {region.name}<br>{region.start:,} to {region.end:,}<extra></extra>",
        )
        named.add(label)
    if mark is not None:
        figure.add_vline(x=mark, line={"color": STROKES[1], "width": 3})
        figure.add_annotation(x=mark, y=0.5, yref="y", text="flipped", showarrow=False, yshift=62)
    plotly_layout(figure, title="Every byte of the archive", height=260)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(title="offset in bytes", range=[0, seen.size])
    figure.update_yaxes(visible=False)
    return figure


def _crc(raw: bytes) -> str:
    """Ask zipfile, which installers use, to read everything."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, ValueError) as error:
        return f"refuses: {error}"
    return f"refuses {bad}" if bad else ""


def checks(name: str, raw: bytes) -> tuple[Report, list[dict[str, str]]]:
    """Return our report, and for each check what it says."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name.replace("\\", "/")).name  # a browser may send a path
        path.write_bytes(raw)
        report = verify(path)
    rows = [
        {"check": "Python's zipfile, as pip and installer use it", "says": _crc(raw)},
        {"check": "the archive has one reading (ZIP)", "says": _of(report, "ZIP")},
        {"check": "RECORD covers every byte (REC)", "says": _of(report, "REC")},
        {"check": "names, folder and metadata agree (MET)", "says": _of(report, "MET")},
        {"check": "paths stay inside (NAM)", "says": _of(report, "NAM")},
        {"check": "nothing runs or shadows (HYG)", "says": _of(report, "HYG")},
    ]
    return report, [
        {**row, "says": row["says"][:140].replace("__", r"\_\_") or "nothing"} for row in rows
    ]


def _of(report: Report, kind: str) -> str:
    return "; ".join(str(one) for one in report.findings if one.code.startswith(kind))


def where(seen: Scan, at: int) -> Region | None:
    """Return the region that a byte lies in."""
    return next((one for one in seen.regions if one.start <= at < one.end), None)


def tree(seen: Scan) -> Iterator[dict[str, str]]:
    """Yield the entries with their sizes."""
    for entry in seen.entries[:SHOWN]:
        yield {
            "entry": f"`{entry.name}`",
            "bytes": f"{entry.size:,}",
            "packed": f"{entry.compressed:,}",
        }
    if rest := seen.entries[SHOWN:]:
        size, packed = sum(one.size for one in rest), sum(one.compressed for one in rest)
        yield {"entry": f"{len(rest):,} more", "bytes": f"{size:,}", "packed": f"{packed:,}"}


def draw(seen: kit.Seen) -> None:
    """Draw the bytes, what each check says, and the entries."""
    name, raw = bytes_of(seen.wanted)
    scanned = scan(raw)
    seen.chart(figure_of(scanned, seen.wanted["at"] if seen.wanted["flip"] else None), key="bytes")
    seen.table(checks(name, raw)[1])
    seen.table(list(tree(scanned)))


def finding(seen: kit.Seen) -> str:
    """Say where the byte lies and how many checks noticed."""
    options = seen.wanted
    name, raw = bytes_of(options)
    rows = checks(name, raw)[1]
    noticed = [row["check"].partition(" (")[0] for row in rows if row["says"] != "nothing"]
    told = f"noticed by {len(noticed)} of {len(rows)} checks" if noticed else "noticed by no check"
    if not options["flip"]:
        return f"{options['sample']}: **{told}**."
    region = where(scan(bytes_of({**options, "flip": False})[1]), options["at"])
    place = KINDS[region.kind][0] if region else "no record"
    place += f" of `{region.name}`" if region and region.name else ""
    return f"Byte {options['at']:,} lies in the {place}; the change is **{told}**."


TAB = kit.Tab(
    "Wheel X-ray",
    question="What is every byte of a wheel for, and which checks notice when one changes?",
    tip="Move the byte through headers, data and directory; then choose a hostile wheel, unflipped.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(tiling, inflated),
    command="velvet run 02 twenty_bad_wheels",
    next_step="Backend bench",
)
