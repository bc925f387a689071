"""Sketches: one stream at any point of its way, true and estimated, and what each answer weighs."""

from __future__ import annotations

import random
import sys
from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import STROKES, TEXT, pair, plotly_layout
from velvet_algorithms.quantiles import TDigest
from velvet_algorithms.samples.words import make_words, zipf_stream
from velvet_algorithms.sketches import CountMin, HyperLogLog, SpaceSaving

LENGTH, EVERY, VOCABULARY = 20_000, 1000, 12_000
QUANTILES = (0.5, 0.9, 0.99, 0.999)
EXACT = ("set of all words", "Counter", "list of all sizes")


class Checkpoint(NamedTuple):
    """Where the stream stands.

    Attributes:
        distinct, estimate, error: different words in truth, by HyperLogLog, and its relative
            standard error.
        top: (word, true, least and most by Space-Saving, most by Count-Min).
        quantiles: (q, true, by t-digest) of the sizes.
        bytes_used: by structure, the exact ones first.
    """

    seen: int
    distinct: int
    estimate: float
    error: float
    top: list[tuple[str, int, int, int, int]]
    quantiles: list[tuple[float, float, float]]
    rank_error: float
    bytes_used: dict[str, int]


@cache
def checkpoints(p: int, k: int, skew: float) -> list[Checkpoint]:
    """Send a stream of words (Zipf) with sizes (lognormal) through four sketches."""
    distinct, counts, digest = HyperLogLog(p), CountMin(0.002, 0.01), TDigest()
    heavy: SpaceSaving[str] = SpaceSaving(k)
    words: Counter[str] = Counter()
    sizes: list[float] = []
    draw_size = random.Random(1)
    found = []
    for word in zipf_stream(make_words(VOCABULARY), LENGTH, exponent=skew, seed=1):
        size = draw_size.lognormvariate(0, 1)
        distinct.add(word)
        heavy.add(word)
        counts.add(word)
        digest.add(size)
        words[word] += 1
        sizes.append(size)
        if len(sizes) % EVERY:
            continue
        top = [
            (word, true, *heavy.bounds(word), counts.estimate(word))
            for word, true in words.most_common(8)
        ]
        ordered = np.sort(sizes)
        told = [(q, float(np.quantile(ordered, q)), digest.quantile(q)) for q in QUANTILES]
        ranks = np.searchsorted(ordered, [value for _, _, value in told]) / len(ordered)
        letters = sum(map(sys.getsizeof, words))
        weights = {
            "set of all words": sys.getsizeof(set(words)) + letters,
            "Counter": sys.getsizeof(words) + letters,
            "list of all sizes": sys.getsizeof(sizes) + 24 * len(sizes),
            "HyperLogLog": distinct.bytes_used,
            "Space-Saving": heavy.bytes_used,
            "Count-Min": counts.bytes_used,
            "t-digest": digest.bytes_used,
        }
        worst = float(np.abs(ranks - np.array(QUANTILES)).max())
        found.append(
            Checkpoint(
                *(len(sizes), len(words), distinct.count(), distinct.error_bound()),
                *(top, told, worst, weights),
            )
        )
    return found


def controls() -> dict[str, Any]:
    """Ask how far the stream is, and how much memory the sketches have."""
    seen = kit.slider("Items of the stream seen", EVERY, LENGTH, LENGTH, step=EVERY)
    registers = {f"{2**p:,}": p for p in (4, 6, 8, 10, 12, 14)}
    tip = "More registers, one byte each, make the estimate of different words better"
    p = registers[kit.choice("Registers of HyperLogLog", list(registers), "1,024", tip=tip)]
    k = int(kit.choice("Counters of Space-Saving", ["10", "25", "50", "100", "200"], "50"))
    skew = kit.slider("Skew of the words", 0.6, 1.4, 1.0, step=0.1, tip="Zipf's exponent")
    return {"seen": int(seen), "p": p, "k": k, "skew": float(skew)}


def distinct_figure(points: list[Checkpoint], now: Checkpoint) -> go.Figure:
    """Draw the number of different words, its estimate, and three standard errors."""
    drawn = go.Figure()
    xs = [one.seen for one in points]
    for sign, fill in ((1, None), (-1, "tonexty")):
        drawn.add_scatter(
            x=xs,
            y=[one.distinct * (1 + 3 * sign * one.error) for one in points],
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor="rgba(179,155,237,0.25)",
            name="three standard errors",
            showlegend=sign < 0,
            hoverinfo="skip",
        )
    true = [one.distinct for one in points]
    drawn.add_scatter(x=xs, y=true, mode="lines", name="true", line={"color": STROKES[0]})
    fill, stroke = pair(1)
    drawn.add_scatter(
        x=xs,
        y=[one.estimate for one in points],
        mode="markers",
        name="HyperLogLog",
        marker={"size": 8, "color": fill, "line": {"color": stroke, "width": 1.5}},
    )
    drawn.add_vline(x=now.seen, line={"color": TEXT, "dash": "dot"})
    plotly_layout(drawn, title="Different words, true and estimated", height=330)
    drawn.update_xaxes(title="items seen")
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def heavy_figure(now: Checkpoint) -> go.Figure:
    """Draw the most frequent words: the truth as bars, the bounds of Space-Saving as whiskers."""
    words, true, low, high, most = (list(column) for column in zip(*now.top, strict=True))
    fill, stroke = pair(2)
    drawn = go.Figure()
    drawn.add_bar(
        x=words,
        y=true,
        name="true",
        marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
    )
    drawn.add_scatter(
        x=words,
        y=high,
        mode="markers",
        name="Space-Saving, most to least",
        marker={"symbol": "line-ew-open", "size": 16, "color": STROKES[0], "line": {"width": 2.4}},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [0] * len(words),
            "arrayminus": [b - a for a, b in zip(low, high, strict=True)],
            "color": STROKES[0],
        },
    )
    fill, stroke = pair(1)
    marker = {
        "symbol": "diamond",
        "size": 9,
        "color": fill,
        "line": {"color": stroke, "width": 1.5},
    }
    drawn.add_scatter(x=words, y=most, mode="markers", name="Count-Min, at most", marker=marker)
    plotly_layout(drawn, title="The most frequent words", height=330)
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def memory_figure(now: Checkpoint) -> go.Figure:
    """Draw the bytes of the exact answers and of the sketches on a logarithmic axis."""
    drawn = go.Figure()
    for label, exact, index, shape in (("exact", True, 2, "/"), ("sketch", False, 0, "")):
        fill, stroke = pair(index)
        chosen = {name: size for name, size in now.bytes_used.items() if (name in EXACT) is exact}
        drawn.add_bar(
            x=list(chosen.values()),
            y=list(chosen),
            orientation="h",
            name=label,
            text=[f"{value / 1000:,.1f} kB" for value in chosen.values()],
            textposition="outside",
            cliponaxis=False,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1.5},
                "pattern": {"shape": shape, "fgcolor": stroke, "size": 6, "solidity": 0.15},
            },
        )
    plotly_layout(drawn, title=f"Bytes after {now.seen:,} items", height=330)
    drawn.update_xaxes(type="log", range=[1, 6.8], dtick=1)
    drawn.update_yaxes(categoryorder="array", categoryarray=list(now.bytes_used)[::-1])
    return drawn


def _now(seen: kit.Seen) -> tuple[list[Checkpoint], Checkpoint]:
    wanted = seen.options
    points = checkpoints(wanted["p"], wanted["k"], wanted["skew"])
    return points, points[wanted["seen"] // EVERY - 1]


def draw(seen: kit.Seen) -> None:
    """Draw what is true beside what is estimated, then the memory."""
    points, now = _now(seen)
    seen.chart(distinct_figure(points, now), key="distinct")
    seen.chart(heavy_figure(now), key="heavy")
    seen.chart(memory_figure(now), key="memory")
    seen.table(
        [
            {"Quantile of the sizes": f"{q:g}", "true": f"{true:.3f}", "t-digest": f"{told:.3f}"}
            for q, true, told in now.quantiles
        ]
    )


def finding(seen: kit.Seen) -> str:
    """Say how far the estimate is off, in standard errors, and what it weighs."""
    _, now = _now(seen)
    off = now.estimate / now.distinct - 1
    weights = now.bytes_used
    return (
        f"HyperLogLog is off by {off:+.2%} ({abs(off) / now.error:.1f} standard errors) in "
        f"{weights['HyperLogLog']:,} bytes; the exact set weighs {weights['set of all words']:,}. "
        f"The t-digest's worst rank is off by {now.rank_error:.2%}."
    )


TAB = kit.Tab(
    "Sketches",
    question="How wrong is an answer that fits into a few kilobytes?",
    tip="Give HyperLogLog 16 registers, then 16,384: the band narrows as memory grows.",
    draw=draw,
    controls=controls,
    finding=finding,
    code=(HyperLogLog.count,),
    command="velvet bench 22 --filter sketches",
    next_step="Attack",
)
