"""Hostile files: what each library does with them, and what a refusal costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, value
from velvet_media.errors import MediaError
from velvet_media.safety import inspect
from velvet_media.samples import hostile
from velvet_media.samples.raw import SYSTEMS, tried


def _file(name: str) -> dict[str, Any]:
    one = hostile.FILES[name]
    found: dict[str, Any] = {system: tried(system, one.data) for system in SYSTEMS}
    return found | {"about": one.about, "bytes": float(len(one.data))}


def _refused(system: str) -> dict[str, float]:
    found = [tried(system, one.data) for one in hostile.ALL]
    if "not installed" in found:
        from velvet.bench import Absent

        raise Absent(f"{system} is not installed: pip install -r requirements-peers.txt")
    silent = sum(word.startswith(("accepts", "opens")) for word in found)
    return {"silent": float(silent), "refused": float(len(found) - silent)}


def _cost(way: str) -> Callable[[], Outcome]:
    import PIL.Image  # noqa: F401 - its import is no part of the figure

    files = [one.data for one in hostile.ALL]

    def run() -> Outcome:
        refused = 0
        for data in files:
            if way == "inspect":
                try:
                    inspect(data)
                except MediaError:
                    refused += 1
            else:
                refused += not tried(way, data).startswith("accepts")
        return Outcome({"refused": float(refused)}, result=refused > 0)

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    count = len(hostile.ALL)
    files = suite.comparison(
        "hostile",
        title="Each hostile file: what each library does with it",
        kind="value",
        unit="label",
        metrics={
            **dict.fromkeys(SYSTEMS, Metric("label")),
            "about": Metric("label"),
            "bytes": Metric("bytes"),
        },
        tier="default",
    )
    for one in hostile.ALL:
        files.add(one.name, partial(lambda name: partial(_file, name), one.name))
    totals = suite.comparison(
        "hostile_total",
        title=f"{count} hostile files: taken without an error, and refused",
        kind="value",
        unit="files",
        metrics={"silent": Metric("files"), "refused": Metric("files", "higher")},
    )
    for system in SYSTEMS:
        totals.add(system, partial(lambda name: partial(_refused, name), system))
    suite.claim(
        "every hostile file is refused",
        value("hostile_total", "decode_safely", "refused").equals(count),
    )
    for system in ("pillow", "opencv"):
        suite.claim(
            f"{system} alone takes at least four of them",
            value("hostile_total", system, "silent") >= 4,
        )
    cost = suite.comparison(
        "refusal",
        title=f"Look at {count} hostile files: time and memory",
        kind="run",
        unit="s",
        floor=True,
        metrics={"refused": Metric("files", "higher")},
        rounds={"quick": 1, "default": 2},
    )
    cost.add("pillow", partial(_cost, "pillow"), baseline=True, note="opens and decodes")
    cost.add("inspect", partial(_cost, "inspect"), note="reads headers")
    cost.check(bool)
    suite.claim(
        "to look at all headers takes at most 10 MB, to decode them takes at least 100",
        (value("refusal", "inspect", "delta_mb") <= 10)
        & (value("refusal", "pillow", "delta_mb") >= 100),
    )
