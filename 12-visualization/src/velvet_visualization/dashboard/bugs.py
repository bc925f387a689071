"""The tab that breaks a chart in seven ways and shows what notices."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from typing import Any

from velvet.ui import kit
from velvet.ui.chart import html
from velvet.ui.palette import TEXT_SOFT
from velvet_visualization import chart_test
from velvet_visualization.contenders import load
from velvet_visualization.samples import cloud
from velvet_visualization.scene import prepare

NOTHING = "nothing is wrong"


def controls() -> dict[str, Any]:
    """Ask for the bug."""
    return {"bug": kit.choice("Bug", [NOTHING, *chart_test.BUGS], "two colours are swapped")}


@lru_cache(maxsize=16)
def broken(bug: str) -> tuple[bytes, list[str]]:
    """Return a broken chart's picture and what the chart test says."""
    scene, library = prepare(cloud(300)), load("matplotlib")
    figure = library.build(chart_test.BUGS[bug](scene) if bug in chart_test.BUGS else scene)
    said = chart_test.problems("matplotlib", scene, figure)
    return library.export(figure, "png"), said


def changed(bug: str) -> float:
    """Return the share of pixels that differ from the right chart."""
    return chart_test.compare(broken(NOTHING)[0], broken(bug)[0]).changed


def draw(seen: kit.Seen) -> None:
    """Draw the right chart beside the broken one, and every bug as a row."""
    bug = seen.options["bug"]
    pictures = "".join(
        f"<figure style='margin:0;flex:1 1 300px;min-width:0'><img style='width:100%;"
        f"border-radius:12px' alt='{words}' src='data:image/png;base64,"
        f"{b64encode(broken(which)[0]).decode()}'>"
        f"<figcaption style='color:{TEXT_SOFT}'>{words}</figcaption></figure>"
        for which, words in ((NOTHING, "as it should be"), (bug, bug))
    )
    html(
        f"<div class='velvet-figure' style='display:flex;flex-wrap:wrap;gap:1rem'>{pictures}</div>"
    )
    seen.table(
        [
            {
                "bug": name,
                "pixels changed": f"{changed(name):.2%}",
                "a picture test at 1 %": "finds it" if changed(name) > 0.01 else "passes",
                "the facts say": broken(name)[1][0][:60] if broken(name)[1] else "nothing",
            }
            for name in chart_test.BUGS
        ]
    )


def finding(seen: kit.Seen) -> str:
    """Say what the facts say of the chosen bug."""
    bug = seen.options["bug"]
    said = broken(bug)[1]
    missed = [name for name in chart_test.BUGS if changed(name) <= 0.01]
    if not said:
        return "The chart is right and the test is silent."
    return (
        f"The facts say **{said[0]}**; the picture changed by {changed(bug):.2%}. A picture test "
        f"that allows 1 % misses {len(missed)} of {len(chart_test.BUGS)} bugs."
    )


TAB = kit.Tab(
    "Seven bugs",
    question="Would your test notice?",
    tip="Look at both pictures for ten seconds before you read the table.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(chart_test.problems,),
    command="velvet run 12 seven_bugs",
    next_step="Live Benchmarks",
)
