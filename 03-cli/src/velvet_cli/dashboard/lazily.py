"""Lazy loading: what it saves for one command, and what it does not for the help."""

from __future__ import annotations

from typing import Any

from velvet.ui import kit
from velvet_cli.comparisons.startup import MODES
from velvet_cli.dashboard import tasks
from velvet_cli.dashboard.starts import bars
from velvet_cli.lazy import lazy_click

WORDS = {"c0": "one command", "--help": "--help"}
LABELS = dict(
    zip(MODES, ("all at the start", "when called", "when called, summaries known"), strict=True)
)


def controls() -> dict[str, Any]:
    """Ask for the program."""
    return {
        "commands": kit.slider("Commands", *tasks.COMMANDS, 5),
        "import_ms": kit.slider("Each imports, ms", *tasks.IMPORT_MS, 50, step=10),
    }


def draw(seen: kit.Seen) -> None:
    """Draw each way of loading, for a command and for the help."""
    found = seen.of("lazy")
    series = {
        label: {LABELS[one["mode"]]: one["cpu_ms"] for one in found if one["words"] == words}
        for words, label in WORDS.items()
    }
    if found:
        title = "{commands} commands that import {import_ms} ms each: CPU time".format_map(
            seen.options
        )
        seen.chart(bars(title, series, unit="ms"), key="lazily")


def finding(seen: kit.Seen) -> str:
    """Say what lazy loading does for a command, and for the help."""
    cost = {(one["mode"], one["words"]): max(one["cpu_ms"], 0.1) for one in seen.of("lazy")}
    if len(cost) < len(MODES) * len(WORDS):
        return ""
    eager, lazy, manifest = MODES
    command = cost[eager, "c0"] / cost[lazy, "c0"]
    help_, known = (cost[eager, "--help"] / cost[mode, "--help"] for mode in (lazy, manifest))
    return (
        f"Loaded when called, a command starts **{command:.1f} times as fast**, and `--help` "
        f"{help_:.1f} times: it asks every command for its summary. With the summaries known, it "
        f"is {known:.1f} times as fast."
    )


TAB = kit.Tab(
    "Lazy loading",
    question="What does it save to import a command when it is called?",
    tip="Raise the number of commands and press Measure: who pays for the others?",
    job=kit.Job(tasks.lazily, cap_s=120, recorded="lazily.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(lazy_click,),
    command="velvet bench 03 --filter lazy",
    next_step="Behaviour matrix",
)
