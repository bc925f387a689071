"""The lease by hand: a clock that is moved by a slider, two workers, one message."""

from __future__ import annotations

import tempfile
from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_queues.envelope import Envelope
from velvet_queues.errors import LeaseLost
from velvet_queues.leasequeue import LeaseQueue

STEP_S = 1.0
TRIES = 5


class Clock:
    """Seconds that are moved by the story."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def controls() -> dict[str, Any]:
    """Ask for the lease's length, the task's, and for heartbeats."""
    return {
        "visibility": kit.slider("Lease, seconds", 5, 60, 20, step=5),
        "takes": kit.slider("The task takes, seconds", 5, 60, 30, step=5),
        "heartbeat": kit.toggle("The worker sends heartbeats", False),
    }


def story(visibility: int = 20, takes: int = 30, heartbeat: bool = False) -> list[dict[str, Any]]:
    """Let workers take one message in turn on a real queue, and return how each attempt ended."""
    clock, told = Clock(), []
    with (
        tempfile.TemporaryDirectory() as folder,
        LeaseQueue(f"sqlite:///{folder}/q.db", clock=clock) as queue,
    ):
        queue.put(Envelope("slow", max_attempts=TRIES, enqueued_at=0.0))
        held: list[dict[str, Any]] = []
        while clock.now < 400 and (queue.stats().depth or held):
            for one in list(held):
                if heartbeat and clock.now < one["begun"] + takes and clock.now % 5 == 0:
                    one["leased"] = queue.heartbeat(one["leased"], visibility)
                if clock.now >= one["begun"] + takes:
                    held.remove(one)
                    try:
                        queue.ack(one["leased"])
                        end = "acknowledged"
                    except LeaseLost:
                        end = "refused: lease lost"
                    told.append(
                        {
                            "worker": one["worker"],
                            "begun": one["begun"],
                            "ended": clock.now,
                            "end": end,
                        }
                    )
            for leased in queue.lease("w", visibility_s=visibility):
                worker = f"worker {len(told) + len(held) + 1}"
                held.append({"worker": worker, "begun": clock.now, "leased": leased})
            clock.now += STEP_S
        told += [
            {
                "worker": "dead letters",
                "begun": one.died_at,
                "ended": one.died_at + 2,
                "end": one.reason,
            }
            for one in queue.dead()
        ]
    return sorted(told, key=lambda one: one["begun"])


def figure_of(told: list[dict[str, Any]], visibility: int) -> go.Figure:
    """Return a bar for each worker's attempt, coloured by how it ended."""
    figure = go.Figure()
    kinds = {"acknowledged": 3, "refused: lease lost": 1}
    for end in dict.fromkeys(one["end"] for one in told):
        mine = [one for one in told if one["end"] == end]
        colour = kinds.get(end, 2)
        figure.add_bar(
            y=[one["worker"] for one in mine],
            x=[one["ended"] - one["begun"] for one in mine],
            base=[one["begun"] for one in mine],
            orientation="h",
            name=end,
            marker={"color": FILLS[colour], "line": {"color": STROKES[colour], "width": 1.5}},
        )
    plotly_layout(
        figure, title="One message, until it is done or dead", height=200 + 44 * len(told)
    )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(title=f"seconds; a lease lasts {visibility}")
    order = [one["worker"] for one in told][::-1]
    figure.update_yaxes(categoryorder="array", categoryarray=order)
    return figure


def draw(seen: kit.Seen) -> None:
    """Run the story with the settings and draw it."""
    told = story(**seen.options)
    seen.chart(figure_of(told, seen.options["visibility"]), key="story")


def finding(seen: kit.Seen) -> str:
    """Say how often the task ran, and where it ended."""
    told = story(**seen.options)
    runs = [one for one in told if one["worker"] != "dead letters"]
    if any(one["end"] == "acknowledged" for one in runs):
        times = "once" if len(runs) == 1 else f"**{len(runs)} times**"
        return f"The task ran {times}, and its message is gone."
    return (
        f"The task ran **{len(runs)} times**, no acknowledgement came in time, and the message is "
        "dead: a lease must be longer than the task, or be kept alive by heartbeats."
    )


TAB = kit.Tab(
    "Lease lab",
    question="What if the task takes longer than its lease?",
    tip="Make the lease longer than the task, or switch the heartbeats on.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(LeaseQueue.heartbeat,),
    command="velvet run 16 intermediate idempotent_charge",
    next_step="Load",
)
