"""One palette for Streamlit and Plotly: pastel fills, strokes that carry meaning.

A pastel alone is invisible to many and weak on white for all, so a fill never stands
without its stroke, a pattern or a label. The six fills and strokes were found by a search
that keeps them apart in CIEDE2000 under normal vision, protanopia, deuteranopia and
tritanopia; a test audits that, and the contrast of every text colour.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

MISTY_ROSE = "#FFE4E1"
LAVENDER = "#E6E6FA"
LAVENDER_SOFT = "#EDE5FF"
LAVENDER_BLUSH = "#FFF0F5"
PAPAYA = "#FFEFD5"
WHITE = "#FFFFFF"
TEXT = "#4A4A4A"
TEXT_SOFT = "#706B70"
# Too light for text on a tinted ground (audited): borders and large marks only.
LINE = "#8B7D8B"

FILLS = ("#b39bed", "#ea9294", "#edca84", "#a7facd", "#9ac2d1", "#f4ebf3")
STROKES = ("#3e1586", "#c52666", "#745502", "#084838", "#081625", "#a725ce")
# Heatmaps: from the best (pale) to the worst; lightness falls steadily, so grey prints work.
SCALE = ("#FFF8F0", "#FBD9C9", "#E9A7B4", "#BE6FA6", "#7E3F93", "#3B1A66")
VERDICTS = {"HOLDS": "#084838", "FAILS": "#c52666", "INCONCLUSIVE": "#745502"}
VERDICT_MARKS = {"HOLDS": "●", "FAILS": "✕", "INCONCLUSIVE": "◐"}
# What a lane was doing: each has a colour and a pattern of its own.
KIND_COLOURS = {
    "run": ("#b39bed", "#3e1586", ""),
    "wait": (LAVENDER_SOFT, LINE, ""),
    "queue": ("#edca84", "#745502", "/"),
    "block": ("#ea9294", "#c52666", "x"),
    "gc": ("#9ac2d1", "#081625", "."),
}
# The dark theme: grounds, texts and lines have a dark counterpart, fill and stroke change places.
_DARK = {
    WHITE: "#1a1521",
    LAVENDER_BLUSH: "#211a2a",
    LAVENDER: "#40364f",
    LAVENDER_SOFT: "#262030",
    PAPAYA: "#3a2f1e",
    MISTY_ROSE: "#46303c",
    TEXT: "#eee9f4",
    TEXT_SOFT: "#bdb4c6",
    LINE: "#a394ad",
    "#F6F2FF": "#2a2335",
    "#F3EEF3": "#2a2432",
    **dict(zip(FILLS, STROKES, strict=True)),
    **dict(zip(STROKES, FILLS, strict=True)),
}
_DARK_BY_LOWER = {light.lower(): dark for light, dark in _DARK.items()}
_COLOUR = re.compile("|".join(_DARK_BY_LOWER), re.IGNORECASE)
FONT = "Source Sans, Source Sans Pro, Segoe UI, DejaVu Sans, sans-serif"


def pair(number: int) -> tuple[str, str]:
    """Return fill and stroke of the n-th series; after six they repeat (use a pattern then)."""
    return FILLS[number % len(FILLS)], STROKES[number % len(STROKES)]


def darkened(text: str) -> str:
    """Return JSON with each colour of the palette replaced by its dark counterpart."""
    return _COLOUR.sub(lambda found: _DARK_BY_LOWER[found.group().lower()], text)


def adaptive(text: str) -> str:
    """Return HTML or CSS whose colours follow the theme of the page, without a redraw."""
    return _COLOUR.sub(
        lambda found: f"light-dark({found.group()}, {darkened(found.group())})", text
    )


def streamlit_options() -> dict[str, str]:
    """Return the options of every dashboard: both themes, and a server for this machine only.

    Large messages are never sent by reference: with fast redraws the browser may have dropped
    what a reference names, and the page breaks ("Cached ForwardMsg MISS").
    """
    light = {
        "primaryColor": STROKES[0],
        "backgroundColor": WHITE,
        "secondaryBackgroundColor": "#F6F2FF",
        "textColor": TEXT,
    }
    return {
        **{f"theme.light.{name}": colour for name, colour in light.items()},
        **{f"theme.dark.{name}": darkened(colour) for name, colour in light.items()},
        "browser.gatherUsageStats": "false",
        "global.minCachedMessageSize": "1e15",
        "server.address": "127.0.0.1",
    }


def config_toml() -> str:
    """Return a module's `.streamlit/config.toml`, for `streamlit run app.py` in its folder."""
    tables: dict[str, list[str]] = {}
    for name, value in streamlit_options().items():
        table, _, key = name.rpartition(".")
        written = value if re.fullmatch(r"true|false|[\de]+", value) else f'"{value}"'
        tables.setdefault(table, []).append(f"{key} = {written}")
    parts = ["\n".join((f"[{table}]", *lines)) + "\n" for table, lines in tables.items()]
    head = "# Written by velvet.ui.palette.config_toml; a test compares the two.\n"
    return head + "\n".join(parts)


@cache
def _template() -> go.layout.Template:
    """Return what all figures share; one object, since setting it anew costs ten times as much."""
    import plotly.graph_objects as go

    axis = {
        "gridcolor": LAVENDER,
        "linecolor": LINE,
        "zerolinecolor": LAVENDER,
        "automargin": True,
        "ticks": "outside",
        "tickcolor": LINE,
        "title": {"font": {"size": 13}},
    }
    below = {"xref": "container", "yref": "container", "y": 0, "yanchor": "bottom"}
    layout = {
        "font": {"family": FONT, "size": 13, "color": TEXT},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": WHITE,
        "colorway": list(STROKES),
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", **below},
        "margin": {"l": 12, "r": 12},
        "hoverlabel": {"bgcolor": WHITE, "font": {"color": TEXT, "family": FONT}},
        "xaxis": axis,
        "yaxis": axis,
    }
    return go.layout.Template(layout=layout)


def plotly_layout(figure: go.Figure, *, title: str = "", height: int = 360) -> go.Figure:
    """Give a Plotly figure the project's look and return it."""
    layout = figure.layout
    layout.template = _template()
    layout.title = {"text": title}
    layout.height = height
    return figure


def css() -> str:
    """Return the style sheet of every dashboard; it reaches for nothing outside the page."""
    return f"""
<style>
  .stApp {{ background: linear-gradient(180deg, {LAVENDER_BLUSH} 0, {WHITE} 340px); color: {TEXT}; }}
  .block-container {{ padding-top: 3.4rem; max-width: 1360px; }}
  [data-testid="stHeader"] {{ background: transparent; }}
  [data-testid="stAppDeployButton"] {{ display: none; }}
  h1, h2, h3, h4 {{ color: {TEXT}; letter-spacing: -0.01em; }}
  [data-testid="stSidebar"] {{ background: {LAVENDER_SOFT}; border-right: 1px solid {LAVENDER}; }}
  [data-testid="stButtonGroup"] [role="radiogroup"] {{ flex-wrap: wrap; }}
  .stButton button {{ border-radius: 12px; border: 1px solid {LINE}; }}
  .stButton button[kind="primary"] {{ background: {STROKES[0]}; color: {WHITE}; border: none; }}
  .stButton button[kind="primary"]:disabled {{ background: {LAVENDER}; color: {TEXT_SOFT}; }}
  .velvet-soft, [data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] * {{
      color: {TEXT_SOFT}; font-size: 0.88rem; opacity: 1; }}
  .js-plotly-plot :is(.xtick, .ytick) text, .js-plotly-plot :is(.legendtext, .xtitle, .ytitle) {{
      fill: {TEXT} !important; }}
  [data-testid="stAlert"] p, [data-testid="stTable"] th *, [data-testid="stSidebarNavLink"] *, [data-testid="stPageLink"] * {{ color: {TEXT}; }}
  .velvet-title {{ font-weight: 600; margin-bottom: -0.6rem; }}
  .velvet-hero img {{ width: 100%; max-height: 460px; object-fit: cover; object-position: top;
      border: 1px solid {LINE}; border-radius: 16px; }}
  .velvet-claim {{ border-left: 6px solid {LINE}; background: {WHITE}; border-radius: 8px;
      padding: 0.45rem 0.8rem; margin: 0.35rem 0; }}
  [data-testid="stProgressBarTrack"] > div {{ background: {STROKES[0]}; }}
  @media (max-width: 1100px) {{
    h1 {{ font-size: 2rem !important; }}
    .block-container {{ padding-left: 1.6rem; padding-right: 1.6rem; }}
    [data-testid="stHorizontalBlock"]:has(.stPlotlyChart) {{ flex-wrap: wrap; }}
    [data-testid="stHorizontalBlock"]:has(.stPlotlyChart) > [data-testid="stColumn"] {{
        min-width: min(100%, 430px); flex: 1 1 430px; }}
  }}
</style>
"""
