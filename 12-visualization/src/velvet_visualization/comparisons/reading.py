"""Who can read the chart, and what notices when it is wrong: palettes, bugs, equal facts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Suite, value
from velvet_visualization import chart_test
from velvet_visualization.comparisons import NEEDS
from velvet_visualization.contenders import load
from velvet_visualization.contrast import VISIONS, PaletteReport, audit, audit_theme
from velvet_visualization.samples import cloud, example
from velvet_visualization.samples.palettes import STOCK
from velvet_visualization.scene import Scene, prepare
from velvet_visualization.spec import KINDS
from velvet_visualization.theme import DARK, LIGHT


def _judged(report: Callable[[], PaletteReport]) -> Any:
    def run() -> dict[str, Any]:
        found = report()
        apart = {str(vision): least for vision, least in found.differences.items()}
        return {"contrast": found.graphics, **apart, "problems": float(len(found.problems))}

    return run


def _same(name: str) -> Any:
    def run() -> dict[str, float]:
        wrong = [kind for kind in KINDS if chart_test.problems(name, prepare(example(kind)))]
        return {"kinds": float(len(KINDS) - len(wrong))}

    return run


def _png(scene: Scene, font: str | None = None) -> bytes:
    import matplotlib

    library = load("matplotlib")
    with matplotlib.rc_context({"font.family": font} if font else {}):
        return library.export(library.build(scene), "png")


def _bugs(threshold: float | None) -> Any:
    scene = prepare(cloud(300))

    def noticed(broken: Scene, font: str | None = None) -> bool:
        if threshold is not None:
            return chart_test.compare(_png(scene), _png(broken, font)).changed > threshold
        library = load("matplotlib")
        return bool(chart_test.problems("matplotlib", scene, library.build(broken)))

    def run() -> dict[str, float]:
        found = sum(noticed(bug(scene)) for bug in chart_test.BUGS.values())
        return {"found": float(found), "false_alarms": float(noticed(scene, "DejaVu Serif"))}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    palettes = suite.comparison(
        "palettes",
        title="Six colours that carry meaning: contrast, smallest CIEDE2000 by vision",
        kind="value",
        metrics={
            "contrast": Metric("to 1", "higher"),
            **{vision: Metric("dE", "higher") for vision in VISIONS},
            "problems": "problems",
        },
    )
    palettes.add("velvet_strokes", partial(_judged, partial(audit_theme, LIGHT)))
    palettes.add("velvet_dark", partial(_judged, partial(audit_theme, DARK)))
    for name, colors in STOCK.items():
        palettes.add(name, partial(_judged, partial(audit, colors)))
    same = suite.comparison(
        "same_chart",
        title=f"Kinds, of {len(KINDS)}, whose facts equal the data's, read from the library itself",
        kind="value",
        metrics={"kinds": Metric("kinds", "higher")},
    )
    for name, needs in NEEDS.items():
        same.add(name, partial(_same, name), needs=needs)
    bugs = suite.comparison(
        "bugs_found",
        title="Seven injected bugs found, and a false alarm when only the font changes",
        kind="value",
        metrics={"found": Metric("bugs", "higher"), "false_alarms": "alarms"},
    )
    bugs.add("facts", partial(_bugs, None), needs="matplotlib", baseline=True)
    bugs.add(
        "picture_strict", partial(_bugs, 0.0), needs="matplotlib", note="any pixel may not change"
    )
    bugs.add("picture_1_percent", partial(_bugs, 0.01), needs="matplotlib", note="1 % may change")

    suite.claim(
        "the project's palette passes in both themes, stock pastels fail contrast",
        value("palettes", "velvet_strokes", "problems").equals(0)
        & value("palettes", "velvet_dark", "problems").equals(0)
        & (value("palettes", "brewer_pastel1", "contrast") <= 2)
        & (value("palettes", "plotly_pastel", "contrast") <= 2.9),
    )
    suite.claim(
        "all four libraries draw all six kinds with the same facts",
        value("same_chart", "matplotlib", "kinds").equals(6)
        & value("same_chart", "plotly", "kinds").equals(6)
        & value("same_chart", "altair", "kinds").equals(6)
        & value("same_chart", "bokeh", "kinds").equals(6),
    )
    suite.claim(
        "the facts find all seven bugs and no false alarm; a tolerant picture test misses some",
        value("bugs_found", "facts", "found").equals(7)
        & value("bugs_found", "facts", "false_alarms").equals(0)
        & (value("bugs_found", "picture_1_percent", "found") <= 6),
    )
