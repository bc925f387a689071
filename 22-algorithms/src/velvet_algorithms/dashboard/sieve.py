"""SIEVE request by request: what the queue was, what the hand did, what the queue is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import nan
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import LINE, TEXT, WHITE, pair, plotly_layout
from velvet_algorithms.caches.fifo import SieveCache
from velvet_algorithms.caches.traces import zipf

REQUESTS, KEYS = 60, 14
STYLES = {"marked": 0, "not marked": 5, "evicted": 1}  # numbers of the palette's pairs
Queue = tuple[tuple[int, bool], ...]


@dataclass(frozen=True)
class SieveStep:
    """One request.

    Attributes:
        before, after: the queue from old to new as (key, marked).
        hand_before, hand_after: the hand's place in it.
        spared: keys that lost their mark to the passing hand.
        evicted: the key that had to go; None where there was room or a hit.
    """

    key: int
    hit: bool
    before: Queue
    hand_before: int
    after: Queue
    hand_after: int
    spared: tuple[int, ...]
    evicted: int | None

    @property
    def sentence(self) -> str:
        """What happened, in a few words."""
        if self.hit:
            marked = dict(self.before)[self.key]
            return f"{self.key} hits. " + (
                "It is marked already." if marked else "It gets a mark; nothing moves."
            )
        if self.evicted is None:
            return f"{self.key} misses; there is room, so it comes in at the new end."
        spared = ""
        if self.spared:
            keys = ", ".join(map(str, self.spared))
            spared = f"The hand passes {keys} and clears the mark. "
        return f"{self.key} misses. {spared}{self.evicted} has no mark and is evicted."


@cache
def story(size: int, seed: int) -> list[SieveStep]:
    """Return every request of a short Zipf trace as a step of a SIEVE of `size` entries."""
    return steps_of(zipf(REQUESTS, keys=KEYS, skew=0.8, seed=seed), size)


def steps_of(trace: Sequence[int], size: int) -> list[SieveStep]:
    """Return every request of a trace as a step of a SIEVE of `size` entries."""
    cached: SieveCache[int, bool] = SieveCache(size)
    steps = []
    for key in trace:
        before, hand = cached.queue()
        hit = cached.get(key) is not None
        if not hit:
            cached[key] = True
        after, hand_after = cached.queue()
        now = dict(after)
        evicted = next((old for old, _ in before if old not in now), None)
        spared = tuple(old for old, marked in before if marked and not now.get(old, True))
        steps.append(
            SieveStep(key, hit, tuple(before), hand, tuple(after), hand_after, spared, evicted)
        )
    return steps


def controls() -> dict[str, Any]:
    """Ask for the size, the seed and the request."""
    size = int(kit.slider("Entries in the cache", 3, 9, 6))
    seed = int(kit.number("Seed of the requests", 0, 999, 3, step=1))
    steps = story(size, seed)
    evictions = [at for at, step in enumerate(steps, 1) if step.evicted is not None]
    # The first eviction that spares a key is what is worth seeing first.
    telling = next((at for at, step in enumerate(steps, 1) if step.spared), evictions[0])
    key = f"request-{size}-{seed}"
    request = int(kit.slider("Request", 1, len(steps), telling, key=key))
    later = [at for at in evictions if at > request]

    def jump() -> None:
        st.session_state[f"{TAB.slug}-{key}"] = later[0]

    st.button("Next eviction", key="sieve-next-eviction", on_click=jump, disabled=not later)
    return {"size": size, "seed": seed, "request": request}


def _style(step: SieveStep, key: int, marked: bool, before: bool) -> str:
    if before and key == step.evicted:
        return "evicted"
    return "marked" if marked else "not marked"


def figure(step: SieveStep, size: int) -> go.Figure:
    """Draw the queue before and after one request, old on the left, with the hand below it."""
    drawn = go.Figure()
    rows = ((1.0, step.before, step.hand_before), (0.0, step.after, step.hand_after))
    for name, number in STYLES.items():
        fill, stroke = pair(number)
        boxes = [
            (place, y, key)
            for y, entries, _ in rows
            for place, (key, marked) in enumerate(entries)
            if _style(step, key, marked, y > 0.5) == name
        ]
        plain = name == "not marked"
        drawn.add_scatter(
            x=[float(x) for x, _, _ in boxes] or [nan],
            y=[y for _, y, _ in boxes] or [nan],
            text=[str(key) for _, _, key in boxes],
            mode="markers+text",
            name=name,
            textfont={"size": 14, "color": TEXT},
            marker={
                "symbol": "square",
                "size": 28,
                "color": WHITE if plain else fill,
                "line": {"color": LINE if plain else stroke, "width": 2.4},
            },
            hoverinfo="skip",
        )
    hands = [(place, y) for y, entries, place in rows if entries]
    drawn.add_scatter(
        x=[x for x, _ in hands],
        y=[y - 0.42 for _, y in hands],
        mode="markers",
        name="the hand",
        marker={"symbol": "triangle-up", "size": 14, "color": TEXT},
        hoverinfo="skip",
    )
    plotly_layout(drawn, title="The queue, old on the left", height=300)
    drawn.update_legends(itemsizing="constant")
    drawn.update_xaxes(visible=False, range=[-0.7, max(8, size) - 0.3])
    drawn.update_yaxes(
        range=[-0.7, 1.6], tickvals=[1, 0], ticktext=["before", "after"], showgrid=False
    )
    return drawn


def draw(seen: kit.Seen) -> None:
    """Draw one request."""
    step = story(seen.options["size"], seen.options["seed"])[seen.options["request"] - 1]
    seen.chart(figure(step, seen.options["size"]), key="queue")


def finding(seen: kit.Seen) -> str:
    """Say what the request did."""
    number = seen.options["request"]
    steps = story(seen.options["size"], seen.options["seed"])
    hits = sum(step.hit for step in steps[:number])
    return f"Request {number}: {steps[number - 1].sentence} Hits so far: {hits} of {number}."


TAB = kit.Tab(
    "SIEVE, step by step",
    question="How does SIEVE keep popular keys without moving anything on a hit?",
    tip="Press Next eviction: the hand walks from old to new and takes the first without a mark.",
    draw=draw,
    controls=controls,
    finding=finding,
    code=(SieveCache.__setitem__,),
    command="velvet run 22 intermediate cache_bakeoff",
    next_step="Sketches",
)
