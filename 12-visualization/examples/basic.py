"""Basic examples: one chart in four libraries, one theme, and what works without a browser."""

from __future__ import annotations

import tempfile
import time
from itertools import combinations
from pathlib import Path

from velvet.examples import example, main
from velvet_visualization.contenders import NAMES, load
from velvet_visualization.contrast import VISIONS, audit, audit_theme, contrast
from velvet_visualization.export import capability_matrix, export
from velvet_visualization.facts import diff_facts
from velvet_visualization.samples import cloud
from velvet_visualization.samples import example as chart
from velvet_visualization.samples.palettes import STOCK
from velvet_visualization.scene import prepare
from velvet_visualization.theme import DARK, LIGHT


@example("one_spec_four_charts")
def one_spec_four_charts() -> None:
    """One specification drawn by four libraries, and the proof that all show the same."""
    scene = prepare(chart("bar"))
    facts = {name: load(name).facts(load(name).build(scene)) for name in NAMES}

    for name, shown in facts.items():
        series = ", ".join(f"{one.name} {one.marks} bars" for one in shown.series)
        print(f"{load(name).LABEL:12} {shown.kind}: {series}; y {shown.y_domain[1]:.1f}")

    pairs = list(combinations(NAMES, 2))
    same = sum(not diff_facts(facts[a], facts[b]) for a, b in pairs)
    print(f"\n{same} of {len(pairs)} pairs show the same chart")
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            path = Path(folder) / f"{name}.html"
            export(scene, name, "html", path)
            print(f"{name + '.html':18}{path.stat().st_size / 1e3:10,.0f} kB")
    print("why: domains, bins and gaps are decided once in the scene; each library only")
    print("     translates, and its own objects are read back to prove it.")


@example("velvet_theme")
def velvet_theme() -> None:
    """The project's palette beside six well-known ones, judged by numbers."""
    print(f"{'palette':18}{'contrast':>9}" + "".join(f"{vision:>8}" for vision in VISIONS))
    reports = {"velvet": audit_theme(LIGHT), "velvet, dark": audit_theme(DARK)}
    reports |= {name: audit(colors) for name, colors in STOCK.items()}
    for name, report in reports.items():
        apart = "".join(f"{report.differences[vision]:8.1f}" for vision in VISIONS)
        print(f"{name:18}{report.graphics:9.2f}{apart}  {'passes' if report.ok else 'fails'}")
    print("\nthe same series without any colour, and their contrast with white:")
    for style in LIGHT.styles(len(LIGHT.strokes)):
        fill, stroke = (contrast(one, "#ffffff") for one in (style.fill, style.stroke))
        print(f"{style.marker:10}{style.dash:10} fill {fill:5.2f}   stroke {stroke:5.2f}")
    print("\nwhy: a pastel has a contrast of 1 to 2 with white, where WCAG asks for 3.")
    print("     So a pastel fills, and a dark stroke of its hue carries the meaning.")


@example("export_matrix")
def export_matrix() -> None:
    """Which file each library can write here, by which engine, and how long one takes."""
    scene = prepare(cloud(200))
    for row in capability_matrix():
        if row.browser:
            state = "in a browser" if row.available else "no browser: apt install chromium"
        else:
            begun = time.perf_counter()
            size = len(export(scene, row.library, row.fmt))
            state = f"{(time.perf_counter() - begun) * 1000:6.0f} ms {size / 1e3:8,.0f} kB"
        same = "same bytes" if row.deterministic else "bytes vary"
        print(f"{row.library:12}{row.fmt:6}{row.engine[:22]:24}{same:12}{state}")
    print("\nwhy: Matplotlib and Altair draw in this process; Plotly and Bokeh draw in")
    print("     JavaScript, so every file but the page needs a browser.")


if __name__ == "__main__":
    main()
